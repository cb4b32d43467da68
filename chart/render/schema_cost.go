package render

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of validation, which cannot be interrupted: two references to the next
// of forty definitions make 2^40 visits of a schema.
const (
	maxSchemaBytes   = 8 << 20
	maxSchemaObjects = 20_000 // the compiler looks for each among all
	maxSchemaDepth   = 256
	maxSchemaDynamic = 16        // references whose target depends on the way to them
	maxSchemaVisits  = 2_000_000 // of a schema with a value
)

// checkSchemaText refuses a schema that cannot be compiled in time.
func checkSchemaText(text []byte) error {
	dynamic := bytes.Count(text, []byte(`"$dynamicRef"`)) + bytes.Count(text, []byte(`"$recursiveRef"`))
	if len(text) > maxSchemaBytes || bytes.Count(text, []byte("{")) > maxSchemaObjects || dynamic > maxSchemaDynamic {
		return fmt.Errorf("%w: a schema of more than %d MiB, %d objects or %d dynamic references",
			ErrLimit, maxSchemaBytes>>20, maxSchemaObjects, maxSchemaDynamic)
	}
	if jsonDepth(text) > maxSchemaDepth {
		return limitf("a schema of more than %d levels", maxSchemaDepth)
	}
	return nil
}

// jsonDepth is how deeply objects and lists of a JSON text are nested.
func jsonDepth(text []byte) (deepest int) {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// checkSchemaCost refuses to validate what would take too many visits.
func checkSchemaCost(s *jsonschema.Schema, values any) error {
	c := &schemaCost{visits: map[schemaVisit]int{}}
	if c.of(s, values) > maxSchemaVisits {
		return limitf("validation in more than %d steps", maxSchemaVisits)
	}
	return nil
}

// schemaCost counts visits of schemas with values, none more than once.
type schemaCost struct {
	visits map[schemaVisit]int // 1 while it is being counted
}

type schemaVisit struct {
	schema *jsonschema.Schema
	value  uintptr // of a map or a list; all scalars are alike
	length int
}

func (c *schemaCost) of(s *jsonschema.Schema, v any) int {
	if s == nil || s.Bool != nil {
		return 1
	}
	key := schemaVisit{schema: s}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Map || r.Kind() == reflect.Slice {
		key.value, key.length = r.Pointer(), r.Len()+1
	}
	if n, ok := c.visits[key]; ok {
		return n
	}
	if len(c.visits) > maxSchemaVisits {
		return maxSchemaVisits + 1
	}
	c.visits[key] = 1
	n := 1 + c.inPlace(s, v)
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			n = c.add(n, e, propertySchemas(s, name)...)
		}
	case []any:
		for i, e := range v {
			n = c.add(n, e, itemSchemas(s, i)...)
		}
	}
	c.visits[key] = n
	return n
}

// add adds the visits of several schemas with one value; above the bound it
// does not matter by how much.
func (c *schemaCost) add(n int, v any, schemas ...*jsonschema.Schema) int {
	for _, s := range schemas {
		if s != nil && n <= maxSchemaVisits {
			n += c.of(s, v)
		}
	}
	return n
}

// inPlace counts the schemas that look at the same value.
func (c *schemaCost) inPlace(s *jsonschema.Schema, v any) int {
	n := c.add(0, v, s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else)
	if s.DynamicRef != nil {
		n = c.add(n, v, s.DynamicRef.Ref)
	}
	if s.Enum != nil {
		n += len(s.Enum.Values) / 16
	}
	for _, list := range [][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		n = c.add(n, v, list...)
	}
	for _, dependent := range s.DependentSchemas {
		n = c.add(n, v, dependent)
	}
	for _, dependent := range s.Dependencies {
		if d, ok := dependent.(*jsonschema.Schema); ok {
			n = c.add(n, v, d)
		}
	}
	return n
}

func propertySchemas(s *jsonschema.Schema, name string) []*jsonschema.Schema {
	out := []*jsonschema.Schema{s.Properties[name], s.PropertyNames, s.UnevaluatedProperties}
	for _, p := range s.PatternProperties {
		out = append(out, p)
	}
	if p, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		out = append(out, p)
	}
	return out
}

func itemSchemas(s *jsonschema.Schema, i int) []*jsonschema.Schema {
	out := []*jsonschema.Schema{s.Contains, s.Items2020, s.UnevaluatedItems}
	if i < len(s.PrefixItems) {
		out = append(out, s.PrefixItems[i])
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		out = append(out, items)
	case []*jsonschema.Schema:
		if i < len(items) {
			out = append(out, items[i])
		}
	}
	if p, ok := s.AdditionalItems.(*jsonschema.Schema); ok {
		out = append(out, p)
	}
	return out
}

// schemaRegexp is a regular expression of a schema.
type schemaRegexp struct{ *regexp.Regexp }

// newSchemaRegexp compiles a regular expression as the schema library does.
func newSchemaRegexp(pattern string) (jsonschema.Regexp, error) {
	if err := checkRegex(pattern, ""); err != nil {
		return nil, err
	}
	r, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return schemaRegexp{r}, nil
}

// MatchString panics with a limit if matching would take too long.
func (r schemaRegexp) MatchString(s string) bool {
	if err := checkRegex(r.String(), s); err != nil {
		panic(err)
	}
	return r.Regexp.MatchString(s)
}
