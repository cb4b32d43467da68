package chart

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// ValueSources are the ways to give values, as the flags of the same names.
// Within one way later entries win; among them the order of the fields is the
// order of application, so Literal wins over all (facts/helm-format.md 4.13).
type ValueSources struct {
	Files   []string // -f: values files
	JSON    []string // --set-json: an object, or key=json pairs
	Set     []string // --set
	String  []string // --set-string
	File    []string // --set-file: key=path
	Literal []string // --set-literal
}

// MergeValues merges all sources into the user-supplied values. read returns
// the bytes of a values file or of a file named in --set-file; what "-" or a
// URL means is for read to decide. Parsing touches nothing else.
func MergeValues(src ValueSources, read func(path string) ([]byte, error)) (map[string]any, error) {
	values := map[string]any{}
	for _, name := range src.Files {
		data, err := read(name)
		if err != nil {
			return nil, fmt.Errorf("values file %s: %w", name, err)
		}
		file, err := ParseValues(data)
		if err != nil {
			return nil, fmt.Errorf("values file %w", yaml.InFile(name, data, err))
		}
		values = MergeMaps(values, file)
	}
	for _, expr := range src.JSON {
		var err error
		if values, err = mergeJSON(expr, values); err != nil {
			return nil, fmt.Errorf("%s: %w", setName("--set-json", expr), err)
		}
	}
	fromFile := func(expr string, into map[string]any) error { return ParseSetFile(expr, into, read) }
	for _, flag := range []struct {
		name  string
		exprs []string
		parse func(string, map[string]any) error
	}{
		{"--set", src.Set, ParseSet},
		{"--set-string", src.String, ParseSetString},
		{"--set-file", src.File, fromFile},
		{"--set-literal", src.Literal, ParseSetLiteral},
	} {
		for _, expr := range flag.exprs {
			if err := flag.parse(expr, values); err != nil {
				return nil, fmt.Errorf("%s: %w", setName(flag.name, expr), err)
			}
		}
	}
	return values, nil
}

func mergeJSON(expr string, values map[string]any) (map[string]any, error) {
	if trimmed := strings.TrimSpace(expr); strings.HasPrefix(trimmed, "{") {
		var object map[string]any
		if err := json.Unmarshal([]byte(trimmed), &object); err != nil {
			return nil, jsonError(err)
		}
		return MergeMaps(values, object), nil
	}
	return values, parseSetJSON(expr, values)
}

// MaxFile is how many bytes a values file or a file of --set-file may have.
const MaxFile = yaml.MaxBytes
