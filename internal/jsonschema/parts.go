package jsonschema

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parts checks what depends on the value's type.
func (f *frame) parts() {
	switch v := f.value.(type) {
	case map[string]any:
		f.object(v)
	case []any:
		f.array(v)
	case string:
		f.text(v)
	case json.Number, float64, float32, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		f.number(v)
	}
}

// bounds checks a length or a count.
func (f *frame) bounds(name string, got int, least, most *int) {
	if least != nil && got < *least {
		f.add(nil, "min%s: got %v, want %v", name, got, *least)
	}
	if most != nil && got > *most {
		f.add(nil, "max%s: got %v, want %v", name, got, *most)
	}
}

func (f *frame) object(obj map[string]any) {
	n := f.node
	f.bounds("Properties", len(obj), n.minProperties, n.maxProperties)
	f.spend((len(obj) + len(n.required) + len(n.dependencies)) / 16)
	if missing := missingFrom(obj, n.required); len(missing) == 1 {
		f.add(nil, "missing property %s", quote(missing[0]))
	} else if len(missing) > 1 {
		f.add(nil, "missing properties %s", quotes(missing))
	}
	if f.quiet && len(f.found) > 0 {
		return
	}
	for _, d := range n.dependencies {
		if _, ok := obj[d.property]; !ok {
			continue
		}
		if d.schema != nil {
			f.found = append(f.found, f.here(d.schema, "", false)...)
		} else if missing := missingFrom(obj, d.required); len(missing) > 0 {
			f.add(nil, "properties %s required, if %s exists", quotes(missing), quote(d.property))
		}
	}
	f.properties(obj)
	if n.propertyNames != nil {
		f.names(obj)
	}
}

