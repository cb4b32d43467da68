package readiness

import (
	"testing"

	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

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
		set := objecttest.Of(t, "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: `+tt.strategy+`}}, status: {observedGeneration: 2, replicas: 2, updateRevision: new}}`)
		set.SetUID("set")
		if v, got := OnlyOldDown(set, podsOfSet(t, tt.pods...)); got != tt.want {
			t.Errorf("%s: %t %v", name, got, v)
		}
	}
}
