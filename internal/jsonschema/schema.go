// Package jsonschema validates values against JSON Schema, drafts 4, 6, 7, 2019-09
// and 2020-12. It takes and refuses what the validator in Helm does, in the same
// words (facts/helm-format.md 4.15), but it prepares a draft's metaschema only
// when a schema asks for it, and it ends in bounded time and memory whatever it
// is given. It reads neither files nor the network: the caller loads references.
package jsonschema

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// Bounds. Two references to the next of forty definitions make 2^40 visits of a
// schema, and a number can have more digits than memory has bytes.
const (
	maxBytes     = 8 << 20
	maxObjects   = 20_000
	maxLevels    = 256
	maxNodes     = 100_000
	maxExponent  = 4 // digits of a number's exponent
	maxNested    = 4_000
	maxSteps     = 2_000_000 // of one validation
	maxMessage   = 4 << 10
	maxReported  = 10_000 // violations
	maxKnown     = 20     // violations that list the properties which the schema names
	stepsPerLook = 4096   // between two looks at the context
)

// ErrLimit says that a schema or a validation exceeds one of the bounds.
var ErrLimit = errors.New("the schema wants too much")

func limitf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}

// Options say where a schema stands and what it may use.
type Options struct {
	// URL is where the schema stands; references are relative to it.
	URL string
	// Load returns the schema, as decoded JSON, at another absolute URL. Nil
	// refuses all but the metaschemas of the drafts, which need no loading.
	Load func(url string) (any, error)
	// CheckPattern refuses to match a regular expression with a text, or with ""
	// to compile it. Nil allows all.
	CheckPattern func(pattern, text string) error
	// Draft is 4, 6, 7, 2019 or 2020, for a schema without $schema; 0 is 2020.
	Draft int
	// Formats asserts format in every draft; otherwise it is up to draft 7, and
	// later where a vocabulary says so.
	Formats bool
}

// Schema is a compiled schema. It does not change: any number of goroutines may
// use it.
type Schema struct {
	root *node
	opts Options
}

// Violation is a value that a schema does not allow.
type Violation struct {
	Path    []string // keys and indexes from the value down; none for all of it
	Schema  string   // where the schema that refuses it stands, a URL with a JSON pointer
	Message string   // got string, want integer

	// Of a property that is too many: all such, and, for the first violations,
	// those that the schema names there, sorted.
	Unknown, Known []string
}

// Compile prepares a schema, and all it refers to, from JSON. It refuses what
// its draft's metaschema does not allow, references to nothing, names that are
// given twice and what exceeds the bounds.
func Compile(ctx context.Context, text []byte, opts Options) (*Schema, error) {
	if len(text) > maxBytes {
		return nil, limitf("more than %d MiB", maxBytes>>20)
	}
	doc, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("no JSON: %w", err)
	}
	if objects, err := measure(doc, 0); err != nil {
		return nil, err
	} else if objects > maxObjects {
		return nil, limitf("more than %d objects", maxObjects)
	}
	c := newCompiler(opts)
	c.stop = func() error { return context.Cause(ctx) }
	c.texts[opts.URL] = doc
	root, err := c.compile(place{url: opts.URL})
	if err != nil {
		return nil, err
	}
	return &Schema{root: root, opts: opts}, nil
}

// Validate returns what of a value the schema does not allow, nothing if it fits.
// The value is made of nil, bool, string, numbers, []any and map[string]any. An
// error says that this cannot be found out: the bounds, or the context's end.
func (s *Schema) Validate(ctx context.Context, value any) ([]Violation, error) {
	stop := func() error { return context.Cause(ctx) }
	v := &validation{stop: stop, check: s.opts.CheckPattern, limit: maxSteps}
	found := v.run(s.root, value)
	if v.err != nil {
		return nil, v.err
	}
	return report(found), nil
}

func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more after the first value")
	}
	return v, nil
}

// measure counts the objects of a schema and refuses depths and numbers that are
// not for people.
func measure(v any, level int) (objects int, err error) {
	switch v := v.(type) {
	case map[string]any:
		objects = 1
		for _, e := range v {
			n, err := measure(e, level+1)
			if err != nil {
				return 0, err
			}
			objects += n
		}
	case []any:
		for _, e := range v {
			n, err := measure(e, level+1)
			if err != nil {
				return 0, err
			}
			objects += n
		}
	case json.Number:
		if i := strings.IndexAny(string(v), "eE"); i >= 0 && len(strings.TrimLeft(string(v[i+1:]), "+-0")) > maxExponent {
			return 0, limitf("a number of more than 10^%d digits", maxExponent)
		}
		return 0, nil
	default:
		return 0, nil
	}
	if level >= maxLevels {
		return 0, limitf("more than %d levels", maxLevels)
	}
	return objects, nil
}

// report makes what a validation found readable.
func report(found []violation) []Violation {
	found = found[:min(len(found), maxReported)]
	out := make([]Violation, 0, len(found))
	for i, f := range found {
		v := Violation{Path: f.path, Schema: f.node.place.String(), Message: f.message(maxMessage), Unknown: f.unwanted}
		if i < maxKnown && len(f.unwanted) > 0 {
			v.Known = slices.Sorted(maps.Keys(f.node.properties))
		}
		out = append(out, v)
	}
	return out
}

// message is what is wrong, and in brackets what is wrong with each alternative.
func (v *violation) message(limit int) string {
	text := v.text()
	if len(v.causes) > 0 {
		var inner []string
		size := len(text)
		for i := 0; i < len(v.causes) && size < limit; i++ {
			inner = append(inner, v.causes[i].message(limit-size))
			size += len(inner[i])
		}
		text += " (" + strings.Join(inner, "; ") + ")"
	}
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// saturate is a number as an int, the largest if it is larger.
func saturate(f float64) int {
	if f >= math.MaxInt {
		return math.MaxInt
	}
	return int(f)
}
