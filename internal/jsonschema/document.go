package jsonschema

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// document is a JSON text and the schemas with names in it.
type document struct {
	url       string
	text      any
	resources map[string]*resource // by pointer
	byID      map[string]*resource
	seen      map[string]bool // pointers to schemas whose names are known
}

// resource is a schema with a URL of its own, and what belongs to it.
type resource struct {
	pointer string
	id      string // absolute
	dialect dialect
	anchors map[string]string // pointers
	dynamic []string          // those of the anchors that $dynamicRef looks for
}

// shape is what a keyword holds.
type shape int

const (
	one  shape = 1 << iota // a schema
	list                   // a list of them
	keys                   // an object of them
)

// positions are the keywords that hold schemas, each since a draft.
var positions = []struct {
	keyword string
	since   int
	shape   shape
}{
	{"definitions", 4, keys}, {"not", 4, one}, {"allOf", 4, list}, {"anyOf", 4, list}, {"oneOf", 4, list},
	{"properties", 4, keys}, {"additionalProperties", 4, one}, {"patternProperties", 4, keys},
	{"items", 4, one | list}, {"additionalItems", 4, one}, {"dependencies", 4, keys},
	{"propertyNames", 6, one}, {"contains", 6, one},
	{"if", 7, one}, {"then", 7, one}, {"else", 7, one},
	{"$defs", 2019, keys}, {"dependentSchemas", 2019, keys}, {"unevaluatedProperties", 2019, one},
	{"unevaluatedItems", 2019, one}, {"contentSchema", 2019, one},
	{"prefixItems", 2020, list},
}

// resource is the innermost named schema that a pointer leads into.
func (d *document) resource(pointer string) *resource {
	for {
		if r := d.resources[pointer]; r != nil {
			return r
		}
		slash := strings.LastIndexByte(pointer, '/')
		if slash < 0 {
			return d.resources[""]
		}
		pointer = pointer[:slash]
	}
}

// resolve is the place in the document that a URL and a fragment mean; ok is
// false if the URL names nothing in it.
func (d *document) resolve(address, fragment string) (p place, ok bool, err error) {
	r := d.byID[address]
	if address == d.url {
		r = d.resources[""]
	}
	if r == nil {
		return place{}, false, nil
	}
	if isPointer(fragment) {
		return place{d.url, r.pointer + fragment}, true, nil
	}
	pointer, ok := r.anchors[fragment]
	if !ok {
		return place{}, false, fmt.Errorf("anchor in %q not found in schema %q", r.id+"#"+fragment, d.url)
	}
	return place{d.url, pointer}, true, nil
}

// collect notes the names of a schema and of all schemas in it.
func (c *compiler) collect(d *document, v any, at string, outer *resource, inherited dialect) error {
	if d.seen[at] {
		return nil
	}
	r, err := c.enter(d, v, at, outer, inherited)
	if err != nil {
		return err
	}
	if err := d.collectAnchors(v, at, r); err != nil {
		return err
	}
	obj, _ := v.(map[string]any)
	for _, p := range positions {
		held, ok := obj[p.keyword]
		if !ok || p.since > r.dialect.draft.version {
			continue
		}
		if err := c.collectHeld(d, held, pointerTo(at, p.keyword), p.shape, r); err != nil {
			return err
		}
	}
	d.seen[at] = true
	return nil
}

