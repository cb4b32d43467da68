package render

import (
	"errors"
	"maps"
	"strings"
	"text/template"
	"text/template/parse"

	charttemplate "github.com/pintle-ci/pintle/chart/template"
)

// templateSet is a set of templates that see each other: the chart's, or those and the definitions of a tpl text.
type templateSet struct {
	engine    *engine
	templates *template.Template
	names     map[string]any // every function, for the parser
	texts     map[string]*tplText
	memo      *memo // nil if definitions may write something else each time
}

// tplText is a text that was given to tpl, parsed: the set that it is executed in and its template.
type tplText struct {
	main *template.Template
}

// newSet gives a set of templates its functions.
func (e *engine) newSet(t *template.Template) *templateSet {
	s := &templateSet{engine: e, templates: t, texts: map[string]*tplText{}}
	funcs := maps.Clone(e.funcs)
	funcs["include"] = s.include
	funcs["tpl"] = s.tpl
	s.names = funcs
	// Lookups of missing keys give nil; the text for it is removed later.
	t.Option("missingkey=zero").Funcs(funcs)
	return s
}

// parse parses a text and the definitions in it, without adding them.
func (s *templateSet) parse(p *charttemplate.Parser, name, text string) (map[string]*parse.Tree, error) {
	p.Funcs, p.Noted = s.names, mutates
	if len(text) > largeTemplate {
		if err := checkTemplate(text); err != nil {
			return nil, err
		}
	}
	trees, ok := p.Fast(name, text)
	var err error
	if !ok {
		p.Calls = true // nobody looked
		if err = checkTemplate(text); err == nil {
			trees, err = parse.Parse(name, text, "", "", s.names, charttemplate.Builtins)
		}
	}
	for _, tree := range trees {
		guard(tree, s.names)
	}
	return trees, err
}

// include executes a named template and returns what it wrote.
func (s *templateSet) include(name string, data any) (string, error) {
	e := s.engine
	if e.includes[name] > maxIncludes || e.depth >= maxDepth {
		return "", &includeError{name, errTooDeep}
	}
	if err := e.call(); err != nil {
		return "", err
	}
	t := s.templates.Lookup(name)
	if t == nil {
		return "", &includeError{name, errors.New("no template with this name")}
	}
	key, keep := s.key(name, data)
	if keep {
		if text, ok := s.memo.get(key); ok {
			return text, nil
		}
	}
	e.includes[name]++
	e.depth++
	text, err := e.execute(t, data)
	e.depth--
	e.includes[name]--
	if keep && err == nil {
		s.memo.put(key, text)
	}
	return text, nest(err)
}

// includeError is an include that could not begin.
type includeError struct {
	name string
	err  error
}

func (e *includeError) Error() string { return "include " + e.name + ": " + e.err.Error() }
func (e *includeError) Unwrap() error { return e.err }

// tpl executes a text as a template. Its own definitions are visible only in it.
func (s *templateSet) tpl(text string, data any) (string, error) {
	if !strings.Contains(text, "{{") {
		return dropNoValue(text), nil
	}
	e := s.engine
	if e.depth >= maxDepth {
		return "", errTooDeep
	}
	if err := e.call(); err != nil {
		return "", err
	}
	t, err := s.text(text)
	if err != nil {
		return "", &tplError{text, err}
	}
	e.depth++
	out, err := e.execute(t.main, data)
	e.depth--
	if err != nil {
		return "", &textError{text, nest(err)}
	}
	return dropNoValue(out), nil
}

// text parses a tpl text once. A text without definitions changes nothing in the set and is executed in it; one with
// definitions gets a copy of the set.
func (s *templateSet) text(text string) (*tplText, error) {
	if t, ok := s.texts[text]; ok {
		return t, nil
	}
	name := s.templates.Name()
	trees, err := s.parse(&s.engine.tplParser, name, text)
	if err != nil {
		return nil, err
	}
	if s.engine.parallel && s.engine.tplParser.Calls {
		return nil, errOrdered
	}
	for _, tree := range trees {
		if s.engine.probe != nil {
			s.engine.probe.mark(tree)
		}
	}
	t := &tplText{main: s.templates.New(name)}
	if len(trees) > 1 {
		if t.main, err = s.extend(name, trees); err != nil {
			return nil, err
		}
	}
	t.main.Tree = trees[name]
	s.texts[text] = t
	return t, nil
}

func (s *templateSet) extend(name string, trees map[string]*parse.Tree) (*template.Template, error) {
	clone, err := s.templates.Clone()
	if err != nil {
		return nil, err
	}
	inner := s.engine.newSet(clone)
	for define, tree := range trees {
		if define == name {
			continue
		}
		if _, err := inner.templates.AddParseTree(define, tree); err != nil {
			return nil, err
		}
	}
	return inner.templates.New(name), nil
}

// tplError is a text given to tpl that does not parse.
type tplError struct {
	text string
	err  error
}

func (e *tplError) Error() string { return "the text given to tpl does not parse: " + e.err.Error() }
func (e *tplError) Unwrap() error { return e.err }

// textError is an error from within a text given to tpl.
type textError struct {
	text string
	err  error
}

func (e *textError) Error() string { return e.err.Error() }
func (e *textError) Unwrap() error { return e.err }

// nestedError is an error from within an include or a tpl. Its text is that of the innermost one: each level around it
// is written into a message of its own by text/template, and a thousand levels would repeat each other.
type nestedError struct {
	cause string
	err   error
}

func (e *nestedError) Error() string { return e.cause }
func (e *nestedError) Unwrap() error { return e.err }

func nest(err error) error {
	if err == nil {
		return nil
	}
	if inner, ok := errors.AsType[*nestedError](err); ok {
		return &nestedError{inner.cause, err}
	}
	return &nestedError{err.Error(), err}
}
