package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Bounds on the document: aliases make a small file a large one.
const (
	maxNodes = 50_000
	maxDepth = 64
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	imageType    = reflect.TypeFor[Image]()
	serviceType  = reflect.TypeFor[Service]()
	tagsType     = reflect.TypeFor[Tags]()
)

// decoder fills Go values from YAML nodes. It goes on after a problem, so that
// all of them are found, and notes where each value stands.
type decoder struct {
	*source
	nodes     int
	exhausted bool
}

// decode fills v from n, which stands at path.
func (d *decoder) decode(path string, n *yaml.Node, v reflect.Value, depth int) {
	n = d.follow(n, depth)
	if n == nil {
		return
	}
	d.values[path] = d.pos(n)
	switch {
	case v.Type() == imageType && n.Kind == yaml.ScalarNode:
		d.image(path, n, v)
	case v.Type() == serviceType && isNull(n):
		// "cart:" alone is a service by convention.
	case v.Type() == tagsType:
		d.tags(path, n, v)
	case v.Type() == durationType:
		d.duration(path, n, v)
	default:
		d.decodeKind(path, n, v, depth)
	}
}

func (d *decoder) decodeKind(path string, n *yaml.Node, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(path, n, v.Elem(), depth)
	case reflect.Struct:
		d.structure(path, n, v, depth)
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.Interface {
			d.set(path, n, v, depth)
			return
		}
		d.entries(path, n, v, depth)
	case reflect.Slice:
		d.list(path, n, v, depth)
	case reflect.String:
		d.text(path, n, v)
	case reflect.Bool:
		d.boolean(path, n, v)
	case reflect.Int:
		d.number(path, n, v)
	}
}

// follow returns the node that n stands for, or nil when the document is too
// large to go on.
func (d *decoder) follow(n *yaml.Node, depth int) *yaml.Node {
	d.nodes++
	if d.nodes > maxNodes || depth > maxDepth {
		if !d.exhausted {
			d.add(d.pos(n), "write it out with fewer anchors", "the document is too large or too deep, or an alias contains itself")
		}
		d.exhausted = true
	}
	if d.exhausted || d.full() {
		return nil
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func (d *decoder) pos(n *yaml.Node) Position {
	return Position{File: d.file, Line: n.Line, Column: n.Column}
}

// wrong records that n is not what path wants.
func (d *decoder) wrong(path string, n *yaml.Node, want, hint string) {
	if hint == "" && isNull(n) {
		hint = "write a value, or leave the key out"
	}
	d.tainted[path] = true
	d.add(d.pos(n), hint, "%s: must be %s, not %s", path, want, kindOf(n))
}

// kindOf names what a node is, in words of a person who writes YAML.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "text"
	}
	return n.ShortTag()
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func (d *decoder) list(path string, n *yaml.Node, v reflect.Value, depth int) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode && !isNull(n) {
			hint = fmt.Sprintf("write a list: [%s]", quoted(n.Value))
		}
		d.wrong(path, n, "a list", hint)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(fmt.Sprintf("%s[%d]", path, i), item, v.Index(i), depth+1)
	}
}

// mapping returns the entries of n, or records that it is no mapping.
func (d *decoder) mapping(path string, n *yaml.Node, depth int) []pair {
	if n.Kind != yaml.MappingNode {
		d.wrong(orFile(path), n, "a mapping", "")
		return nil
	}
	return d.pairs(path, n, depth)
}

// structure decodes a mapping with known keys.
func (d *decoder) structure(path string, n *yaml.Node, v reflect.Value, depth int) {
	for _, p := range d.mapping(path, n, depth) {
		if d.full() {
			return
		}
		at := child(path, p.name)
		field := fieldOf(v.Type(), p.name)
		if field < 0 {
			known := keysOf(v.Type())
			hint := suggest(p.name, known)
			if Nearest(p.name, known) == "" {
				hint = cmp.Or(placesOf(p.name), hint)
			}
			d.tainted[at] = true
			d.add(d.pos(p.key), hint, "unknown key %q%s", p.name, in(path))
			continue
		}
		d.keys[at] = d.pos(p.key)
		d.decode(at, p.value, v.Field(field), depth+1)
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, required := f.Tag.Get("yaml"), slices.Contains(strings.Split(f.Tag.Get("jsonschema"), ","), "required")
		if _, ok := d.values[child(path, key)]; required && !ok && n.Kind == yaml.MappingNode {
			d.add(d.key(path), fmt.Sprintf("add %q", key+": "+exampleOf(key)), "%s: %q is missing", orFile(path), key)
		}
	}
}

// entries decodes a mapping whose keys are names.
func (d *decoder) entries(path string, n *yaml.Node, v reflect.Value, depth int) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range d.mapping(path, n, depth) {
		at := child(path, p.name)
		d.keys[at] = d.pos(p.key)
		elem := reflect.New(v.Type().Elem()).Elem()
		d.decode(at, p.value, elem, depth+1)
		v.SetMapIndex(reflect.ValueOf(p.name), elem)
	}
}
