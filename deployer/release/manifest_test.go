package release

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestParseManifest(t *testing.T) {
	text := `---
# Source: c/templates/empty.yaml
# nothing
---
# Source: c/templates/list.yaml
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- {apiVersion: v1, kind: Secret, metadata: {name: b}}
---
apiVersion: v1
kind: ConfigMapList
items:
- {metadata: {name: c}}
---
{apiVersion: v1, kind: Service, metadata: {name: d}, spec: {ports: [{port: 8080}]}}
`
	list, err := ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range list {
		got = append(got, o.GetKind()+"/"+o.GetName())
	}
	if diff := cmp.Diff([]string{"ConfigMap/a", "Secret/b", "ConfigMap/c", "Service/d"}, got); diff != "" {
		t.Error(diff)
	}
	port, _, _ := unstructured.NestedSlice(list[3].Object, "spec", "ports")
	if _, ok := port[0].(map[string]any)["port"].(int64); !ok {
		t.Errorf("a whole number is %T", port[0].(map[string]any)["port"])
	}
	for _, bad := range []string{"a: [", "just text", "kind: Pod", "apiVersion: v1\nkind: Pod", "apiVersion: v1\nkind: PodList\nitems: [1]"} {
		if _, err := ParseManifest("# Source: c/templates/bad.yaml\n" + bad); err == nil || !strings.Contains(err.Error(), "c/templates/bad.yaml") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// All who ask a revision for its objects get the same ones: nothing is read twice.
func TestRevisionReadsOnce(t *testing.T) {
	r := NewRevision(&Record{Manifest: "---\n# Source: c/templates/a.yaml\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\njust text\n"})
	docs := r.Documents()
	if len(docs) != 2 || docs[0].Source != "c/templates/a.yaml" {
		t.Fatalf("%d documents", len(docs))
	}
	first, err := docs[0].Objects()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.Documents()[0].Objects(); len(again) != 1 || again[0] != first[0] {
		t.Error("a document was read twice")
	}
	if _, err := r.Objects(); err == nil {
		t.Error("a document that cannot be read is no error")
	}
}
