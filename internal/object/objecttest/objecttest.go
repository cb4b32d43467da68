// Package objecttest makes Kubernetes objects for tests. It refuses to reach a cluster.
package objecttest

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Parse reads one object from YAML. Whole numbers are int64, as in a server's answer.
func Parse(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return o
}

// Of makes an object of a kind, of the name x and the generation 2, from its spec and status in YAML.
func Of(t testing.TB, apiVersion, kind, text string) *unstructured.Unstructured {
	t.Helper()
	var m map[string]any
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	data, err := yaml.Marshal(map[string]any{
		"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": "x", "generation": 2},
		"spec": m["spec"], "status": m["status"],
	})
	if err != nil {
		t.Fatal(err)
	}
	return Parse(t, string(data))
}
