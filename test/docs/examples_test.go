package docs_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/pipeline/config"
)

// exampleTree is the repository that the examples speak of.
var exampleTree = []string{
	"services/catalog/chart/Chart.yaml", "services/cart/chart/Chart.yaml", "services/web/helm/web/Chart.yaml", "charts/mysql/Chart.yaml",
	"services/cart/package.json", "deploy/dev.yaml", "deploy/redis.yaml", "deploy/changelog.tmpl", "libs/proto/cart.proto",
	"VERSION", "pom.xml", "package.json", "README.md",
}

// TestExamples holds that each key of pintle.yaml has an example, and that each
// example is a pintle.yaml that the strict loader takes.
func TestExamples(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
			AnyOf      []struct {
				Properties map[string]any `json:"properties"`
			} `json:"anyOf"`
		} `json:"$defs"`
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	sections := map[string]map[string]any{"file": schema.Properties}
	for name, def := range schema.Defs {
		sections[strings.ToLower(name)] = def.Properties
		for _, form := range def.AnyOf {
			if form.Properties != nil {
				sections[strings.ToLower(name)] = form.Properties
			}
		}
	}
	if len(schema.Properties) == 0 {
		t.Fatal("the schema has no keys at its root")
	}
	keys := 0
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		if len(sections[section]) == 0 {
			continue
		}
		t.Run(section, func(t *testing.T) {
			text := loadExample(t, section)
			shown := shownKeys(t, text)
			for key := range sections[section] {
				keys++
				if !shown[key] {
					t.Errorf("no example of %s", key)
				}
			}
		})
	}
	if keys < 80 {
		t.Errorf("%d keys found: the schema was read wrong", keys)
	}
}

// loadExample loads the example of a section of docs/config.md.
func loadExample(t *testing.T, section string) string {
	t.Helper()
	text := read(t, filepath.Join(root, "examples/config", section+".yaml"))
	tree := fstest.MapFS{config.FileName: {Data: []byte(text)}}
	for _, file := range exampleTree {
		data := "a: 1\n"
		if strings.HasSuffix(file, "Chart.yaml") {
			data = "apiVersion: v2\nname: " + filepath.Base(filepath.Dir(file)) + "\nversion: 0.1.0\n"
		}
		tree[file] = &fstest.MapFile{Data: []byte(data)}
	}
	if _, err := config.Load(tree, config.FileName); err != nil {
		t.Errorf("the example is refused: %v", err)
	}
	return text
}

// shownKeys are the keys of all mappings of a YAML document.
func shownKeys(t *testing.T, text string) map[string]bool {
	t.Helper()
	var document any
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	var visit func(value any)
	visit = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, below := range v {
				keys[key] = true
				visit(below)
			}
		case []any:
			for _, below := range v {
				visit(below)
			}
		}
	}
	visit(document)
	return keys
}
