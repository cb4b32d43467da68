package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestDiff(t *testing.T) {
	live := parsed(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, uid: u, resourceVersion: "1", generation: 1, managedFields: [{manager: a}], labels: {app.kubernetes.io/name: web}}
spec:
  replicas: 1
  gone: old
  template: {spec: {containers: [{name: a, image: "a:1"}, {name: b, image: "b:1"}]}}
  args: [one, two]
status: {replicas: 1}
`)
	result := parsed(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, uid: u, resourceVersion: "2", generation: 2, managedFields: [{manager: b}], labels: {app.kubernetes.io/name: shop}}
spec:
  replicas: 3
  template: {spec: {containers: [{name: new, image: "n:1"}, {name: a, image: "a:2"}, {name: b, image: "b:1"}]}}
  args: [one, three, four]
status: {replicas: 9}
`)
	want := []Field{
		{Path: "metadata.labels[app.kubernetes.io/name]", Old: "web", New: "shop"},
		{Path: "spec.args[1]", Old: "two", New: "three"},
		{Path: "spec.args[2]", Old: nil, New: "four"},
		{Path: "spec.gone", Old: "old", New: nil},
		{Path: "spec.replicas", Old: int64(1), New: int64(3)},
		{Path: "spec.template.spec.containers[a].image", Old: "a:1", New: "a:2"},
		{Path: "spec.template.spec.containers[new]", Old: nil, New: map[string]any{"name": "new", "image": "n:1"}},
	}
	if d := cmp.Diff(want, Diff(live, result)); d != "" {
		t.Error(d)
	}
	if d := Diff(live, live); len(d) > 0 {
		t.Errorf("an object differs from itself: %v", d)
	}
	if live.GetResourceVersion() != "1" {
		t.Error("diff changed the live object")
	}
}

func TestDiffMasksSecrets(t *testing.T) {
	secret := func(data string) *unstructured.Unstructured {
		return parsed(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: "+data+"\n")
	}
	got := Diff(secret(`{a: b2xkLXZhbHVl, same: eA==}`), secret(`{a: bmV3LXZhbHVl, same: eA==, b: cGx1cw==}`))
	want := []Field{
		{Path: "data.a", Old: "(secret, 9 bytes)", New: "(secret, 9 bytes)"},
		{Path: "data.b", New: "(secret, 6 bytes)"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	whole := Diff(secret("{}"), secret("{a: c2VjcmV0}"))
	if d := cmp.Diff([]Field{{Path: "data.a", New: "(secret, 6 bytes)"}}, whole); d != "" {
		t.Error(d)
	}
}
