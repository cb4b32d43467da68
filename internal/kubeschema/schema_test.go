package kubeschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const document = `{"definitions": {
  "io.k8s.api.core.v1.Pod": {
    "type": "object", "required": ["spec"],
    "properties": {
      "apiVersion": {"type": "string"}, "kind": {"type": "string"},
      "spec": {"$ref": "#/definitions/io.k8s.api.core.v1.PodSpec"}
    },
    "x-kubernetes-group-version-kind": [{"group": "", "kind": "Pod", "version": "v1"}]
  },
  "io.k8s.api.core.v1.PodSpec": {
    "type": "object", "required": ["name"],
    "properties": {
      "name": {"type": "string"},
      "policy": {"type": "string", "enum": ["cert sign", "Never"]},
      "ports": {"type": "array", "items": {"$ref": "#/definitions/Port"}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"]},
      "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
      "limits": {"type": "object", "additionalProperties": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity"}},
      "target": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
      "data": {"type": "string", "format": "byte"},
      "weight": {"type": "number"}, "flag": {"type": "boolean"}, "anything": {}
    }
  },
  "Port": {"type": "object", "properties": {"port": {"type": "integer"}, "protocol": {"type": "string"}}},
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"}
}}`

func parse(t *testing.T, text string) *Schema {
	t.Helper()
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func problems(t *testing.T, s *Schema, gvk, object string) []string {
	t.Helper()
	var fields map[string]any
	if err := yaml.Unmarshal([]byte(object), &fields); err != nil {
		t.Fatal(err)
	}
	i := strings.LastIndexByte(gvk, '/')
	kind := s.Kind(gvk[:i], gvk[i+1:])
	if kind == nil {
		t.Fatal("no kind", gvk)
	}
	var list []string
	for _, p := range s.Validate(kind, fields) {
		list = append(list, p.Where()+" "+p.Message)
	}
	return list
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name, object string
		want         []string
	}{
		{"good", `{apiVersion: v1, kind: Pod, status: {x: 1}, spec: {name: a, policy: "cert sign", finalizers: [a, b], limits: {cpu: 1, memory: 1Gi},
			target: http, data: YQ==, weight: 1.5, flag: on, anything: [{}], ports: [{port: 1}, {port: 1, protocol: UDP}]}}`, nil},
		{"null is nothing", `{spec: {name: a, policy: null, ports: null, limits: {cpu: null}}}`, nil},
		{"an empty text is the default", `{spec: {name: a, policy: ""}}`, nil},
		{"missing", `{kind: Pod}`, []string{"spec is required"}},
		{"null where needed", `{spec: {name: null}}`, []string{"spec.name is required"}},
		{"unknown", `{spec: {name: a, polcy: a, zzz: 1}}`, []string{"spec.polcy is no field: did you mean policy?", "spec.zzz is no field"}},
		{"types", `{spec: {name: 1.10, policy: [], ports: {}, limits: 1, target: true, data: 1, weight: "1", flag: "on"}}`, []string{
			"spec.data must be text in base64, not a number", "spec.flag must be true or false, not text", "spec.limits must be a mapping, not a number", "spec.name must be text, not a fraction",
			"spec.policy must be text, not a list", "spec.ports must be a list, not a mapping",
			"spec.target must be a number or text, not true", "spec.weight must be a number, not text",
		}},
		{"texts", `{spec: {name: a, policy: Nver, data: "a b", limits: {cpu: 1 core}}}`, []string{
			"spec.data is not base64", "spec.limits.cpu is no quantity such as 100m, 1.5, 512Mi or 2Gi", "spec.policy must be one of cert sign, Never",
		}},
		{"twice", `{spec: {name: a, finalizers: [a, a], ports: [{port: 1}, {port: 2}, {port: 1, protocol: TCP}, {port: 1.5}]}}`, []string{
			"spec.finalizers[1] stands twice: a is also item 0 of the list",
			"spec.ports[2] stands twice: port 1, protocol TCP is also item 0 of the list",
			"spec.ports[3].port must be a whole number, not a fraction",
		}},
	}
	s := parse(t, document)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, s, "v1/Pod", tt.object)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestEncode writes two versions as one text and reads each back as it was.
func TestEncode(t *testing.T) {
	older := parse(t, strings.Replace(document, `"weight": {"type": "number"}, `, "", 1))
	newer := parse(t, document)
	older.Version, newer.Version = "1.1", "1.2"
	var text bytes.Buffer
	if err := Encode(&text, []*Schema{older, newer}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "=Port 3\n"); n != 1 {
		t.Errorf("a definition that both have stands %d times:\n%s", n, &text)
	}
	for i, want := range []*Schema{older, newer} {
		got, err := decode(text.String(), i)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.definitions, got.definitions); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", i, diff)
		}
		if diff := cmp.Diff(want.kinds, got.kinds); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", i, diff)
		}
	}
	if got := served(text.String(), "v1/Pod"); !slices.Equal(got, []string{"1.1", "1.2"}) {
		t.Errorf("served by %v", got)
	}
}

