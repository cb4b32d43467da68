package deployer

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Pods of a StatefulSet's earlier revision that can never become ready are
// deleted only where that makes its controller bring newer ones.
func TestStuckPodsAreThoseThatAreReplaced(t *testing.T) {
	for strategy, want := range map[string]int{
		"{type: RollingUpdate}": 2, "{type: OnDelete}": 0,
		"{type: RollingUpdate, rollingUpdate: {partition: 1}}": 1, "{type: RollingUpdate, rollingUpdate: {partition: 2}}": 0,
	} {
		set := status(t, "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: `+strategy+`}, status: {observedGeneration: 2, replicas: 2, updateRevision: new}}`)
		set.SetUID("set")
		if got := len(stuckPods(set, podsOfSet(t, "old", "old"))); got != want {
			t.Errorf("%s: %d pods are to be deleted, want %d", strategy, got, want)
		}
	}
}

// podsOfSet are pods of a StatefulSet, of a revision each: those of the old one
// are broken, those of the new one start, unless they are "ready".
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
		p := status(t, "v1", "Pod", text)
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

// Where some pods are old and some new, the pods say which of them are down.
func TestOldPodsThatAreDownAreNotAwaited(t *testing.T) {
	for name, tt := range map[string]struct {
		strategy string
		pods     []string
		want     bool
	}{
		"only the old one is down": {"OnDelete", []string{"old", "ready"}, true},
		"the new one is down":      {"OnDelete", []string{"old", "new"}, false},
		"one is missing":           {"OnDelete", []string{"ready"}, false},
		"all are up":               {"OnDelete", []string{"ready", "ready"}, false},
		"old pods are replaced":    {"RollingUpdate", []string{"old", "ready"}, false},
	} {
		set := status(t, "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: `+tt.strategy+`}}, status: {observedGeneration: 2, replicas: 2, updateRevision: new}}`)
		set.SetUID("set")
		if v, got := oldDown(set, podsOfSet(t, tt.pods...)); got != tt.want {
			t.Errorf("%s: %t %v", name, got, v)
		}
	}
}
