package readiness

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

func TestCommonLabels(t *testing.T) {
	got := CommonSelector([]map[string]string{{"app": "a", "instance": "x", "t": "1"}, {"app": "b", "instance": "x", "t": "1"}})
	if got != "instance=x,t=1" {
		t.Error(got)
	}
	if got := CommonSelector(nil); got != "" {
		t.Error(got)
	}
}

// Pods of a StatefulSet's earlier revision that can never become ready are deleted only where that makes its controller
// bring newer ones.
func TestStuckPodsAreThoseThatAreReplaced(t *testing.T) {
	for strategy, want := range map[string]int{
		"{type: RollingUpdate}": 2, "{type: OnDelete}": 0,
		"{type: RollingUpdate, rollingUpdate: {partition: 1}}": 1, "{type: RollingUpdate, rollingUpdate: {partition: 2}}": 0,
	} {
		set := objecttest.Of(t, "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: `+strategy+`}, status: {observedGeneration: 2, replicas: 2, updateRevision: new}}`)
		set.SetUID("set")
		if got := len(StuckPods(set, podsOfSet(t, "old", "old"))); got != want {
			t.Errorf("%s: %d pods are to be deleted, want %d", strategy, got, want)
		}
	}
}

// podsOfSet are pods of a StatefulSet, of a revision each: those of the old one are broken, those of the new one start,
// unless they are "ready".
func podsOfSet(t *testing.T, revisions ...string) map[string]*unstructured.Unstructured {
	t.Helper()
	pods := map[string]*unstructured.Unstructured{}
	for i, revision := range revisions {
		text := `{status: {phase: Running, containerStatuses: [{name: main, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}]}}`
		switch revision {
		case "new":
			text = `{status: {phase: Pending}}`
		case "ready":
			revision, text = "new", `{status: {conditions: [{type: Ready, status: "True"}]}}`
		}
		p := objecttest.Of(t, "v1", "Pod", text)
		name := fmt.Sprintf("db-%d", i)
		p.SetName(name)
		p.SetLabels(map[string]string{"controller-revision-hash": revision})
		if err := unstructured.SetNestedSlice(p.Object, []any{map[string]any{"controller": true, "uid": "set", "kind": "StatefulSet"}}, "metadata", "ownerReferences"); err != nil {
			t.Fatal(err)
		}
		pods[name] = p
	}
	return pods
}
