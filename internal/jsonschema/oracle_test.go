package jsonschema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// oracle is the validator in Helm, with references as here.
type oracle struct {
	compiled *santhosh.Schema
}

type loader func(string) (any, error)

func (l loader) Load(address string) (any, error) { return l(address) }

// load resolves urn to anything and nothing else, as charts do.
func load(address string) (any, error) {
	if u, err := url.Parse(address); err == nil && u.Scheme == "urn" {
		return true, nil
	}
	return nil, errors.New("not here")
}

const home = "file:///values.schema.json"

func newOracle(text []byte, draft *santhosh.Draft, formats bool, load loader) (o *oracle, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	doc, err := santhosh.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := santhosh.NewCompiler()
	c.UseLoader(load)
	if draft != nil {
		c.DefaultDraft(draft)
	}
	if formats {
		c.AssertFormat()
	}
	if err := c.AddResource(home, doc); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(home)
	return &oracle{compiled}, err
}

func (o *oracle) validate(v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return o.compiled.Validate(v)
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if strings.TrimSpace(string(text[d.InputOffset():])) != "" {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

// lines are what the oracle finds, one line each, sorted.
func lines(e *santhosh.ValidationError) []string {
	var out []string
	for _, leaf := range leaves(e) {
		out = append(out, strings.Join(leaf.InstanceLocation, "/")+": "+words(leaf))
	}
	slices.Sort(out)
	return out
}

func leaves(e *santhosh.ValidationError) []*santhosh.ValidationError {
	switch e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		var out []*santhosh.ValidationError
		for _, cause := range e.Causes {
			out = append(out, leaves(cause)...)
		}
		return out
	}
	return []*santhosh.ValidationError{e}
}

func words(e *santhosh.ValidationError) string {
	alone := *e
	alone.Causes = nil
	_, text, _ := strings.Cut(alone.Error(), "': ")
	var inner []string
	for _, cause := range e.Causes {
		for _, leaf := range leaves(cause) {
			inner = append(inner, words(leaf))
		}
	}
	if len(inner) > 0 {
		text += " (" + strings.Join(inner, "; ") + ")"
	}
	return text
}

// bag is a text without the order of its words, which the oracle takes from maps.
func bag(lines []string) string {
	var out []string
	for _, line := range lines {
		all := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" ;,()", r) })
		slices.Sort(all)
		out = append(out, strings.Join(all, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