func (c *compiler) collectHeld(d *document, held any, at string, s shape, r *resource) error {
	if s&one != 0 {
		if err := c.collect(d, held, at, r, r.dialect); err != nil {
			return err
		}
	}
	if l, ok := held.([]any); ok && s&list != 0 {
		for i, v := range l {
			if err := c.collect(d, v, pointerTo(at, strconv.Itoa(i)), r, r.dialect); err != nil {
				return err
			}
		}
	}
	if m, ok := held.(map[string]any); ok && s&keys != 0 {
		for k, v := range m {
			if err := c.collect(d, v, pointerTo(at, k), r, r.dialect); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter returns the resource that a schema belongs to: a new one if the schema
// has an id or is the whole document. Only there $schema has a meaning.
func (c *compiler) enter(d *document, v any, at string, outer *resource, inherited dialect) (*resource, error) {
	obj, _ := v.(map[string]any)
	chosen, err := c.draftOf(place{d.url, at}, v, inherited.draft, nil)
	if err != nil {
		return nil, err
	}
	_, named := obj["$schema"].(string)
	id := chosen.id(obj)
	if id == "" && at != "" {
		named, id = false, inherited.draft.id(obj)
	}
	address := d.url
	if outer != nil {
		address = outer.id
	}
	if id == "" && at != "" {
		return outer, nil
	}
	if id != "" {
		if address, _, err = join(address, id); err != nil {
			return nil, fmt.Errorf("error in parsing id at %q", place{d.url, at})
		}
	}
	if same := d.byID[address]; same != nil {
		if same.pointer != at {
			return nil, fmt.Errorf("duplicate id %q in %q at %q and %q", address, d.url, at, same.pointer)
		}
		return same, nil
	}
	r := &resource{pointer: at, id: address, dialect: inherited, anchors: map[string]string{}}
	if named {
		if r.dialect, err = c.dialectFor(obj["$schema"].(string), chosen); err != nil {
			return nil, err
		}
	}
	d.resources[at], d.byID[address] = r, r
	return r, nil
}

// collectAnchors notes the anchors of one schema.
func (d *document) collectAnchors(v any, at string, r *resource) error {
	obj, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	var names []string
	version := r.dialect.draft.version
	if version < 2019 {
		if _, isRef := obj["$ref"]; isRef {
			return nil
		}
		id, _ := obj[r.dialect.draft.idKeyword].(string)
		_, fragment, err := splitFragment(id)
		if err != nil {
			return fmt.Errorf("error in parsing anchor at %q", place{d.url, at})
		}
		if !isPointer(fragment) {
			names = append(names, fragment)
		}
	} else if name, ok := obj["$anchor"].(string); ok {
		names = append(names, name)
	}
	if name, ok := obj["$dynamicAnchor"].(string); ok && version >= 2020 {
		names = append(names, name)
		r.dynamic = append(r.dynamic, name)
	}
	for _, name := range names {
		if other, ok := r.anchors[name]; ok && other != at {
			return fmt.Errorf("duplicate anchor %q in %q at %q and %q", name, d.url, other, at)
		}
		r.anchors[name] = at
	}
	return nil
}

// draftOf is the draft that a schema is written in: by $schema, or by the
// metaschema that it names, or the given one.
func (c *compiler) draftOf(p place, v any, otherwise *draft, seen []string) (*draft, error) {
	obj, _ := v.(map[string]any)
	name, ok := obj["$schema"].(string)
	if !ok {
		return otherwise, nil
	}
	if d := draftOfURL(name); d != nil {
		return d, nil
	}
	address, _, _ := strings.Cut(name, "#")
	if _, err := url.Parse(address); err != nil {
		return nil, fmt.Errorf("invalid $schema in %q: %w", p, err)
	}
	if p == (place{url: address}) {
		return nil, fmt.Errorf("draft %q is not supported", address)
	}
	if slices.Contains(seen, address) {
		return nil, fmt.Errorf("cycle in resolving $schema in %q", address)
	}
	text, err := c.load(address)
	if err != nil {
		return nil, err
	}
	return c.draftOf(place{url: address}, text, otherwise, append(seen, address))
}

// dialectFor is a draft with the vocabularies of the metaschema with a name.
func (c *compiler) dialectFor(name string, d *draft) (dialect, error) {
	if known, ok := c.dialects[name]; ok {
		return known, nil
	}
	if draftOfURL(name) != nil {
		return dialect{draft: d}, nil
	}
	address, _, _ := strings.Cut(name, "#")
	text, err := c.load(address)
	if err != nil {
		return dialect{}, err
	}
	vocabularies, err := d.vocabulariesOf(address, text)
	if err != nil {
		return dialect{}, err
	}
	c.dialects[name], err = d.named(vocabularies)
	return c.dialects[name], err
}