func missingFrom(obj map[string]any, required []string) (missing []string) {
	for _, name := range required {
		if _, ok := obj[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}

func (f *frame) properties(obj map[string]any) {
	n := f.node
	if len(n.properties)+len(n.patternProperties) == 0 && !n.additionalProperties.given {
		return
	}
	before := len(f.found)
	var unwanted []string
	for key, v := range obj {
		if f.err != nil || f.quiet && len(f.found) > 0 {
			return
		}
		known := false
		if s := n.properties[key]; s != nil {
			known = true
			f.found = append(f.found, f.below(s, v, key)...)
		}
		for _, p := range n.patternProperties {
			if f.matches(p.pattern, key) {
				known = true
				f.found = append(f.found, f.below(p.node, v, key)...)
			}
		}
		switch rest := n.additionalProperties; {
		case known || !rest.given:
		case rest.node != nil:
			known = true
			f.found = append(f.found, f.below(rest.node, v, key)...)
		default:
			known = true
			if rest.refuses {
				unwanted = append(unwanted, key)
			}
		}
		if known {
			delete(f.open.keys, key)
		}
	}
	f.sort(before)
	if len(unwanted) > 0 {
		slices.Sort(unwanted)
		f.add(nil, "additional properties %s not allowed", quotes(unwanted))
		f.found[len(f.found)-1].unwanted = unwanted
	}
}

// sort gives the violations from one on an order, which maps do not have.
func (f *frame) sort(from int) {
	if found := f.found[from:]; len(found) > 1 && !f.quiet {
		slices.SortStableFunc(found, func(a, b violation) int { return slices.Compare(a.path, b.path) })
	}
}

// names checks an object's keys, each as a value of its own.
func (f *frame) names(obj map[string]any) {
	names := make([]string, 0, len(obj))
	for name := range obj {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		in := &frame{validation: f.validation, node: f.node.propertyNames, value: name, scope: &scope{node: f.node.propertyNames}, quiet: f.quiet, meta: f.meta}
		if causes := in.visit(); len(causes) > 0 {
			f.add(causes, "invalid propertyName %s", quote(name))
		}
	}
}

// matches reports whether a text matches, nothing if that would take too long.
func (f *frame) matches(pattern *regexp.Regexp, text string) bool {
	if !f.spend(1 + len(pattern.String())*len(text)/1024) {
		return false
	}
	if f.check != nil {
		if f.err = f.check(pattern.String(), text); f.err != nil {
			return false
		}
	}
	return pattern.MatchString(text)
}

func (f *frame) array(list []any) {
	n := f.node
	f.bounds("Items", len(list), n.minItems, n.maxItems)
	if n.uniqueItems {
		f.unique(list)
	}
	first := min(len(n.items), len(list))
	for i, v := range list[:first] {
		f.found = append(f.found, f.below(n.items[i], v, strconv.Itoa(i))...)
	}
	switch rest := n.additionalItems; {
	case rest.node != nil:
		for i, v := range list[first:] {
			f.found = append(f.found, f.below(rest.node, v, strconv.Itoa(first+i))...)
		}
	case rest.refuses && first < len(list):
		f.add(nil, "last %v additionalItem(s) not allowed", len(list)-first)
	}
	if n.contains != nil {
		f.contains(list)
	}
}

func (f *frame) unique(list []any) {
	first := make(map[string]int, len(list))
	for i, v := range list {
		var key strings.Builder
		canonical(&key, v)
		if !f.spend(key.Len() / 16) {
			return
		}
		if j, ok := first[key.String()]; ok {
			f.add(nil, "items at %v and %v are equal", j, i)
			return
		}
		first[key.String()] = i
	}
}

func (f *frame) contains(list []any) {
	n := f.node
	var matched []string
	var causes []violation
	for i, v := range list {
		if found := f.below(n.contains, v, strconv.Itoa(i)); len(found) > 0 {
			causes = append(causes, found...)
			continue
		}
		matched = append(matched, strconv.Itoa(i))
		if n.draft >= 2020 {
			delete(f.open.items, i)
		}
	}
	at := strings.Join(matched, " ")
	switch {
	case n.minContains == nil && len(matched) == 0:
		f.add(causes, "no items match contains schema")
	case n.minContains == nil || len(matched) >= *n.minContains:
	case len(matched) == 0:
		f.add(causes, "min %v items required to match contains schema, but none matched", *n.minContains)
	default:
		f.add(causes, "min %v items required to match contains schema, but matched %v items at %v", *n.minContains, len(matched), at)
	}
	if n.maxContains != nil && len(matched) > *n.maxContains {
		f.add(nil, "max %v items required to match contains schema, but matched %v items at %v", *n.maxContains, len(matched), at)
	}
}

func (f *frame) text(s string) {
	n := f.node
	if n.minLength != nil || n.maxLength != nil {
		f.bounds("Length", utf8.RuneCountInString(s), n.minLength, n.maxLength)
	}
	if n.pattern != nil && !f.matches(n.pattern, s) {
		f.add(nil, "%s does not match pattern %s", quote(s), quote(n.pattern.String()))
	}
}

func (f *frame) number(v any) {
	n := f.node
	if n.minimum == nil && n.maximum == nil && n.exclusiveMinimum == nil && n.exclusiveMaximum == nil && n.multipleOf == nil {
		return
	}
	got := exact(v)
	if got == nil {
		f.err = limitf("the number %v", v)
		return
	}
	for _, bound := range []struct {
		name   string
		want   *big.Rat
		breaks func(int) bool
	}{
		{"minimum", n.minimum, func(c int) bool { return c < 0 }},
		{"maximum", n.maximum, func(c int) bool { return c > 0 }},
		{"exclusiveMinimum", n.exclusiveMinimum, func(c int) bool { return c <= 0 }},
		{"exclusiveMaximum", n.exclusiveMaximum, func(c int) bool { return c >= 0 }},
	} {
		if bound.want != nil && bound.breaks(got.Cmp(bound.want)) {
			f.add(nil, "%s: got %v, want %v", bound.name, got, bound.want)
		}
	}
	if n.multipleOf != nil && !new(big.Rat).Quo(got, n.multipleOf).IsInt() {
		f.add(nil, "multipleOf: got %v, want %v", got, n.multipleOf)
	}
}
