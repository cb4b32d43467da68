package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	generator "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// generate makes the schema of the Go types and their comments.
func generate(t *testing.T) []byte {
	t.Helper()
	r := &generator.Reflector{
		Anonymous:                  true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *generator.Schema {
			if t == reflect.TypeFor[time.Duration]() {
				return &generator.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`}
			}
			if t == reflect.TypeFor[Tags]() {
				return &generator.Schema{AnyOf: []*generator.Schema{{Type: "boolean"}, {Type: "string"}}}
			}
			return nil
		},
	}
	if err := r.AddGoComments("github.com/pintle-ci/pintle/pipeline/config", "./", generator.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	for name, comment := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(comment), " ")
	}
	s := r.Reflect(&Config{})
	s.ID = SchemaURL
	s.Title = "pintle.yaml"
	apiVersion, _ := s.Properties.Get("apiVersion")
	apiVersion.Const = APIVersion
	named(s, "services").AdditionalProperties = &generator.Schema{
		AnyOf: []*generator.Schema{{Ref: "#/$defs/Service"}, {Type: "null"}},
	}
	named(s, "services").MinProperties = new(uint64(1))
	named(s, "releases")
	named(s, "environments")
	image := s.Definitions["Image"]
	s.Definitions["Image"] = &generator.Schema{
		Description: image.Description,
		AnyOf: []*generator.Schema{
			{Type: "string"},
			{Type: "object", Properties: image.Properties, AdditionalProperties: image.AdditionalProperties},
		},
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// named makes the keys of a section DNS labels.
func named(s *generator.Schema, section string) *generator.Schema {
	property, _ := s.Properties.Get(section)
	property.PropertyNames = &generator.Schema{Pattern: label.Compiled().String()}
	return property
}

func TestSchemaIsGenerated(t *testing.T) {
	got := generate(t)
	if *update {
		if err := os.WriteFile("schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, Schema()) {
		t.Error("schema.json is not that of the types: run go generate ./pipeline/config")
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(SchemaURL, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile(SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// validate checks YAML text against the schema.
func validateText(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

func TestSchemaTakesGoodFiles(t *testing.T) {
	s := compileSchema(t)
	files, _ := filepath.Glob("testdata/good/*.yaml")
	if len(files) == 0 {
		t.Fatal("no files in testdata/good")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validateText(t, s, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compileSchema(t)
	for _, name := range []string{"unknown-keys", "types", "version-missing", "version-unknown", "not-a-mapping", "names", "nothing-to-deploy", "chinese"} {
		text, err := os.ReadFile("testdata/bad/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := validateText(t, s, text); err == nil {
			t.Errorf("the schema takes %s.yaml", name)
		}
	}
}

// TestSchemaRefusesUnknownKeys puts a stray key into every mapping of a file
// that says everything.
func TestSchemaRefusesUnknownKeys(t *testing.T) {
	s := compileSchema(t)
	text, err := os.ReadFile("testdata/good/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var mappings []map[string]any
	var walk func(key string, value any)
	walk = func(key string, value any) {
		m, ok := value.(map[string]any)
		if !ok || key == "set" {
			return
		}
		if key != "services" && key != "releases" && key != "environments" && key != "severity" && key != "images" {
			mappings = append(mappings, m)
		}
		for k, v := range m {
			walk(k, v)
		}
	}
	walk("", root)
	if len(mappings) < 10 {
		t.Fatalf("only %d mappings: everything.yaml does not say everything", len(mappings))
	}
	for _, m := range mappings {
		m["stray"] = true
		text, err := yaml.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		if err := validateText(t, s, text); err == nil {
			t.Errorf("the schema takes a stray key in %v", m)
		}
		if _, err := loadText(string(text)); err == nil || !strings.Contains(err.Error(), `unknown key "stray"`) {
			t.Errorf("Load takes a stray key in %v: %v", m, err)
		}
		delete(m, "stray")
	}
}
