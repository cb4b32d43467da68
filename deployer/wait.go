package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/event"
)

// awaited is one object and what is expected of it.
type awaited struct {
	ref    kube.Ref
	change Action
	object *unstructured.Unstructured // newest known; nil when it does not exist
	judge  func(*unstructured.Unstructured) readiness.Status
	ofJob  bool // its pods may crash: a Job counts for itself

	settle  time.Duration // how long it must stay ready
	quiet   time.Duration // how long a status may still be to come: see unheard
	applied string        // the resource version that our write gave it; empty when there was none
	notes   readiness.Annotations
	expires time.Time // when its wait has lasted too long; zero: when the context ends

	again   func(context.Context) (*unstructured.Unstructured, error) // makes a Job again that gets no pods; nil: nobody does
	former  []types.UID                                               // what was made again
	remade  int                                                       // how often
	podless time.Time                                                 // since when it should have pods

	verdict readiness.Status
	born    time.Time        // when it was applied
	heard   time.Time        // when a watch last told of it; at first when the wait began
	since   time.Time        // of being ready without a break
	told    readiness.Status // what the last progress event said
	toldAt  time.Time        // when
}

// waiter follows objects through shared watches until all are ready, one
// cannot be, or the context ends. One goroutine decides; watches only feed it.
type waiter struct {
	cluster *kube.Client
	span    event.Span
	items   []*awaited
	index   map[string]*awaited

	pods, sets map[string]*unstructured.Unstructured // by uid
	events     map[string]kube.Event                 // newest warning by uid of its object
	patience   readiness.GracePeriods
	logs       *follower // nil where none are told
	notices    chan notice
	began      time.Time
	expires    time.Time       // of items without a limit of their own; zero: when the context ends
	consumers  map[string]bool // storage classes whose volumes wait for a pod
	second     time.Time       // of the progress that is counted
	progress   int
}

type notice struct {
	source string // "pods", "sets", "events" or "objects"
	kube.Notice
}

// tick is how often grace periods, settling and held-back progress are looked at.
const tick = 250 * time.Millisecond

// await blocks until every item is as its judge wants it. The error is a
// *failures; when the context ended it wraps the context's cause.
func (w *waiter) await(ctx context.Context, items []*awaited) error {
	w.items, w.index = items, map[string]*awaited{}
	w.pods, w.sets = map[string]*unstructured.Unstructured{}, map[string]*unstructured.Unstructured{}
	w.events, w.patience = map[string]kube.Event{}, readiness.GracePeriods{}
	w.began = time.Now()
	for _, a := range items {
		w.index[a.ref.Key()] = a
		a.heard = w.began
		w.expect(ctx, a)
		if w.logs != nil && a.change != Unchanged && a.change != Delete {
			a.settle = max(a.settle, followLinger)
		}
	}
	if f := w.assess(w.began); f != nil {
		return f
	}
	if w.done(w.began) {
		return nil
	}
	return w.follow(ctx)
}

// follow runs the watches and decides on each of their notices.
func (w *waiter) follow(parent context.Context) error {
	ctx, stop := context.WithCancel(parent)
	w.notices = make(chan notice, 256)
	broken := make(chan error, 1)
	var watches sync.WaitGroup
	start := func(sources []source) {
		for _, src := range sources {
			watches.Go(func() {
				if err := w.watch(ctx, src); src.vital && ctx.Err() == nil {
					select {
					case broken <- err:
					default:
					}
				}
			})
		}
	}
	start(w.vital())
	defer w.endLogs()
	defer func() { stop(); watches.Wait() }()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	explained := false
	for {
		if !explained && w.puzzling(time.Now()) {
			start(w.explaining(time.Now()))
			explained = true
		}
		select {
		case <-parent.Done():
			return w.ended(context.Cause(parent))
		case err := <-broken:
			return &failures{err: err}
		case n := <-w.notices:
			w.take(n)
			w.drain()
		case <-ticker.C:
		}
		now := time.Now()
		if f := w.assess(now); f != nil {
			return f
		}
		if w.done(now) {
			return nil
		}
		if w.late(now) {
			return w.ended(errTimeout)
		}
		w.unstick(ctx)
		w.remake(ctx, now)
		w.listen(ctx, &watches)
	}
}

// unstick deletes the pods that keep a changed StatefulSet from going on. What
// cannot be deleted now is tried again: the wait's end says if it never can.
func (w *waiter) unstick(ctx context.Context) {
	for _, a := range w.items {
		if a.object == nil || a.change == Unchanged || a.verdict.State == readiness.Ready {
			continue
		}
		for _, p := range readiness.StuckPods(a.object, w.pods) {
			err := w.cluster.Delete(ctx, kube.RefOf(p), string(p.GetUID()), kube.Background)
			if err == nil {
				w.span.Output(kube.RefOf(p).String(), "deleted: it is of an earlier revision, broken, and blocks "+a.ref.String())
				delete(w.pods, string(p.GetUID()))
			}
		}
	}
}

