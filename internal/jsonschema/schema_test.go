package jsonschema_test

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/jsonschema"
)

const (
	draft4    = `{"$schema": "http://json-schema.org/draft-04/schema#", `
	draft6    = `{"$schema": "http://json-schema.org/draft-06/schema#", `
	draft7    = `{"$schema": "http://json-schema.org/draft-07/schema#", `
	draft2019 = `{"$schema": "https://json-schema.org/draft/2019-09/schema", `
	draft2020 = `{`
)

// table has each keyword in each draft that means something else by it.
var table = []struct {
	schema       string
	fits, breaks []string
}{
	{draft2020 + `"type": "integer"}`, []string{"1", "1.0", "-3"}, []string{"1.5", `"1"`, "null"}},
	{draft4 + `"type": ["string", "null"]}`, []string{`""`, "null"}, []string{"1", "{}"}},
	{draft2020 + `"type": "number"}`, []string{"1", "1.5"}, []string{"true", "[]"}},
	{draft2020 + `"enum": [1, "a", null, {"b": [1.0]}]}`, []string{"1", "1.0", `"a"`, "null", `{"b": [1]}`}, []string{"2", "false", `{"b": [2]}`}},
	{draft2020 + `"enum": ["a", 70000]}`, []string{`"a"`}, []string{`"b"`}},
	{draft6 + `"const": {"a": 1}}`, []string{`{"a": 1.0}`}, []string{`{"a": 2}`, "1"}},
	{draft4 + `"const": 1}`, []string{"2"}, nil},
	{draft2020 + `"multipleOf": 0.1}`, []string{"0.3", "1"}, []string{"0.35"}},
	{draft2020 + `"minimum": 1, "maximum": 65535}`, []string{"1", "65535", `"x"`}, []string{"0.5", "65536"}},
	{draft4 + `"minimum": 1, "exclusiveMinimum": true, "maximum": 3, "exclusiveMaximum": true}`, []string{"2"}, []string{"1", "3"}},
	{draft6 + `"exclusiveMinimum": 1, "exclusiveMaximum": 3}`, []string{"2"}, []string{"1", "3"}},
	{draft2020 + `"minLength": 2, "maxLength": 3}`, []string{`"éé"`, `"abc"`, "1"}, []string{`"é"`, `"abcd"`}},
	{draft2020 + `"pattern": "^a+$"}`, []string{`"aa"`, "1"}, []string{`"b'\""`}},
	{draft2020 + `"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}`, []string{`["a", 1]`, "[]"}, []string{"[1]", `["a", "b"]`}},
	{draft2020 + `"prefixItems": [{}], "items": false}`, []string{"[1]"}, []string{"[1, 2]"}},
	{draft7 + `"items": [{"type": "string"}], "additionalItems": false}`, []string{`["a"]`}, []string{`["a", 1]`, "[1]"}},
	{draft7 + `"items": [{}], "additionalItems": {"type": "integer"}}`, []string{`["a", 1]`}, []string{`["a", "b"]`}},
	{draft7 + `"items": {"type": "string"}, "additionalItems": false}`, []string{`["a", "b"]`}, []string{"[1]"}},
	{draft6 + `"contains": {"const": 1}}`, []string{"[2, 1]"}, []string{"[2]", "[]"}},
	{draft2019 + `"contains": {"const": 1}, "minContains": 2, "maxContains": 2}`, []string{"[1, 1]"}, []string{"[1]", "[1, 1, 1]", "[]"}},
	{draft2020 + `"contains": {"const": 1}, "minContains": 0}`, []string{"[]"}, nil},
	{draft2020 + `"minItems": 1, "maxItems": 2, "uniqueItems": true}`, []string{`[1, "1"]`}, []string{"[]", "[1, 1.0]", "[1, 2, 3]", `[{"a": 1, "b": 2}, {"b": 2, "a": 1}]`}},
	{draft2020 + `"properties": {"a": {"type": "string"}}, "patternProperties": {"^b": {"type": "integer"}}, "additionalProperties": false}`, []string{`{"a": "x", "bb": 1}`}, []string{`{"a": 1}`, `{"b": "x"}`, `{"c": 1, "d": 1}`}},
	{draft2020 + `"additionalProperties": {"type": "string"}}`, []string{`{"a": "x"}`}, []string{`{"a": 1, "b": 2}`}},
	{draft6 + `"propertyNames": {"maxLength": 1}}`, []string{`{"a": 1}`}, []string{`{"ab": 1}`}},
	{draft2020 + `"required": ["a", "b"], "minProperties": 2, "maxProperties": 3}`, []string{`{"a": 1, "b": 2}`}, []string{`{"a": 1}`, "{}", `{"a": 1, "b": 2, "c": 3, "d": 4}`}},
	{draft7 + `"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}`, []string{`{"a": 1, "b": 1}`, `{"c": 1, "d": 1}`}, []string{`{"a": 1}`, `{"c": 1}`}},
	{draft2019 + `"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}}`, []string{`{"a": 1, "b": 1}`}, []string{`{"a": 1}`, `{"c": 1}`}},
	{draft2020 + `"allOf": [{"type": "integer"}, {"minimum": 2}]}`, []string{"2"}, []string{"1", `"a"`, "1.5"}},
	{draft2020 + `"anyOf": [{"type": "integer"}, {"minimum": 2}]}`, []string{"1", "2.5"}, []string{"1.5"}},
	{draft2020 + `"oneOf": [{"type": "integer"}, {"minimum": 2}]}`, []string{"1", "2.5"}, []string{"1.5", "3"}},
	{draft2020 + `"not": {"type": "integer"}}`, []string{"1.5"}, []string{"1"}},
	{draft7 + `"if": {"type": "integer"}, "then": {"minimum": 2}, "else": {"type": "string"}}`, []string{"2", `"a"`}, []string{"1", "1.5"}},
	{draft6 + `"if": {"type": "integer"}, "then": {"minimum": 2}}`, []string{"1"}, nil},
	{draft7 + `"properties": {"a": {"$ref": "#/definitions/b", "type": "integer"}}, "definitions": {"b": {"type": "string"}}}`, []string{`{"a": "x"}`}, []string{`{"a": 1}`}},
	{draft2019 + `"properties": {"a": {"$ref": "#/$defs/b", "maxLength": 1}}, "$defs": {"b": {"type": "string"}}}`, []string{`{"a": "x"}`}, []string{`{"a": 1}`, `{"a": "xx"}`}},
	{draft2020 + `"$ref": "#/$defs/a~1b~0%25", "$defs": {"a/b~%": {"type": "string"}}}`, []string{`"a"`}, []string{"1"}},
	{draft2020 + `"$id": "https://example.com/a/", "$ref": "b#c", "$defs": {"x": {"$id": "b", "$defs": {"y": {"$anchor": "c", "type": "string"}}}}}`, []string{`"a"`}, []string{"1"}},
	{draft4 + `"id": "http://example.com/", "properties": {"a": {"$ref": "#b"}}, "definitions": {"x": {"id": "#b", "type": "string"}}}`, []string{`{"a": "x"}`}, []string{`{"a": 1}`}},
	{draft2020 + `"$id": "https://example.com/tree", "$dynamicAnchor": "node", "properties": {"in": {"type": "array", "items": {"$dynamicRef": "#node"}}}, "unevaluatedProperties": false}`, []string{`{"in": [{"in": []}]}`}, []string{`{"in": [{"out": 1}]}`}},
	{draft2019 + `"$recursiveAnchor": true, "properties": {"in": {"$recursiveRef": "#"}}, "additionalProperties": false}`, []string{`{"in": {"in": {}}}`}, []string{`{"in": {"out": {}}}`}},
	{draft2020 + `"properties": {"a": {}}, "anyOf": [{"properties": {"b": {"type": "string"}}}, {"properties": {"c": {}}}], "unevaluatedProperties": false}`, []string{`{"a": 1, "b": "x", "c": 1}`}, []string{`{"b": 1, "d": 1}`}},
	{draft2020 + `"prefixItems": [{}], "contains": {"type": "string"}, "unevaluatedItems": {"type": "integer"}}`, []string{`[null, "a", 1]`}, []string{`["a", null]`}},
	{draft7 + `"format": "ipv4"}`, []string{`"1.2.3.4"`, "1"}, []string{`"1.2.3"`, `"1.2.3.400"`, `"1.2.3.04"`}},
	{draft2020 + `"format": "ipv4"}`, []string{`"x"`}, nil},
	{draft7 + `"contentMediaType": "application/json", "contentEncoding": "base64"}`, []string{`"{"`}, nil},
	{draft7 + `"properties": {"a": true, "b": false}}`, []string{`{"a": 1}`}, []string{`{"b": 1}`}},
	{"true", []string{"1"}, nil},
	{"false", nil, []string{"1"}},
	{draft2020 + `"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema"}, "b": {"$ref": "http://json-schema.org/draft-07/schema#"}}}`, []string{`{"a": {"type": "string"}, "b": true}`}, []string{`{"a": {"type": "text"}}`, `{"b": 1}`}},
	{draft2020 + `"$ref": "urn:example:x"}`, []string{"1"}, nil},
	{draft2020 + `"$defs": {"unused": {"$ref": "#/none"}}}`, []string{"1"}, nil},
	{draft2020 + `"$ref": "#"}`, nil, []string{"1"}},
	{draft2020 + `"allOf": [{"$id": "a", "$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}]}`, []string{`["a"]`}, []string{"[1]"}},
}

