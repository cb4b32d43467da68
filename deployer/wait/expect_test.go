package wait

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

// A pod that crashes while it is being removed does not make the removal fail.
func TestWhatIsToGoMayCrash(t *testing.T) {
	pod := objecttest.Parse(t, `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, uid: one}
spec: {containers: [{name: web, image: web:1}]}
status:
  phase: Running
  containerStatuses:
  - name: web
    restartCount: 3
    state: {waiting: {reason: CrashLoopBackOff}}
    lastState: {terminated: {exitCode: 3, reason: Error}}
`)
	for _, tt := range []struct {
		name  string
		item  *Item
		fails bool
	}{
		{"to be ready", ToBeReady(pod, Create, true, readiness.Criteria{}), true},
		{"to be gone", ToBeGone(pod), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &Waiter{
				items: []*Item{tt.item}, gracePeriods: readiness.GracePeriods{}, events: map[string]kube.Event{},
				pods: map[string]*unstructured.Unstructured{"one": pod}, sets: map[string]*unstructured.Unstructured{},
			}
			now := time.Now()
			err := w.assess(now)
			if err == nil {
				err = w.assess(now.Add(time.Minute)) // all patience is over
			}
			if (err != nil) != tt.fails {
				t.Errorf("fails: %v, want %t", err, tt.fails)
			}
		})
	}
}
