package deployer

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object"
)

// toBeReady expects an object to become what its spec says, by the criteria for
// its kind where there are some.
func toBeReady(o *unstructured.Unstructured, change Action, waitForJobs bool, c readiness.Criteria) *awaited {
	n, _ := readiness.ReadAnnotations(o) // the plan has refused what cannot be read
	a := &awaited{
		ref: kube.RefOf(o), change: change, object: o, ofJob: o.GetKind() == "Job", notes: n.With(c), born: time.Now(),
		judge: func(o *unstructured.Unstructured) readiness.Status {
			if o == nil {
				return readiness.Status{State: readiness.Progressing, Message: "it does not exist any more"}
			}
			return c.Evaluate(o, waitForJobs)
		},
	}
	if n.Ignore {
		a.judge = func(*unstructured.Unstructured) readiness.Status {
			return readiness.Status{State: readiness.Ready, Message: "not awaited, as its " + readiness.WaitAnnotation + " says"}
		}
	}
	if change != Unchanged && !n.Ignore && c.Ready == nil && readiness.ExpectsStatus(o) {
		a.applied, a.quiet = o.GetResourceVersion(), quietAfterChange
		if change == Create {
			a.quiet = quietAfterCreation
		}
	}
	if n.Timeout > 0 {
		a.expires = time.Now().Add(n.Timeout)
	}
	return a
}

// unprobed is how long a changed workload must stay ready whose pods have no
// readiness probe: for those, ready means no more than started, and a program
// that crashes as it starts has been "ready" for a moment.
const unprobed = 2 * time.Second

// settleTime is how long an object must stay ready.
func settleTime(o *unstructured.Unstructured, change Action, asked time.Duration) time.Duration {
	switch o.GetKind() {
	case "Deployment", "StatefulSet", "DaemonSet":
	default:
		return 0
	}
	if asked != 0 {
		return max(asked, 0)
	}
	if change == Unchanged || readiness.Replicas(o) == 0 || probed(o) {
		return 0
	}
	return unprobed
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

// toBeGone expects an object to disappear. Another object under its name, with
// another uid, is not it.
func toBeGone(o *unstructured.Unstructured) *awaited {
	uid := o.GetUID()
	return &awaited{
		ref: kube.RefOf(o), change: Delete, object: o,
		judge: func(o *unstructured.Unstructured) readiness.Status {
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

// toFinish expects a hook to be done: a Job to complete, a Pod to succeed; any
// other kind counts at once (facts/helm-format.md 4.4).
func toFinish(o *unstructured.Unstructured) *awaited {
	return &awaited{
		ref: kube.RefOf(o), change: Create, object: o, ofJob: true,
		judge: func(o *unstructured.Unstructured) readiness.Status {
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
