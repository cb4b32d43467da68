package wait

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

// Three hundred objects that find new reasons ten times a second make no flood: each is told when it is first awaited
// and when it is ready, and in between all of them share the room of a second.
func TestProgressIsBounded(t *testing.T) {
	const objects, seconds = 300, 10
	began := time.Now()
	step := 0
	w := &Waiter{
		gracePeriods: readiness.GracePeriods{}, events: map[string]kube.Event{}, began: began,
		pods: map[string]*unstructured.Unstructured{}, sets: map[string]*unstructured.Unstructured{},
	}
	for i := range objects {
		o := objecttest.Of(t, "v1", "ConfigMap", "{}")
		o.SetName(fmt.Sprint("c", i))
		w.items = append(w.items, &Item{Ref: kube.RefOf(o), Action: Create, Object: o, evaluate: func(*unstructured.Unstructured) readiness.Status {
			if step == 10*seconds {
				return readiness.Status{State: readiness.Ready, Message: ""}
			}
			return readiness.Status{State: readiness.Progressing, Message: fmt.Sprint("reason ", step)}
		}})
	}
	told := map[event.Status]int{}
	log := event.NewLog(nil, func(e event.Event) {
		if e.Kind == event.Object {
			told[e.Status]++
		}
	})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		w.Span = s
		for ; step <= 10*seconds; step++ {
			if err := w.assess(began.Add(time.Duration(step) * 100 * time.Millisecond)); err != nil {
				t.Error(err)
			}
		}
		return event.Result{Status: event.Passed}
	})
	if n := told[event.Waiting]; n > objects+maxProgress*(seconds+1) || n < objects+maxProgress*(seconds-2) {
		t.Errorf("%d lines of progress", n)
	}
	if told[event.Passed] != objects {
		t.Errorf("%d of %d objects are told to be ready", told[event.Passed], objects)
	}
}
