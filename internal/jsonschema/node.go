package jsonschema

import (
	"math/big"
	"regexp"
)

// node is a compiled schema. Nil, zero or empty is a keyword that is not there.
type node struct {
	place
	draft    int
	resource *node // the named schema that it belongs to
	always   *bool // of a boolean schema, or of {}

	ref, recursiveRef, dynamicRef *node
	dynamicName                   string           // the anchor that dynamicRef names
	dynamicAnchor                 string           // this schema's own
	recursiveAnchor               bool             // of this schema
	dynamicAnchors                map[string]*node // of a resource

	types    kind
	constant *any
	enum     []any
	hasEnum  bool
	format   string
	fits     func(string) error // the format's check

	not, then, otherwise, condition *node
	allOf, anyOf, oneOf             []*node

	minProperties, maxProperties *int
	required                     []string
	properties                   map[string]*node
	patternProperties            []patternNode
	additionalProperties         rest
	propertyNames                *node
	dependencies                 []dependency // sorted by keyword, then by property
	unevaluatedProperties        *node

	minItems, maxItems       *int
	uniqueItems              bool
	items                    []*node // the first items, each with a schema of its own
	additionalItems          rest    // the items after them
	contains                 *node
	minContains, maxContains *int
	unevaluatedItems         *node

	minLength, maxLength *int
	pattern              *regexp.Regexp

	minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf *big.Rat
}

// rest is the schema for what the schemas with a name or an index leave over.
type rest struct {
	*node
	given   bool
	refuses bool // says false, not a schema
}

type patternNode struct {
	*node
	pattern *regexp.Regexp
}

// dependency is what a property asks of the object that has it.
type dependency struct {
	property string
	schema   *node // or else
	required []string
}

// kind is a set of types of values.
type kind uint8

const (
	kindNull kind = 1 << iota
	kindBoolean
	kindNumber
	kindInteger
	kindString
	kindArray
	kindObject
)

var kindNames = []string{"null", "boolean", "number", "integer", "string", "array", "object"}

func kindOfName(name any) kind {
	for i, n := range kindNames {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// names are the types of a set.
func (k kind) names() []string {
	var names []string
	for i, n := range kindNames {
		if k&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}