// drain takes what else is waiting, so that a burst is decided on once.
func (w *waiter) drain() {
	for {
		select {
		case n := <-w.notices:
			w.take(n)
		default:
			return
		}
	}
}

func (w *waiter) take(n notice) {
	if n.Object == nil {
		return
	}
	uid := string(n.Object.GetUID())
	switch n.source {
	case "pods":
		put(w.pods, uid, n)
	case "sets":
		put(w.sets, uid, n)
	case "events":
		e := kube.ParseEvent(n.Object)
		if n.Change == kube.Seen && !e.Last.Before(w.events[e.UID].Last) {
			w.events[e.UID] = e
		}
	default:
		if a := w.index[kube.RefOf(n.Object).Key()]; a != nil {
			a.take(n)
		}
	}
}

// take follows the object. One that ended well and is then cleaned up, as a Job
// with a time to live is, stays what it was.
func (a *awaited) take(n notice) {
	a.heard = time.Now()
	switch {
	case a.outlived(n):
	case n.Change != kube.Gone:
		a.object = n.Object
	case a.verdict.State == readiness.Ready && (a.ref.Kind == "Job" || a.ref.Kind == "Pod"):
	default:
		a.object = nil
	}
}

func put(m map[string]*unstructured.Unstructured, uid string, n notice) {
	if n.Change == kube.Gone {
		delete(m, uid)
		return
	}
	m[uid] = n.Object
}

// assess judges every item anew. It returns the failures, if there are any.
func (w *waiter) assess(now time.Time) error {
	var failed []failure
	for _, a := range w.items {
		a.verdict = w.judge(a, now)
		if a.verdict.State == readiness.Progressing && a.change != Delete { // what is to go may crash as it likes
			w.look(a, now)
		}
		if a.verdict.State == readiness.Failed {
			failed = append(failed, failure{ref: a.ref, cause: a.verdict.Message, pods: w.podRefs(a)})
		}
		if a.verdict.State != readiness.Ready {
			a.since = time.Time{}
		} else if a.since.IsZero() {
			a.since = now
		}
		w.tell(a, now)
	}
	if len(failed) > 0 {
		slices.SortStableFunc(failed, compareFailures)
		return &failures{objects: failed}
	}
	return nil
}

func (w *waiter) done(now time.Time) bool {
	return !slices.ContainsFunc(w.items, func(a *awaited) bool { return !a.settled(now) })
}

func (a *awaited) settled(now time.Time) bool {
	return a.verdict.State == readiness.Ready && now.Sub(a.since) >= a.settle
}

// tell emits an item's progress: a new state at once, a new reason at most
// once a second, and of all items together maxProgress a second.
func (w *waiter) tell(a *awaited, now time.Time) {
	if a.verdict == a.told || a.verdict.State == readiness.Failed { // failures are told with their evidence
		return
	}
	if a.verdict.State == a.told.State && !a.toldAt.IsZero() &&
		(a.verdict.State == readiness.Ready || now.Sub(a.toldAt) < time.Second || !w.room(now)) {
		return
	}
	status := event.Waiting
	switch {
	case a.verdict.State == readiness.Ready && a.change == Unchanged && a.toldAt.IsZero():
		status = event.Unchanged
	case a.verdict.State == readiness.Ready:
		status = event.Passed
	}
	w.span.Object(a.ref.Namespace, a.ref.String(), string(a.change), status, a.verdict.Message)
	a.told, a.toldAt = a.verdict, now
}

// maxProgress is how many new reasons are told in a second, of all items
// together: what three hundred objects do one by one nobody reads.
const maxProgress = 20

// room reports whether one more new reason may be told now. A new state is
// always told, whatever was before it.
func (w *waiter) room(now time.Time) bool {
	if now.Sub(w.second) >= time.Second {
		w.second, w.progress = now, 0
	}
	w.progress++
	return w.progress <= maxProgress
}

// ended is the verdict of a wait whose context ended first.
func (w *waiter) ended(cause error) error {
	f, now := &failures{err: cause}, time.Now()
	for _, a := range w.items {
		if a.verdict.State == readiness.Ready || w.late(now) && !a.late(now) {
			continue
		}
		reason := "interrupted while " + a.verdict.Message
		if errors.Is(cause, errTimeout) {
			wanted := "ready"
			if a.change == Delete {
				wanted = "gone"
			}
			reason = fmt.Sprintf("not %s after %s: %s", wanted, time.Since(w.began).Round(time.Second), a.verdict.Message)
		}
		f.objects = append(f.objects, failure{ref: a.ref, cause: reason, pods: w.podRefs(a)})
	}
	slices.SortStableFunc(f.objects, compareFailures)
	return f
}
