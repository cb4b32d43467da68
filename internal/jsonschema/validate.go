package jsonschema

import (
	"fmt"
	"strings"
)

// validation is one walk of a value through a schema.
type validation struct {
	stop  func() error
	check func(pattern, text string) error
	steps int
	limit int
	err   error // ends the walk

	// While a schema is checked against its metaschema: the schemas in it that
	// have one of their own.
	meta     *node
	dialects map[string]*resource
}

// violation is what a keyword refuses. Its text is made only if it is shown.
type violation struct {
	path   []string
	node   *node
	text   func() string
	causes []violation // why no alternative fits

	unwanted []string // properties that nothing allows
}

// frame is one schema's look at one value.
type frame struct {
	*validation
	node  *node
	value any
	path  []string
	scope *scope
	open  open
	quiet bool  // whether it fits is all that counts
	meta  *node // the metaschema that holds here
	found []violation
}

// scope is the way to a schema, from the inside out.
type scope struct {
	node    *node
	keyword string // the reference that led here, if one did
	level   int    // of the value
	depth   int
	outer   *scope
}

// open are the properties and items that no schema has evaluated.
type open struct {
	keys  map[string]struct{}
	items map[int]struct{}
}

func (o open) empty() bool { return len(o.keys)+len(o.items) == 0 }

// keep leaves open what is open in other too.
func (o open) keep(other open) {
	for k := range o.keys {
		if _, ok := other.keys[k]; !ok {
			delete(o.keys, k)
		}
	}
	for i := range o.items {
		if _, ok := other.items[i]; !ok {
			delete(o.items, i)
		}
	}
}

// run validates a value by the outermost schema.
func (v *validation) run(n *node, value any) []violation {
	f := &frame{validation: v, node: n, value: value, path: make([]string, 0, 8), scope: &scope{node: n}, meta: v.meta}
	f.open = f.opens(false)
	return f.visit()
}

// spend books steps; it is false when the walk must end.
func (v *validation) spend(n int) bool {
	if v.err != nil {
		return false
	}
	before := v.steps
	v.steps += n
	if v.steps > v.limit {
		v.err = limitf("validation in more than %d steps", v.limit)
	} else if before/stepsPerLook != v.steps/stepsPerLook {
		v.err = v.stop()
	}
	return v.err == nil
}

// opens is what this schema has to account for: all, if it or the schema that
// asks wants to know and it does not look at everything anyway.
func (f *frame) opens(asked bool) (o open) {
	switch v := f.value.(type) {
	case map[string]any:
		if !f.node.additionalProperties.given && (asked || f.node.unevaluatedProperties != nil) && f.spend(len(v)/4) {
			o.keys = make(map[string]struct{}, len(v))
			for k := range v {
				o.keys[k] = struct{}{}
			}
		}
	case []any:
		first := len(f.node.items)
		if !f.node.additionalItems.given && (asked || f.node.unevaluatedItems != nil) && first < len(v) && f.spend(len(v)/4) {
			o.items = make(map[int]struct{}, len(v)-first)
			for i := first; i < len(v); i++ {
				o.items[i] = struct{}{}
			}
		}
	}
	return o
}

// visit returns what the schema refuses.
func (f *frame) visit() []violation {
	n := f.node
	if n.always != nil {
		if *n.always {
			return nil
		}
		return f.refuse("false schema")
	}
	if f.scope.depth > maxNested {
		f.err = limitf("more than %d schemas in one another", maxNested)
	}
	if !f.spend(1) {
		return f.refuse("")
	}
	if again := f.scope.cycle(); again != nil {
		return f.refuse("both %s and %s resolve to %q causing reference cycle", f.scope, again, n.place)
	}
	if refused := f.whole(); refused != nil {
		return refused
	}
	if n.ref != nil {
		f.found = f.here(n.ref, "$ref", false)
		if n.draft < 2019 {
			return f.found
		}
	}
	f.parts()
	if f.quiet && len(f.found) > 0 {
		return f.found
	}
	f.references()
	f.combine()
	f.unevaluated()
	return f.found
}

