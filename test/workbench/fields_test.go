package workbench

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// The rules must be able to fail.

func TestLacks(t *testing.T) {
	list := func(items ...any) any { return map[string]any{"list": items} }
	for name, c := range map[string]struct {
		want, live any
		differ     bool
	}{
		"equal":              {list("a", int64(1)), list("a", int64(1)), false},
		"more in the live":   {map[string]any{"a": "b"}, map[string]any{"a": "b", "c": "d"}, false},
		"a number as text":   {list("1"), list(int64(1)), true},
		"a longer list":      {list("a"), list("a", "b"), true},
		"a shorter list":     {list("a", "b"), list("a"), true},
		"a map missing":      {map[string]any{"a": map[string]any{"b": "c"}}, map[string]any{}, true},
		"another value":      {list(map[string]any{"a": true}), list(map[string]any{"a": false}), true},
		"another, of a name": {map[string]any{"a": "b"}, map[string]any{"c": "b"}, true},
	} {
		if path := lacks(c.want, c.live, false); (path != "") != c.differ {
			t.Errorf("%s: lacks says %q", name, path)
		}
	}
}

func TestLacksButMore(t *testing.T) {
	one, two := map[string]any{"name": "ONE", "value": "1"}, map[string]any{"name": "TWO", "value": "2"}
	if path := lacks([]any{two}, []any{one, two}, true); path != "" {
		t.Errorf("an item by another name is not passed: %s", path)
	}
	for _, live := range [][]any{{one}, {two, two}, {two, "one"}, {map[string]any{"name": "TWO", "value": "two"}}} {
		if lacks([]any{two}, live, true) == "" {
			t.Errorf("%v passes for %v", live, two)
		}
	}
}

func TestFieldsLeftBehind(t *testing.T) {
	b := &Bench{T: t}
	deployment := func(labels, pod, container string) map[string]any {
		text := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b" + labels + "}, annotations: {deployment.kubernetes.io/revision: '1'}}\n" +
			"spec: {replicas: 1, template: {metadata: {labels: {a: b" + pod + "}}, spec: {containers: [{name: main" + container + "}]}}}\n"
		return owned(b.ObjectsIn(text)["Deployment/web"])
	}
	plain := deployment("", "", "")
	if diff := gocmp.Diff(plain, deployment(", app.kubernetes.io/managed-by: Helm", "", ", imagePullPolicy: Always")); diff != "" {
		t.Errorf("what the server adds counts: %s", diff)
	}
	for name, left := range map[string]map[string]any{
		"label": deployment(", c: d", "", ""), "label of pods": deployment("", ", c: d", ""),
		"argument": deployment("", "", ", args: [x]"), "variable": deployment("", "", ", env: [{name: A, value: b}]"),
	} {
		if gocmp.Equal(plain, left) {
			t.Errorf("a %s that is left behind is not seen", name)
		}
	}
}