func TestEncodeNested(t *testing.T) {
	s := parse(t, `{"definitions": {"A": {"type": "object", "properties": {"b": {"type": "object", "properties": {"c": {"type": "string"}}}}}}}`)
	if err := Encode(&bytes.Buffer{}, []*Schema{s}); err == nil {
		t.Error("an object inside another was written")
	}
}

// TestEmbedded reads all schemas that ship.
func TestEmbedded(t *testing.T) {
	versions, err := Versions()
	if err != nil || len(versions) < 8 || versions[0] != "1.29" {
		t.Fatal(versions, err)
	}
	for _, version := range versions {
		s, err := Of(version)
		if err != nil {
			t.Fatal(err)
		}
		if s.Version != version || !s.Exact || s.Kind("apps/v1", "Deployment") == nil || s.Metadata() == nil {
			t.Errorf("the schema of %s is %s, exact %v", version, s.Version, s.Exact)
		}
		for name, d := range s.definitions {
			for field, f := range d.Fields {
				for ; f != nil; f = f.Elem {
					if f.Ref != "" && s.definitions[f.Ref] == nil {
						t.Errorf("%s: %s.%s refers to %s, which is not there", version, name, field, f.Ref)
					}
				}
			}
		}
	}
	if len(embedded) > 1<<20 {
		t.Errorf("the schemas take %d bytes", len(embedded))
	}
}

func TestOf(t *testing.T) {
	tests := []struct {
		version, want string
		exact         bool
	}{
		{"v1.33.4-gke.1", "1.33", true}, {"1.30+", "1.30", true}, {"1.20", "1.29", false}, {"v1.99.0", "1.36", false}, {"", "1.36", true}, {"stable", "1.36", false},
	}
	for _, tt := range tests {
		s, err := Of(tt.version)
		if err != nil {
			t.Fatal(err)
		}
		if s.Version != tt.want || s.Exact != tt.exact {
			t.Errorf("Of(%q) is %s, exact %v", tt.version, s.Version, s.Exact)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{"", "[]", "{}", `{"definitions": {}}`, `{"definitions": []}`} {
		if s, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q is a schema of %d kinds", text, len(s.kinds))
		}
	}
	if _, err := Parse([]byte("{")); !isSyntax(err) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func isSyntax(err error) bool {
	_, ok := errors.AsType[*json.SyntaxError](err)
	return ok
}

// TestCircle follows references that lead back to themselves.
func TestCircle(t *testing.T) {
	s := parse(t, `{"definitions": {
		"A": {"$ref": "#/definitions/B"}, "B": {"$ref": "#/definitions/A"},
		"K": {"type": "object", "properties": {"a": {"$ref": "#/definitions/A"}, "k": {"$ref": "#/definitions/K"}, "gone": {"$ref": "#/definitions/Gone"}},
			"x-kubernetes-group-version-kind": [{"group": "x", "version": "v1", "kind": "K"}]}}}`)
	if got := problems(t, s, "x/v1/K", "{a: 1, gone: 1, k: {k: {k: {z: 1}}}}"); len(got) != 1 || got[0] != "k.k.k.z is no field" {
		t.Errorf("%q", got)
	}
}

// FuzzParse reads what a cluster might answer and holds an object against it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(`{"definitions": {"A": {"type": "object", "properties": {"b": {"type": "array"}}, "required": [1], "x-kubernetes-group-version-kind": [{"kind": "A", "version": "v1"}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		for gvk := range s.kinds {
			i := strings.LastIndexByte(gvk, '/')
			object := map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": 1.0}}, "name": true}, "b": []any{nil, 1.0}}
			if got := s.Validate(s.Kind(gvk[:i], gvk[i+1:]), object); len(got) > maxProblems {
				t.Errorf("%d problems", len(got))
			}
			s.Versions(gvk[:i], gvk[i+1:])
			s.Kinds(gvk[:i])
		}
	})
}

// FuzzDecode reads the text of the embedded schemas, damaged.
func FuzzDecode(f *testing.F) {
	f.Add("versions 1.1 1.2\n=A 3 v1/A\na! s{a|b}\nb [x,y]&B\n=B 1\n: <>[]q\n", 1)
	f.Fuzz(func(_ *testing.T, text string, version int) {
		if version < 0 || version > 63 {
			return
		}
		if _, err := decode(text, version); err == nil && strings.HasPrefix(text, "versions ") {
			served(text, "v1/A")
		}
	})
}
