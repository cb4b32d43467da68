package wait

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/sleep"
)

// stuck reports a Job that its controller has seen, and for which it has neither made a pod nor said why not: it
// expects pods of an earlier Job of the name. See the top of jobs.go.
func stuck(o *unstructured.Unstructured) bool {
	if o == nil || !builtinJob(o) || o.GetDeletionTimestamp() != nil || object.String(o, "status", "startTime") == "" ||
		readiness.SuspendedByFlux(o) {
		return false
	}
	for _, field := range []string{"active", "ready", "terminating", "succeeded", "failed"} {
		if object.Int(o, "status", field) != 0 {
			return false
		}
	}
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	uncounted, _, _ := unstructured.NestedMap(o.Object, "status", "uncountedTerminatedPods")
	suspend, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend")
	return len(conditions) == 0 && len(uncounted) == 0 && !suspend &&
		positive(o, "parallelism") && positive(o, "completions")
}

// positive reports whether a number of a spec is not 0; absent counts as 1.
func positive(o *unstructured.Unstructured, field string) bool {
	n, ok, _ := unstructured.NestedInt64(o.Object, "spec", field)
	return !ok || n > 0
}

// remake deletes the Jobs that get no pods and makes them again. Nothing of them has run. What fails is tried again,
// and in the end told by the wait's own end.
func (w *Waiter) remake(ctx context.Context, now time.Time) {
	for _, a := range w.items {
		if a.Remake == nil || !stuck(a.Object) || w.hasPods(a) || len(w.ownTroubles(a)) > 0 {
			a.podless = time.Time{}
			continue
		}
		if a.podless.IsZero() {
			a.podless = now
		}
		if now.Sub(a.podless) < stuckPatience || a.remade >= maxRemade {
			continue
		}
		a.remade++
		a.podless = time.Time{}
		w.remakeOne(ctx, a)
	}
}

func (w *Waiter) remakeOne(ctx context.Context, a *Item) {
	w.Span.Output(a.Ref.String(), "deleted and made again: "+
		"its controller has made no pod, as it still counts those of an earlier one of its name")
	uid := a.Object.GetUID()
	a.former = append(a.former, uid)
	err := w.Cluster.Delete(ctx, a.Ref, string(uid), kube.Background)
	if err != nil && !kube.Is(err, kube.NotFound) && !kube.Is(err, kube.Conflict) || !sleep.For(ctx, forgetPause) {
		return
	}
	if made, err := a.Remake(ctx); err == nil {
		a.Object = made
	}
}

func (w *Waiter) hasPods(a *Item) bool {
	for _, p := range w.pods {
		if object.Controlled(p, string(a.Object.GetUID())) {
			return true
		}
	}
	return false
}

// outlived reports a notice of a Job that was made again since.
func (a *Item) outlived(n notice) bool {
	return slices.Contains(a.former, n.Object.GetUID())
}
