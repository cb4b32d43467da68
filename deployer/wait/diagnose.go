package wait

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/text"
)

// diagnose adds to a verdict why the object is not ready, and makes it final when its trouble has lasted too long.
func (w *Waiter) diagnose(a *Item, now time.Time) {
	if a.Object == nil {
		return
	}
	troubles := w.ownTroubles(a)
	line := ""
	for _, p := range readiness.PodsOf(a.Object, w.pods, w.sets) {
		if readiness.IsPodReady(p) {
			continue
		}
		found := readiness.PodTroubles(p, a.ofJob)
		troubles = append(troubles, found...)
		if line == "" || (len(found) > 0 && found[0].Reason != "") {
			line = "pod " + p.GetName() + ": " + w.podReason(p)
		}
	}
	for _, t := range troubles {
		if !a.notes.Tolerates(t.Reason) && w.gracePeriods.Over(t, now) {
			a.status = readiness.Status{State: readiness.Failed, Message: t.Cause}
			return
		}
	}
	if line == "" && len(troubles) > 0 {
		line = troubles[0].Cause
	}
	if line != "" {
		a.status.Message += ": " + line
	}
}

// podReason says why a pod is not ready; where its status only says that its containers are being created, its newest
// warning says more: a volume that does not mount.
func (w *Waiter) podReason(pod *unstructured.Unstructured) string {
	line := readiness.PodReason(pod)
	e, warned := w.events[string(pod.GetUID())]
	if warned && (line == "ContainerCreating" || line == "PodInitializing") {
		return e.Reason + ": " + text.Brief(e.Message)
	}
	return line
}

// ownTroubles are those of the controller itself: its status, and for kinds that say it nowhere else, its FailedCreate
// events since the wait began.
func (w *Waiter) ownTroubles(a *Item) []readiness.Trouble {
	if t, ok := readiness.ControllerTrouble(a.Object); ok {
		return []readiness.Trouble{t}
	}
	if t, ok := readiness.CustomTrouble(a.Object); ok {
		return []readiness.Trouble{t}
	}
	e, ok := w.events[string(a.Object.GetUID())]
	since := w.began.Truncate(time.Second)
	if ok && e.Reason == "FailedCreate" && !e.Last.Before(since) && a.Object.GetKind() != "Deployment" {
		return []readiness.Trouble{readiness.CreateTrouble(string(a.Object.GetUID()), e.Message)}
	}
	return nil
}

func (w *Waiter) podRefs(a *Item) []kube.Ref {
	if a.Object == nil {
		return nil
	}
	var out []kube.Ref
	for _, p := range readiness.PodsOf(a.Object, w.pods, w.sets) {
		if !readiness.IsPodReady(p) {
			out = append(out, kube.RefOf(p))
		}
	}
	return out
}
