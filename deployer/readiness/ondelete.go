package readiness

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object"
)

// onDelete reports whether a StatefulSet or DaemonSet replaces a pod only once somebody has deleted the old one.
func onDelete(o *unstructured.Unstructured) bool {
	return object.String(o, "spec", "updateStrategy", "type") == "OnDelete"
}

// onDeleteReady judges a workload that updates on delete, of whose want pods some exist, some are up and some are of
// the present revision. Pods of the present revision must come up; those of earlier ones stay as they are. Where both
// kinds are there the counts do not say which is down: see oldDown.
func onDeleteReady(want, exist, up, updated int64) Status {
	count := fmt.Sprintf("%d of %d ready", up, want)
	switch {
	case exist > want:
		return surplus(count, exist, want)
	case exist == want && updated == 0 && want > 0:
		return Status{Ready, fmt.Sprintf("%s, 0 of %d updated: updates on delete", count, want)}
	case exist == want && up >= want && updated < want:
		return Status{Ready, fmt.Sprintf("%s, %d of %d updated: updates on delete", count, updated, want)}
	}
	return reached(exist == want && up >= want, count)
}

// surplus is the verdict of a workload with more pods than it is to have.
func surplus(count string, exist, want int64) Status {
	return Status{Progressing, fmt.Sprintf("%s, %d to stop", count, exist-want)}
}

// OnlyOldDown completes the verdict of a workload that updates on delete by its pods: it is ready when all that are not
// up are of earlier revisions.
func OnlyOldDown(o *unstructured.Unstructured, pods map[string]*unstructured.Unstructured) (Status, bool) {
	if _, stale := outdated(o); stale || !onDelete(o) {
		return Status{}, false
	}
	if slices.ContainsFunc(PodsOf(o, pods, nil), func(p *unstructured.Unstructured) bool { return !IsPodReady(p) }) {
		return Status{}, false
	}
	exist, down := int64(0), int64(0)
	for _, p := range pods {
		if p.GetDeletionTimestamp() != nil || !object.Controlled(p, string(o.GetUID())) {
			continue
		}
		exist++
		if !IsPodReady(p) {
			down++
		}
	}
	want := replicasOf(o)
	if down == 0 || exist != want {
		return Status{}, false
	}
	return Status{Ready, fmt.Sprintf("%d of %d ready, the others are old: updates on delete", want-down, want)}, true
}

// replicasOf is how many pods a StatefulSet or DaemonSet is to have.
func replicasOf(o *unstructured.Unstructured) int64 {
	if o.GetKind() == "DaemonSet" {
		return object.Int(o, "status", "desiredNumberScheduled")
	}
	return Replicas(o)
}
