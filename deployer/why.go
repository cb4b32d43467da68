package deployer

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
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
	for _, p := range podsOf(a.object, w.pods, w.sets) {
		if isReadyPod(p) {
			continue
		}
		found := podTroubles(p, a.ofJob)
		troubles = append(troubles, found...)
		if line == "" || (len(found) > 0 && found[0].reason != "") {
			line = "pod " + p.GetName() + ": " + w.podReason(p)
		}
	}
	for _, t := range troubles {
		if !a.notes.tolerates(t.reason) && w.patience.over(t, now) {
			a.verdict = verdict{dead, t.cause}
			return
		}
	}
	if line == "" && len(troubles) > 0 {
		line = troubles[0].cause
	}
	if line != "" {
		a.verdict.message += ": " + line
	}
}

// podReason says why a pod is not ready; where its status only says that its
// containers are being created, its newest warning says more: a volume that does
// not mount.
func (w *waiter) podReason(pod *unstructured.Unstructured) string {
	line := podLine(pod)
	e, warned := w.events[string(pod.GetUID())]
	if warned && (line == "ContainerCreating" || line == "PodInitializing") {
		return e.Reason + ": " + text.Brief(e.Message)
	}
	return line
}

// ownTroubles are those of the controller itself: its status, and for kinds
// that say it nowhere else, its FailedCreate events since the wait began.
func (w *waiter) ownTroubles(a *awaited) []trouble {
	if t, ok := controllerTrouble(a.object); ok {
		return []trouble{t}
	}
	if t, ok := customTrouble(a.object); ok {
		return []trouble{t}
	}
	e, ok := w.events[string(a.object.GetUID())]
	if ok && e.Reason == "FailedCreate" && !e.Last.Before(w.began.Truncate(time.Second)) && a.object.GetKind() != "Deployment" {
		return []trouble{createTrouble(string(a.object.GetUID()), e.Message)}
	}
	return nil
}

func (w *waiter) podRefs(a *awaited) []kube.Ref {
	if a.object == nil {
		return nil
	}
	var out []kube.Ref
	for _, p := range podsOf(a.object, w.pods, w.sets) {
		if !isReadyPod(p) {
			out = append(out, kube.RefOf(p))
		}
	}
	return out
}