func TestKeywords(t *testing.T) {
	for _, test := range table {
		s, err := jsonschema.Compile(t.Context(), []byte(test.schema), jsonschema.Options{URL: home, Load: load})
		if err != nil {
			t.Errorf("%s: %v", test.schema, err)
			continue
		}
		for i, text := range append(test.fits, test.breaks...) {
			v, err := decode([]byte(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			found, err := s.Validate(t.Context(), v)
			if want := i < len(test.fits); err != nil || want != (len(found) == 0) {
				t.Errorf("%s for %s finds %v %v, want it to fit: %v", test.schema, text, found, err, want)
			}
			compare(t, []byte(test.schema), []byte(text))
		}
	}
}

// refused are schemas that say nothing.
var refused = map[string]string{
	`{"type": "text"}`:                                  "at '/type'",
	`{"type": []}`:                                      "at '/type'",
	`{"pattern": "("}`:                                  "is not valid regex",
	`{"$ref": "#/none"}`:                                "not found",
	`{"$ref": "#none"}`:                                 "anchor",
	`{"$ref": "x.json"}`:                                "not here",
	`{"$ref": "http://x/"}`:                             "not here",
	`{"$schema": "http://x/"}`:                          "not here",
	`{"$schema": "file:///values.schema.json"}`:         "not supported",
	`{"$defs": {"a": {"$id": "x"}, "b": {"$id": "x"}}}`: "duplicate id",
	`{"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}`: "duplicate anchor",
	`{"$defs": {"a": {"minLength": -1}}}`:                       "at '/$defs/a/minLength'",
	`{"$ref": "#/x", "x": {"type": 1}}`:                         "at '/x/type'",
	draft4 + `"exclusiveMinimum": 1}`:                           "exclusiveMinimum",
	draft4 + `"required": []}`:                                  "at '/required'",
	`{"items": [{}]}`:                                           "at '/items'",
	`{"maximum": 1e99999}`:                                      "wants too much",
	`{} {}`:                                                     "no JSON",
	`{"allOf": [{"$id": "x", "$schema": "http://json-schema.org/draft-04/schema#"}]}`: "",
}

func TestRefused(t *testing.T) {
	for text, want := range refused {
		_, err := jsonschema.Compile(t.Context(), []byte(text), jsonschema.Options{URL: home, Load: load})
		if want == "" {
			if err != nil {
				t.Errorf("%s: error %v, want none", text, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
		compare(t, []byte(text), []byte("1"))
	}
}
