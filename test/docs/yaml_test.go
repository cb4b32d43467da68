package docs_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/jsonschema"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// TestYAMLBlocks holds that each block of YAML in a page is YAML, and that one
// with the keys of pintle.yaml has those that exist.
func TestYAMLBlocks(t *testing.T) {
	schema, err := jsonschema.Compile(t.Context(), config.Schema(), jsonschema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var top struct{ Properties map[string]any }
	if err := json.Unmarshal(config.Schema(), &top); err != nil {
		t.Fatal(err)
	}
	keys := top.Properties
	checked := 0
	for _, page := range userPages(t) {
		for _, b := range blocks(t, page) {
			if b.lang != "yaml" || strings.Contains(b.text, "{{") || name(page) == "docs/lint.md" {
				continue // a template is no YAML, and in lint.md stands what is wrong beside what is right
			}
			var document map[string]any
			if err := yaml.Unmarshal([]byte(b.text), &document); err != nil {
				t.Errorf("%s: %v", b.at(), err)
				continue
			}
			if !isConfig(document, keys) {
				continue
			}
			checked++
			document["apiVersion"], document["project"] = config.APIVersion, "shop"
			violations, err := schema.Validate(t.Context(), asJSON(t, document))
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range violations {
				t.Errorf("%s: %v", b.at(), v)
			}
		}
	}
	if checked < 30 {
		t.Errorf("%d examples of pintle.yaml found: the search finds too few", checked)
	}
}

// isConfig reports whether a document has keys of pintle.yaml and no others, but
// for those that a pipeline of GitLab has too.
func isConfig(document, keys map[string]any) bool {
	for key := range document {
		if _, ok := keys[key]; !ok {
			return false
		}
	}
	version, ok := document["version"].(map[string]any)
	return len(document) > 0 && (!ok || version["stage"] == nil)
}

// asJSON is a document of YAML as one of JSON is decoded.
func asJSON(t *testing.T, document any) any {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
