package wait

import (
	"context"
	"fmt"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object"
)

// How long the controller of a custom resource has for its first word. Nobody can tell a controller that is slow from
// one that never writes a status, so the wait for it is short; kinds without a status subresource are not waited for.
const (
	quietAfterCreation = 10 * time.Second
	quietAfterChange   = 3 * time.Second
)

// prepare completes what is expected of an item by what the cluster knows.
func (w *Waiter) prepare(ctx context.Context, a *Item) {
	if a.expires.IsZero() {
		a.expires = w.Expires
	}
	if a.statusGrace > 0 {
		if res, err := w.Cluster.Resource(ctx, a.Ref.APIVersion, a.Ref.Kind); err != nil || !res.Status {
			a.statusGrace = 0
		}
	}
	if a.Object != nil && a.Ref.Kind == "PersistentVolumeClaim" && object.String(a.Object, "status", "phase") != "Bound" {
		w.askBinding(ctx, object.String(a.Object, "spec", "storageClassName"))
	}
}

// askBinding asks whether a storage class makes volumes only for a pod that uses them. Where that may not be read,
// claims are waited for.
func (w *Waiter) askBinding(ctx context.Context, class string) {
	if _, known := w.consumers[class]; known || class == "" {
		return
	}
	if w.consumers == nil {
		w.consumers = map[string]bool{}
	}
	o, err := w.Cluster.Get(ctx, kube.Ref{APIVersion: "storage.k8s.io/v1", Kind: "StorageClass", Name: class})
	w.consumers[class] = err == nil && object.String(o, "volumeBindingMode") == "WaitForFirstConsumer"
}

// waitsForConsumer reports whether an item is a claim whose volume is made only for a pod that uses it.
func (w *Waiter) waitsForConsumer(a *Item) bool {
	return a.Ref.Kind == "PersistentVolumeClaim" && a.Object != nil &&
		object.String(a.Object, "status", "phase") == "Pending" &&
		w.consumers[object.String(a.Object, "spec", "storageClassName")]
}

// evaluate is the item's own judge, and what only the wait knows: how long a controller has been silent, which claims
// nobody will bind yet, and which pods that are down are old ones that nobody replaces.
func (w *Waiter) evaluate(a *Item, now time.Time) readiness.Status {
	v := a.evaluate(a.Object)
	switch {
	case v.State == readiness.Ready && a.statusStale() && now.Sub(w.began) < a.statusGrace:
		message := fmt.Sprintf("its controller has written no status yet; it is given %s", a.statusGrace)
		return readiness.Status{State: readiness.Progressing, Message: message}
	case v.State == readiness.Ready && a.statusStale() && !readiness.HasStatus(a.Object):
		v.Message = fmt.Sprintf("no controller has written a status within %s", a.statusGrace)
	case v.State == readiness.Progressing && w.waitsForConsumer(a):
		return readiness.Status{State: readiness.Ready, Message: "waits for the first pod that uses it"}
	case v.State == readiness.Progressing && a.Object != nil:
		if old, ok := readiness.OnlyOldDown(a.Object, w.pods); ok {
			return old
		}
	}
	return v
}

func (w *Waiter) late(now time.Time) bool {
	for _, a := range w.items {
		if a.late(now) {
			return true
		}
	}
	return false
}
