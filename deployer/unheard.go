package deployer

import (
	"context"
	"fmt"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object"
)

// How long the controller of a custom resource has for its first word. Nobody
// can tell a controller that is slow from one that never writes a status, so the
// wait for it is short; kinds without a status subresource are not waited for.
const (
	quietAfterCreation = 10 * time.Second
	quietAfterChange   = 3 * time.Second
)

// unheard reports whether an object's status says nothing about our last write:
// it is empty, or it counts no generations and the object is as we wrote it.
func (a *awaited) unheard() bool {
	if a.quiet == 0 || a.object == nil {
		return false
	}
	if !readiness.HasStatus(a.object) {
		return true
	}
	_, counts := readiness.ObservedGeneration(a.object)
	return !counts && a.object.GetResourceVersion() == a.applied
}

// expect completes what is expected of an item by what the cluster knows.
func (w *waiter) expect(ctx context.Context, a *awaited) {
	if a.expires.IsZero() {
		a.expires = w.expires
	}
	if a.quiet > 0 {
		if res, err := w.cluster.Resource(ctx, a.ref.APIVersion, a.ref.Kind); err != nil || !res.Status {
			a.quiet = 0
		}
	}
	if a.object != nil && a.ref.Kind == "PersistentVolumeClaim" && object.String(a.object, "status", "phase") != "Bound" {
		w.learn(ctx, object.String(a.object, "spec", "storageClassName"))
	}
}

// learn asks whether a storage class makes volumes only for a pod that uses
// them. Where that may not be read, claims are waited for.
func (w *waiter) learn(ctx context.Context, class string) {
	if _, known := w.consumers[class]; known || class == "" {
		return
	}
	if w.consumers == nil {
		w.consumers = map[string]bool{}
	}
	o, err := w.cluster.Get(ctx, kube.Ref{APIVersion: "storage.k8s.io/v1", Kind: "StorageClass", Name: class})
	w.consumers[class] = err == nil && object.String(o, "volumeBindingMode") == "WaitForFirstConsumer"
}

// judge is the item's own judge, and what only the wait knows: how long a
// controller has been silent, which claims nobody will bind yet, and which pods
// that are down are old ones that nobody replaces.
func (w *waiter) judge(a *awaited, now time.Time) readiness.Status {
	v := a.judge(a.object)
	switch {
	case v.State == readiness.Ready && a.unheard() && now.Sub(w.began) < a.quiet:
		return readiness.Status{State: readiness.Progressing, Message: fmt.Sprintf("its controller has written no status yet; it is given %s", a.quiet)}
	case v.State == readiness.Ready && a.unheard() && !readiness.HasStatus(a.object):
		v.Message = fmt.Sprintf("no controller has written a status within %s", a.quiet)
	case v.State == readiness.Progressing && a.ref.Kind == "PersistentVolumeClaim" && a.object != nil &&
		object.String(a.object, "status", "phase") == "Pending" && w.consumers[object.String(a.object, "spec", "storageClassName")]:
		return readiness.Status{State: readiness.Ready, Message: "waits for the first pod that uses it"}
	case v.State == readiness.Progressing && a.object != nil:
		if old, ok := readiness.OnlyOldDown(a.object, w.pods); ok {
			return old
		}
	}
	return v
}

// late reports whether an item should have been ready by now.
func (a *awaited) late(now time.Time) bool {
	return a.verdict.State != readiness.Ready && !a.expires.IsZero() && !now.Before(a.expires)
}

func (w *waiter) late(now time.Time) bool {
	for _, a := range w.items {
		if a.late(now) {
			return true
		}
	}
	return false
}
