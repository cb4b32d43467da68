package wait

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
)

// Item is one object and what is expected of it.
type Item struct {
	Ref    kube.Ref
	Action Action
	Object *unstructured.Unstructured                                // newest known; nil when it does not exist
	Remake func(context.Context) (*unstructured.Unstructured, error) // makes a Job again that gets no pods; nil: nobody does

	evaluate func(*unstructured.Unstructured) readiness.Status
	ofJob    bool // its pods may crash: a Job counts for itself

	settle      time.Duration // how long it must stay ready
	statusGrace time.Duration // how long a status may still be to come: see statusStale
	applied     string        // the resource version that our write gave it; empty when there was none
	notes       readiness.Annotations
	expires     time.Time // when its wait has lasted too long; zero: when the context ends

	former  []types.UID // what was made again
	remade  int         // how often
	podless time.Time   // since when it should have pods

	status     readiness.Status
	appliedAt  time.Time        // when it was applied
	seenAt     time.Time        // when a watch last told of it; at first when the wait began
	readySince time.Time        // of being ready without a break
	reported   readiness.Status // what the last progress event said
	reportedAt time.Time        // when
}

// take follows the object. One that ended well and is then cleaned up, as a Job with a time to live is, stays what it
// was.
func (a *Item) take(n notice) {
	a.seenAt = time.Now()
	switch {
	case a.outlived(n):
	case n.Change != kube.Gone:
		a.Object = n.Object
	case a.status.State == readiness.Ready && (a.Ref.Kind == "Job" || a.Ref.Kind == "Pod"):
	default:
		a.Object = nil
	}
}

func (a *Item) settled(now time.Time) bool {
	return a.status.State == readiness.Ready && now.Sub(a.readySince) >= a.settle
}

// statusStale reports whether an object's status says nothing about our last write: it is empty, or it counts no
// generations and the object is as we wrote it.
func (a *Item) statusStale() bool {
	if a.statusGrace == 0 || a.Object == nil {
		return false
	}
	if !readiness.HasStatus(a.Object) {
		return true
	}
	_, counts := readiness.ObservedGeneration(a.Object)
	return !counts && a.Object.GetResourceVersion() == a.applied
}

// late reports whether an item should have been ready by now.
func (a *Item) late(now time.Time) bool {
	return a.status.State != readiness.Ready && !a.expires.IsZero() && !now.Before(a.expires)
}

// writtenVersion is the resource version that our write gave the object; empty when there was none.
func (a *Item) writtenVersion() string {
	if a.Object == nil || !a.written() {
		return ""
	}
	return a.Object.GetResourceVersion()
}
