package kubeschema

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// The text in which several Kubernetes versions stand beside each other. A
// definition that is the same in many of them stands once, with a bit for each:
//
//	versions 1.35 1.36
//	=io.k8s.api.core.v1.EnvVar 3                      bits of the versions, hexadecimal
//	name! s                                           ! is required
//	value s
//	valueFrom &io.k8s.api.core.v1.EnvVarSource
//	=io.k8s.api.apps.v1.Deployment 3 apps/v1/Deployment
//	...
//
// Types: * anything, s string, s{a|b} one of these, i integer, n number,
// b boolean, x integer or string, q quantity, y base64,
// []T list, [a,b]T list whose items differ in a and b, [=]T list without
// equals, <>T map, &NAME reference.

// shapes are the letters of the simple types.
var shapes = map[byte]Shape{
	'*': Any, 's': String, 'i': Integer, 'n': Number, 'b': Boolean, 'x': IntOrString, 'q': Quantity, 'y': Bytes,
}

// Encode writes the schemas of several versions as one text. Their types may
// nest only by reference. It is for the generator of the embedded schemas.
func Encode(w io.Writer, schemas []*Schema) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "versions")
	masks := map[string]uint64{} // of each definition's text
	for i, s := range schemas {
		fmt.Fprint(out, " ", s.Version)
		kinds := map[string][]string{}
		for _, gvk := range slices.Sorted(maps.Keys(s.kinds)) {
			kinds[s.kinds[gvk]] = append(kinds[s.kinds[gvk]], gvk)
		}
		for name, t := range s.definitions {
			text, err := encodeDefinition(name, t, kinds[name])
			if err != nil {
				return fmt.Errorf("encode %s of %s: %w", name, s.Version, err)
			}
			masks[text] |= 1 << i
		}
	}
	fmt.Fprintln(out)
	for _, text := range slices.Sorted(maps.Keys(masks)) {
		head, body, _ := strings.Cut(text, "\n")
		name, kinds, _ := strings.Cut(head, " ")
		fmt.Fprintf(out, "=%s %s\n%s", name, strings.TrimSpace(strconv.FormatUint(masks[text], 16)+" "+kinds), body)
	}
	return out.Flush()
}

// encodeDefinition writes the name and the kinds on the first line, then a line
// for each field.
func encodeDefinition(name string, t *Type, kinds []string) (string, error) {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(name+" "+strings.Join(kinds, " ")) + "\n")
	if t.Shape != Object {
		text, err := encodeType(t)
		return b.String() + ": " + text + "\n", err
	}
	for _, field := range slices.Sorted(maps.Keys(t.Fields)) {
		text, err := encodeType(t.Fields[field])
		if err != nil {
			return "", fmt.Errorf("%s: %w", field, err)
		}
		if slices.Contains(t.Required, field) {
			field += "!"
		}
		b.WriteString(field + " " + text + "\n")
	}
	return b.String(), nil
}

func encodeType(t *Type) (string, error) {
	if t.Ref != "" {
		return "&" + t.Ref, nil
	}
	prefix := ""
	switch t.Shape {
	case Object:
		return "", fmt.Errorf("an object stands inside another")
	case Map:
		prefix = "<>"
	case List:
		prefix = "[" + strings.Join(t.Keys, ",") + "]"
		if t.Set {
			prefix = "[=]"
		}
	case String:
		if len(t.Enum) > 0 {
			return "s{" + strings.Join(t.Enum, "|") + "}", nil
		}
	}
	if prefix != "" {
		text, err := encodeType(t.Elem)
		return prefix + text, err
	}
	for letter, shape := range shapes {
		if shape == t.Shape {
			return string(letter), nil
		}
	}
	return "", fmt.Errorf("shape %d has no letter", t.Shape)
}

// decode reads the definitions of one version, by its place in the first line.
func decode(text string, version int) (*Schema, error) {
	s := newSchema()
	var current *Type
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if head, ok := strings.CutPrefix(line, "="); ok {
			current = s.define(head, version)
			continue
		}
		name, code, ok := strings.Cut(line, " ")
		if current == nil || !ok || name == "versions" {
			continue // of another version
		}
		t, err := decodeType(code)
		if err != nil {
			return nil, fmt.Errorf("read the schemas, line %q: %w", line, err)
		}
		if name == ":" {
			*current = *t
			continue
		}
		name, required := strings.CutSuffix(name, "!")
		if required {
			current.Required = append(current.Required, name)
		}
		current.Fields[name] = t
	}
	return s, nil
}

// define reads "NAME MASK KIND...". It is nil if the version has no such definition.
func (s *Schema) define(head string, version int) *Type {
	words := strings.Fields(head)
	if len(words) < 2 || !hasBit(words[1], version) {
		return nil
	}
	t := &Type{Shape: Object, Fields: map[string]*Type{}}
	s.definitions[words[0]] = t
	for _, gvk := range words[2:] {
		s.serve(gvk, words[0])
	}
	return t
}

func hasBit(mask string, bit int) bool {
	m, err := strconv.ParseUint(mask, 16, 64)
	return err == nil && m&(1<<bit) != 0
}

func decodeType(code string) (*Type, error) {
	outer := &Type{}
	for t := outer; ; t = t.Elem {
		switch {
		case code == "":
			return nil, fmt.Errorf("a type is missing")
		case code[0] == '&':
			t.Ref = code[1:]
			return outer, nil
		case strings.HasPrefix(code, "<>"):
			t.Shape, code = Map, code[2:]
		case code[0] == '[':
			keys, rest, ok := strings.Cut(code[1:], "]")
			if !ok {
				return nil, fmt.Errorf("a ] is missing")
			}
			t.Shape, code = List, rest
			t.list(keys)
		default:
			return outer, t.simple(code)
		}
		t.Elem = &Type{}
	}
}

func (t *Type) list(keys string) {
	switch keys {
	case "":
	case "=":
		t.Set = true
	default:
		t.Keys = strings.Split(keys, ",")
	}
}

func (t *Type) simple(code string) error {
	shape, ok := shapes[code[0]]
	if !ok {
		return fmt.Errorf("no type %q", code)
	}
	t.Shape = shape
	if enum, ok := strings.CutPrefix(code, "s{"); ok {
		t.Enum = strings.Split(strings.TrimSuffix(enum, "}"), "|")
	}
	return nil
}

// served are the versions of the first line that have the kind.
func served(text, gvk string) []string {
	first, rest, _ := strings.Cut(text, "\n")
	versions := strings.Fields(first)[1:]
	var mask uint64
	for line := range strings.Lines(rest) {
		if words := strings.Fields(line); line[0] == '=' && len(words) > 2 && slices.Contains(words[2:], gvk) {
			m, _ := strconv.ParseUint(words[1], 16, 64)
			mask |= m
		}
	}
	var list []string
	for ; mask != 0 && bits.TrailingZeros64(mask) < len(versions); mask &= mask - 1 {
		list = append(list, versions[bits.TrailingZeros64(mask)])
	}
	return list
}
