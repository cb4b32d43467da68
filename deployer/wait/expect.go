package wait

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object"
)

// Action is what was done to an object before it is awaited, in the words of events. Any word but these three says that
// the object was there and was written.
type Action string

// The actions that make a difference to a wait.
const (
	Unchanged Action = "unchanged" // nothing was written
	Create    Action = "create"    // it was not there before
	Delete    Action = "delete"    // it is to go
)

// ToBeReady expects an object to become what its spec says, by the criteria for its kind where there are some.
func ToBeReady(o *unstructured.Unstructured, change Action, waitForJobs bool, c readiness.Criteria) *Item {
	n, _ := readiness.ReadAnnotations(o) // the plan has refused what cannot be read
	a := &Item{
		Ref: kube.RefOf(o), Action: change, Object: o, ofJob: o.GetKind() == "Job", notes: n.With(c), appliedAt: time.Now(),
		evaluate: func(o *unstructured.Unstructured) readiness.Status {
			if o == nil {
				return readiness.Status{State: readiness.Progressing, Message: "it does not exist any more"}
			}
			return c.Evaluate(o, waitForJobs)
		},
	}
	if n.Ignore {
		a.evaluate = func(*unstructured.Unstructured) readiness.Status {
			return readiness.Status{State: readiness.Ready, Message: "not awaited, as its " + readiness.WaitAnnotation + " says"}
		}
	}
	if change != Unchanged && !n.Ignore && c.Ready == nil && readiness.ExpectsStatus(o) {
		a.applied, a.statusGrace = o.GetResourceVersion(), quietAfterChange
		if change == Create {
			a.statusGrace = quietAfterCreation
		}
	}
	if n.Timeout > 0 {
		a.expires = time.Now().Add(n.Timeout)
	}
	return a
}

// unprobed is how long a changed workload must stay ready whose pods have no readiness probe: for those, ready means no
// more than started, and a program that crashes as it starts has been "ready" for a moment.
const unprobed = 2 * time.Second

// SettleFor says how long a workload must stay ready: as long as was asked for; 0 leaves it to its probes, below 0 is
// not at all.
func (a *Item) SettleFor(asked time.Duration) {
	switch a.Ref.Kind {
	case "Deployment", "StatefulSet", "DaemonSet":
	default:
		return
	}
	switch {
	case asked != 0:
		a.settle = max(asked, 0)
	case a.Action != Unchanged && readiness.Replicas(a.Object) > 0 && !probed(a.Object):
		a.settle = unprobed
	}
}

// written reports whether the object was written before it is awaited.
func (a *Item) written() bool { return a.Action != Unchanged && a.Action != Delete }

// Took is how long a written object took to become ready; false for one that is not ready, or need not be.
func (a *Item) Took() (time.Duration, bool) {
	if !a.written() || a.notes.Ignore || a.readySince.IsZero() {
		return 0, false
	}
	return a.readySince.Sub(a.appliedAt), true
}

// probed reports whether every container of a workload has a readiness probe.
func probed(o *unstructured.Unstructured) bool {
	list, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	for _, item := range list {
		if m, ok := item.(map[string]any); ok && m["readinessProbe"] == nil {
			return false
		}
	}
	return true
}

// ToBeGone expects an object to disappear. Another object under its name, with another uid, is not it.
func ToBeGone(o *unstructured.Unstructured) *Item {
	uid := o.GetUID()
	return &Item{
		Ref: kube.RefOf(o), Action: Delete, Object: o,
		evaluate: func(o *unstructured.Unstructured) readiness.Status {
			if o == nil || o.GetUID() != uid {
				return readiness.Status{State: readiness.Ready, Message: "gone"}
			}
			if f := o.GetFinalizers(); len(f) > 0 && o.GetDeletionTimestamp() != nil {
				return readiness.Status{State: readiness.Progressing, Message: "being deleted, held by finalizer " + f[0]}
			}
			return readiness.Status{State: readiness.Progressing, Message: "being deleted"}
		},
	}
}

// ToFinish expects a hook to be done: a Job to complete, a Pod to succeed; any other kind counts at once
// (facts/helm-format.md 4.4).
func ToFinish(o *unstructured.Unstructured) *Item {
	return &Item{
		Ref: kube.RefOf(o), Action: Create, Object: o, ofJob: true,
		evaluate: func(o *unstructured.Unstructured) readiness.Status {
			switch {
			case o == nil:
				return readiness.Status{State: readiness.Failed, Message: "it was deleted before it had finished"}
			case o.GetKind() == "Job":
				return readiness.Of(o, true)
			case o.GetKind() == "Pod" && object.String(o, "status", "phase") != "Succeeded":
				if v := readiness.Of(o, true); v.State == readiness.Failed {
					return v
				}
				return readiness.Status{State: readiness.Progressing, Message: "phase " + object.String(o, "status", "phase")}
			}
			return readiness.Status{State: readiness.Ready, Message: ""}
		},
	}
}

// stub is an object of which only the name is known.
func stub(ref kube.Ref) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetAPIVersion(ref.APIVersion)
	o.SetKind(ref.Kind)
	o.SetNamespace(ref.Namespace)
	o.SetName(ref.Name)
	return o
}
