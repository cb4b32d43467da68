package jsonschema

import (
	"strconv"
	"strings"
)

// cycle is the scope in which the same schema looks at the same value already.
func (s *scope) cycle() *scope {
	for o := s.outer; o != nil && o.level == s.level; o = o.outer {
		if o.node == s.node {
			return o
		}
	}
	return nil
}

// String is the way of keywords and references to the schema.
func (s *scope) String() string {
	if s.outer == nil {
		return ""
	}
	if s.keyword != "" {
		return s.outer.String() + "/" + s.keyword
	}
	return s.outer.String() + strings.TrimPrefix(s.node.place.String(), s.outer.node.place.String())
}

// references follows the references whose target depends on the way here.
func (f *frame) references() {
	if n := f.node.recursiveRef; n != nil {
		if n.recursiveAnchor {
			f.spend(f.scope.depth / 16)
			for s := f.scope; s != nil; s = s.outer { // the outermost
				if s.node.resource.recursiveAnchor {
					n = s.node
				}
			}
		}
		f.found = append(f.found, f.here(n, "$recursiveRef", false)...)
	}
	if n := f.node.dynamicRef; n != nil {
		if name := f.node.dynamicName; name != "" && n.dynamicAnchor == name {
			f.spend(f.scope.depth / 16)
			for s := f.scope; s != nil; s = s.outer { // the outermost
				if named := s.node.resource.dynamicAnchors[name]; named != nil {
					n = named
				}
			}
		}
		f.found = append(f.found, f.here(n, "$dynamicRef", false)...)
	}
}

// combine checks the keywords that combine schemas for the same value.
func (f *frame) combine() {
	n := f.node
	if n.not != nil && len(f.here(n.not, "", true)) == 0 {
		f.add(nil, "'not' failed")
	}
	for _, s := range n.allOf {
		f.found = append(f.found, f.here(s, "", false)...)
	}
	f.any()
	f.one()
	if n.condition == nil {
		return
	}
	next := n.then
	if len(f.here(n.condition, "", true)) > 0 {
		next = n.otherwise
	}
	if next != nil {
		f.found = append(f.found, f.here(next, "", false)...)
	}
}

func (f *frame) any() {
	var causes []violation
	fits := len(f.node.anyOf) == 0
	for _, s := range f.node.anyOf {
		if found := f.here(s, "", false); len(found) > 0 {
			causes = append(causes, found...)
			continue
		}
		fits = true
		if f.open.empty() {
			break // otherwise each may account for more
		}
	}
	if !fits {
		f.add(causes, "'anyOf' failed")
	}
}

func (f *frame) one() {
	var causes []violation
	first := -1
	for i, s := range f.node.oneOf {
		found := f.here(s, "", first >= 0)
		switch {
		case len(found) > 0:
			causes = append(causes, found...)
		case first < 0:
			first = i
		default:
			f.add(nil, "'oneOf' failed, subschemas %v, %v matched", first, i)
			return
		}
	}
	if first < 0 && len(f.node.oneOf) > 0 {
		f.add(causes, "'oneOf' failed, none matched")
	}
}

// unevaluated checks what no other schema has looked at.
func (f *frame) unevaluated() {
	if obj, ok := f.value.(map[string]any); ok && f.node.unevaluatedProperties != nil {
		before := len(f.found)
		for k := range f.open.keys {
			f.found = append(f.found, f.below(f.node.unevaluatedProperties, obj[k], k)...)
		}
		f.sort(before)
		f.open.keys = nil
	}
	if list, ok := f.value.([]any); ok && f.node.unevaluatedItems != nil {
		for i, e := range list {
			if _, ok := f.open.items[i]; ok {
				f.found = append(f.found, f.below(f.node.unevaluatedItems, e, strconv.Itoa(i))...)
			}
		}
		f.open.items = nil
	}
}
