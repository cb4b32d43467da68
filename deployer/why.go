package deployer

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/text"
)

// look adds to a verdict why the object is not ready, and makes it final when
// its trouble has lasted too long.
func (w *waiter) look(a *awaited, now time.Time) {
	if a.object == nil {
		return
	}
	troubles := w.ownTroubles(a)
	line := ""
	for _, p := range readiness.PodsOf(a.object, w.pods, w.sets) {
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
		if !a.notes.Tolerates(t.Reason) && w.patience.Over(t, now) {
			a.verdict = readiness.Status{State: readiness.Failed, Message: t.Cause}
			return
		}
	}
	if line == "" && len(troubles) > 0 {
		line = troubles[0].Cause
	}
	if line != "" {
		a.verdict.Message += ": " + line
	}
}

// podReason says why a pod is not ready; where its status only says that its
// containers are being created, its newest warning says more: a volume that does
// not mount.
func (w *waiter) podReason(pod *unstructured.Unstructured) string {
	line := readiness.PodReason(pod)
	e, warned := w.events[string(pod.GetUID())]
	if warned && (line == "ContainerCreating" || line == "PodInitializing") {
		return e.Reason + ": " + text.Brief(e.Message)
	}
	return line
}

// ownTroubles are those of the controller itself: its status, and for kinds
// that say it nowhere else, its FailedCreate events since the wait began.
func (w *waiter) ownTroubles(a *awaited) []readiness.Trouble {
	if t, ok := readiness.ControllerTrouble(a.object); ok {
		return []readiness.Trouble{t}
	}
	if t, ok := readiness.CustomTrouble(a.object); ok {
		return []readiness.Trouble{t}
	}
	e, ok := w.events[string(a.object.GetUID())]
	if ok && e.Reason == "FailedCreate" && !e.Last.Before(w.began.Truncate(time.Second)) && a.object.GetKind() != "Deployment" {
		return []readiness.Trouble{readiness.CreateTrouble(string(a.object.GetUID()), e.Message)}
	}
	return nil
}

func (w *waiter) podRefs(a *awaited) []kube.Ref {
	if a.object == nil {
		return nil
	}
	var out []kube.Ref
	for _, p := range readiness.PodsOf(a.object, w.pods, w.sets) {
		if !readiness.IsPodReady(p) {
			out = append(out, kube.RefOf(p))
		}
	}
	return out
}
