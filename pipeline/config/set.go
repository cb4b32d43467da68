package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// set decodes inline values: a mapping of any shape, whose keys may be dotted
// paths. What comes out is a tree as a values file gives it.
func (d *decoder) set(path string, n *yaml.Node, v reflect.Value, depth int) {
	tree := map[string]any{}
	for _, p := range d.mapping(path, n, depth) {
		at := child(path, p.name)
		d.keys[at] = d.pos(p.key)
		elements := splitPath(p.name)
		if elements == nil {
			d.add(d.pos(p.key), "write a dotted path: image.tag; a list goes in whole, or into a values file", "%s: %q is no path into values", path, p.name)
			continue
		}
		value, ok := d.tree(at, p.value, depth+1)
		if ok && !insert(tree, elements, value) {
			d.add(d.pos(p.key), "keep one", "%s: %q stands there already, under another key", path, p.name)
		}
	}
	v.Set(reflect.ValueOf(tree))
}

// tree returns the value of n; false after a problem.
func (d *decoder) tree(path string, n *yaml.Node, depth int) (any, bool) {
	n = d.follow(n, depth)
	if n == nil {
		return nil, false
	}
	d.values[path] = d.pos(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for _, p := range d.pairs(path, n, depth) {
			d.keys[child(path, p.name)] = d.pos(p.key)
			if value, ok := d.tree(child(path, p.name), p.value, depth+1); ok {
				m[p.name] = value
			}
		}
		return m, true
	case yaml.SequenceNode:
		list := []any{}
		for i, item := range n.Content {
			if value, ok := d.tree(fmt.Sprintf("%s[%d]", path, i), item, depth+1); ok {
				list = append(list, value)
			}
		}
		return list, true
	}
	return d.scalar(path, n)
}

// scalar returns a scalar as JSON knows it: text, bool, int64, float64 or nil.
// A date is text, as it is in a values file.
func (d *decoder) scalar(path string, n *yaml.Node) (any, bool) {
	var value any
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		return n.Value, true
	case "!!null", "!!bool", "!!int", "!!float":
		if err := n.Decode(&value); err != nil {
			d.wrong(path, n, "a value", "put it in quotes")
			return nil, false
		}
	default:
		d.wrong(path, n, "a value of JSON", "leave the tag out")
		return nil, false
	}
	switch x := value.(type) {
	case int:
		return int64(x), true
	case uint64:
		return float64(x), true
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			d.wrong(path, n, "a value of JSON", "put it in quotes")
			return nil, false
		}
	}
	return value, true
}

// splitPath splits a dotted path; "\." is a dot within a key. It returns nil
// for what is no path: an empty key, or an index.
func splitPath(path string) []string {
	const dot = "\x00"
	elements := strings.Split(strings.ReplaceAll(path, `\.`, dot), ".")
	for i, e := range elements {
		elements[i] = strings.ReplaceAll(e, dot, ".")
		if e == "" || strings.ContainsAny(e, "[]=,") {
			return nil
		}
	}
	return elements
}

// insert puts value at a path of keys; mappings are joined. It returns false
// when something stands there already.
func insert(tree map[string]any, path []string, value any) bool {
	key := path[0]
	if len(path) > 1 {
		value = nest(path[1:], value)
	}
	old, there := tree[key]
	if !there {
		tree[key] = value
		return true
	}
	a, ok1 := old.(map[string]any)
	b, ok2 := value.(map[string]any)
	if !ok1 || !ok2 {
		return false
	}
	ok := true
	for _, k := range sortedKeys(b) {
		ok = insert(a, []string{k}, b[k]) && ok
	}
	return ok
}

// nest wraps value in mappings, one for each key.
func nest(path []string, value any) any {
	for _, key := range slices.Backward(path) {
		value = map[string]any{key: value}
	}
	return value
}