// whole checks what makes all other checks moot.
func (f *frame) whole() []violation {
	n, k := f.node, kindOf(f.value)
	if k == 0 {
		return f.refuse("invalid jsonType %T", f.value)
	}
	if n.types != 0 && n.types&k == 0 && (n.types&kindInteger == 0 || k != kindNumber || !isInteger(f.value)) {
		return f.refuse("got %s, want %s", k.names()[0], strings.Join(n.types.names(), " or "))
	}
	if n.constant != nil && !f.equals(*n.constant) {
		return f.refuseBut([]any{*n.constant}, "'const' failed")
	}
	if n.hasEnum && !f.equals(n.enum...) {
		return f.refuseBut(n.enum, "'enum' failed")
	}
	if text, ok := f.value.(string); ok && (n.fits != nil || n.format == "regex") {
		var err error
		if n.format == "regex" {
			_, err = compilePattern(f.check, text)
		} else {
			err = n.fits(text)
		}
		if err != nil {
			return f.refuse("%s is not valid %s: %v", display(text), n.format, err)
		}
	}
	return nil
}

func (f *frame) equals(values ...any) bool {
	cost := 0
	defer func() { f.spend(cost / 16) }()
	for _, v := range values {
		if equal(f.value, v, &cost) {
			return true
		}
	}
	return false
}

// refuse is one violation, of the value as a whole.
func (f *frame) refuse(format string, args ...any) []violation {
	if f.quiet || f.err != nil {
		return []violation{{}}
	}
	text := func() string { return fmt.Sprintf(format, grouped(args)...) }
	return []violation{{path: append([]string(nil), f.path...), node: f.node, text: text}}
}

// refuseBut says which values would fit, if words can.
func (f *frame) refuseBut(values []any, otherwise string) []violation {
	refused := f.refuse(otherwise)
	for _, v := range values {
		if k := kindOf(v); k == kindObject || k == kindArray {
			return refused
		}
	}
	refused[0].text = func() string { return mustBe(values) }
	return refused
}

// add notes a violation and what caused it.
func (f *frame) add(causes []violation, format string, args ...any) {
	refused := f.refuse(format, args...)
	refused[0].causes = causes
	f.found = append(f.found, refused...)
}

// here lets another schema look at the same value.
func (f *frame) here(n *node, keyword string, quiet bool) []violation {
	s := &scope{node: n, keyword: keyword, level: f.scope.level, depth: f.scope.depth + 1, outer: f.scope}
	in := &frame{validation: f.validation, node: n, value: f.value, path: f.path, scope: s, quiet: f.quiet || quiet, meta: f.meta}
	in.open = in.opens(!f.open.empty())
	in.enterMeta()
	found := in.visit()
	if len(found) == 0 {
		f.open.keep(in.open)
	}
	return found
}

// below lets a schema look at a part of the value.
func (f *frame) below(n *node, value any, key string) []violation {
	if n.always != nil && *n.always {
		return nil
	}
	s := &scope{node: n, level: f.scope.level + 1, depth: f.scope.depth + 1, outer: f.scope}
	in := &frame{validation: f.validation, node: n, value: value, path: append(f.path, key), scope: s, quiet: f.quiet, meta: f.meta}
	in.open = in.opens(false)
	in.enterMeta()
	return in.visit()
}

// enterMeta changes to the metaschema of a schema in the schema being checked.
func (f *frame) enterMeta() {
	if f.meta == nil || f.node != f.meta {
		return
	}
	r := f.dialects[pointerTo("", f.path...)]
	if r == nil {
		return
	}
	meta, err := r.dialect.metaschema()
	if err != nil {
		f.err = err
		return
	}
	f.meta, f.node = meta, meta
}
