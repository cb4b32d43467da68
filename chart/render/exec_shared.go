package render

import (
	"context"
	"sync"
	"text/template/parse"

	charttemplate "github.com/pintle-ci/pintle/chart/template"
	"github.com/pintle-ci/pintle/internal/jsonschema"
)

// Shared keeps what renders of one chart have in common, its parsed templates and compiled schemas, for those who
// render it often with other values. The zero value is empty; it may be used concurrently. It holds at most one parse
// of each template and grows no further.
type Shared struct {
	mu      sync.Mutex
	parsed  map[string]parsedText // by template
	schemas map[string]*jsonschema.Schema
}

// parsedText is a template after parsing. Nothing changes trees any more: they may be in several sets.
type parsedText struct {
	text     string
	trees    map[string]*parse.Tree
	mutating bool // it calls a function that mutates
}

// parse parses a text for a set, unless that was done before.
func (s *Shared) parse(set *templateSet, p *charttemplate.Parser, name, text string) (map[string]*parse.Tree, error) {
	if s == nil {
		return set.parse(p, name, text)
	}
	s.mu.Lock()
	known, ok := s.parsed[name]
	s.mu.Unlock()
	if ok && known.text == text {
		p.Calls = p.Calls || known.mutating
		return known.trees, nil
	}
	before := p.Calls
	p.Calls = false
	trees, err := set.parse(p, name, text)
	if err == nil {
		s.mu.Lock()
		if s.parsed == nil {
			s.parsed = map[string]parsedText{}
		}
		s.parsed[name] = parsedText{text, trees, p.Calls}
		s.mu.Unlock()
	}
	p.Calls = p.Calls || before
	return trees, err
}

// compile compiles a chart's schema, unless that was done before.
func (s *Shared) compile(ctx context.Context, text []byte, opts jsonschema.Options) (*jsonschema.Schema, error) {
	if s == nil {
		return jsonschema.Compile(ctx, text, opts)
	}
	s.mu.Lock()
	known := s.schemas[string(text)]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	compiled, err := jsonschema.Compile(ctx, text, opts)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.schemas == nil {
		s.schemas = map[string]*jsonschema.Schema{}
	}
	s.schemas[string(text)] = compiled
	return compiled, nil
}
