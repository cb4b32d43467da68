package jsonschema_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/pintle-ci/pintle/internal/jsonschema"
	"github.com/pintle-ci/pintle/test/long"
)

// TestRandom compares us with the oracle for random schemas and values:
// PINTLE_RANDOM of them, or a few, or many with -long.
func TestRandom(t *testing.T) {
	n := long.Rounds(t, "PINTLE_RANDOM", 300, 30_000)
	seed := uint64(n)
	g := &generator{rand.New(rand.NewPCG(3, seed))}
	accepted := 0
	for range n {
		text, _ := json.Marshal(g.root())
		ours, err := jsonschema.Compile(t.Context(), text, jsonschema.Options{URL: home, Load: load})
		theirs, theirErr := newOracle(text, nil, false, load)
		if (err != nil) != (theirErr != nil) {
			t.Fatalf("compiling %s says\n%v, the oracle says\n%v", text, err, theirErr)
		}
		if err != nil {
			continue
		}
		accepted++
		for range 6 {
			both{text, ours, theirs}.compare(t, g.value(3))
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d accepted", accepted)
}

type generator struct{ *rand.Rand }

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) root() any {
	s, ok := g.schema(3).(map[string]any)
	if !ok {
		s = map[string]any{}
	}
	if u := pick(g, "", "", "http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-06/schema#",
		"http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema"); u != "" {
		s["$schema"] = u
	}
	defs := map[string]any{}
	for _, name := range []string{"a", "b", "c"} {
		defs[name] = g.schema(2)
	}
	s[pick(g, "$defs", "definitions", "$defs")] = defs
	return s
}

var keywords = []string{"type", "const", "enum", "minimum", "maxLength", "pattern", "items", "additionalItems", "prefixItems", "contains", "minContains",
	"maxContains", "uniqueItems", "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties", "dependencies",
	"dependentRequired", "dependentSchemas", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref", "$ref", "$ref", "$dynamicRef", "$recursiveRef", "$id", "id",
	"$anchor", "$dynamicAnchor", "$recursiveAnchor", "unevaluatedProperties", "unevaluatedItems", "format", "exclusiveMaximum", "multipleOf", "maxItems", "$schema"}

func (g *generator) schema(depth int) any {
	if depth == 0 || g.IntN(12) == 0 {
		return pick[any](g, true, false, map[string]any{}, map[string]any{"type": g.kind()}, map[string]any{"$ref": g.ref()})
	}
	s := map[string]any{}
	for range 1 + g.IntN(4) {
		k := pick(g, keywords...)
		s[k] = g.keyword(k, depth-1)
	}
	return s
}

func (g *generator) keyword(k string, depth int) any {
	switch k {
	case "type":
		return pick[any](g, g.kind(), []any{g.kind(), "null"})
	case "const":
		return g.value(2)
	case "enum":
		return []any{g.value(1), 1, "a", g.value(1)}
	case "minimum", "maxLength", "minContains", "maxContains", "minProperties", "maxItems":
		return g.IntN(3)
	case "exclusiveMaximum":
		return pick[any](g, 2, 2, 2, true)
	case "multipleOf":
		return pick[any](g, 0.5, 2, 0.1)
	case "pattern":
		return pick(g, "^a", "b$", "(")
	case "uniqueItems", "$recursiveAnchor":
		return true
	case "required":
		return []any{g.key()}
	case "dependentRequired":
		return map[string]any{g.key(): []any{g.key()}}
	case "dependencies":
		return map[string]any{g.key(): pick[any](g, []any{g.key()}, g.schema(depth))}
	case "properties", "patternProperties", "dependentSchemas":
		return map[string]any{g.key(): g.schema(depth), g.key(): g.schema(depth)}
	case "items":
		return pick[any](g, g.schema(depth), g.schema(depth), []any{g.schema(depth)})
	case "prefixItems", "allOf", "anyOf", "oneOf":
		return []any{g.schema(depth), g.schema(depth)}
	case "$ref", "$dynamicRef", "$recursiveRef":
		return pick(g, g.ref(), "#")
	case "$id", "id":
		return pick(g, "x", "y", "http://e/z", "#n", "x#n")
	case "$schema":
		return pick(g, "http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema", "urn:x")
	case "$anchor", "$dynamicAnchor":
		return pick(g, "n", "m")
	case "format":
		return pick(g, "ipv4", "date", "regex", "odd")
	}
	return g.schema(depth)
}

func (g *generator) ref() string {
	return pick(g, "#/$defs/a", "#/$defs/b", "#/definitions/a", "#/definitions/c", "#", "#n", "x", "x#n", "http://e/z", "y#/properties/a", "#/properties/a",
		"#/items", "#/dependencies/a", "#/allOf/0", "values.schema.json#/$defs/c", "urn:x")
}

func (g *generator) kind() string {
	return pick(g, "null", "boolean", "number", "integer", "string", "array", "object")
}

func (g *generator) key() string { return pick(g, "a", "b", "c", "ab") }

func (g *generator) value(depth int) any {
	if depth > 0 {
		switch g.IntN(3) {
		case 0:
			v := map[string]any{}
			for range g.IntN(4) {
				v[g.key()] = g.value(depth - 1)
			}
			return v
		case 1:
			v := []any{}
			for range g.IntN(4) {
				v = append(v, g.value(depth-1))
			}
			return v
		}
	}
	return pick[any](g, nil, true, false, 0.0, 1.0, 2.0, 1.5, int64(1), "a", "ab", "", "1.2.3.4")
}
