// Package wait follows objects until each is as it is expected to be: ready, gone or done. It watches them and their
// pods, decides by deployer/readiness, says why one is not there yet, and tells the logs of pods that roll out. It
// clears what stands in the way: pods that block a StatefulSet, and Jobs that must have stopped before the next is
// made.
//
// It refuses to know releases, plans and policies: what follows from a wait that failed is its caller's business.
package wait

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/event"
)

// Waiter follows objects through shared watches until all are ready, one cannot be, or the context ends. One goroutine
// decides; watches only feed it.
type Waiter struct {
	Cluster *kube.Client
	Span    event.Span
	Logs    *Logs     // nil where none are told
	Expires time.Time // for items without a limit of their own; zero: when the context ends

	items []*Item
	index map[string]*Item

	pods, sets   map[string]*unstructured.Unstructured // by uid
	events       map[string]kube.Event                 // newest warning by uid of its object
	gracePeriods readiness.GracePeriods
	notices      chan notice
	began        time.Time
	consumers    map[string]bool // storage classes whose volumes wait for a pod
	second       time.Time       // of the progress that is counted
	progress     int
}

type notice struct {
	source string // "pods", "sets", "events" or "objects"
	kube.Notice
}

// tick is how often grace periods, settling and held-back progress are looked at.
const tick = 250 * time.Millisecond

// Await blocks until every item is as its judge wants it. The error is a *failures; when the context ended it wraps the
// context's cause.
func (w *Waiter) Await(ctx context.Context, items []*Item) error {
	w.items, w.index = items, map[string]*Item{}
	w.pods, w.sets = map[string]*unstructured.Unstructured{}, map[string]*unstructured.Unstructured{}
	w.events, w.gracePeriods = map[string]kube.Event{}, readiness.GracePeriods{}
	w.began = time.Now()
	for _, a := range items {
		w.index[a.Ref.Key()] = a
		a.seenAt = w.began
		w.prepare(ctx, a)
		if w.Logs != nil && a.written() {
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
func (w *Waiter) follow(parent context.Context) error {
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
		if !explained && w.needsDiagnosis(time.Now()) {
			start(w.explaining(time.Now()))
			explained = true
		}
		select {
		case <-parent.Done():
			return w.ended(context.Cause(parent))
		case err := <-broken:
			return &Failures{Err: err}
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
			return w.ended(ErrTimeout)
		}
		w.unstick(ctx)
		w.remake(ctx, now)
		w.listen(ctx, &watches)
	}
}

// unstick deletes the pods that keep a changed StatefulSet from going on. What cannot be deleted now is tried again:
// the wait's end says if it never can.
func (w *Waiter) unstick(ctx context.Context) {
	for _, a := range w.items {
		if a.Object == nil || a.Action == Unchanged || a.status.State == readiness.Ready {
			continue
		}
		for _, p := range readiness.StuckPods(a.Object, w.pods) {
			err := w.Cluster.Delete(ctx, kube.RefOf(p), string(p.GetUID()), kube.Background)
			if err == nil {
				w.Span.Output(kube.RefOf(p).String(), "deleted: it is of an earlier revision, broken, and blocks "+a.Ref.String())
				delete(w.pods, string(p.GetUID()))
			}
		}
	}
}

// drain takes what else is waiting, so that a burst is decided on once.
func (w *Waiter) drain() {
	for {
		select {
		case n := <-w.notices:
			w.take(n)
		default:
			return
		}
	}
}

func (w *Waiter) take(n notice) {
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

func put(m map[string]*unstructured.Unstructured, uid string, n notice) {
	if n.Change == kube.Gone {
		delete(m, uid)
		return
	}
	m[uid] = n.Object
}

// assess judges every item anew. It returns the failures, if there are any.
func (w *Waiter) assess(now time.Time) error {
	var failed []Failure
	for _, a := range w.items {
		a.status = w.evaluate(a, now)
		if a.status.State == readiness.Progressing && a.Action != Delete { // what is to go may crash as it likes
			w.diagnose(a, now)
		}
		if a.status.State == readiness.Failed {
			failed = append(failed, Failure{Ref: a.Ref, Cause: a.status.Message, Pods: w.podRefs(a)})
		}
		if a.status.State != readiness.Ready {
			a.readySince = time.Time{}
		} else if a.readySince.IsZero() {
			a.readySince = now
		}
		w.report(a, now)
	}
	if len(failed) > 0 {
		slices.SortStableFunc(failed, compareFailures)
		return &Failures{Objects: failed}
	}
	return nil
}

func (w *Waiter) done(now time.Time) bool {
	return !slices.ContainsFunc(w.items, func(a *Item) bool { return !a.settled(now) })
}

// ended is the verdict of a wait whose context ended first.
func (w *Waiter) ended(cause error) error {
	f, now := &Failures{Err: cause}, time.Now()
	for _, a := range w.items {
		if a.status.State == readiness.Ready || w.late(now) && !a.late(now) {
			continue
		}
		reason := "interrupted while " + a.status.Message
		if errors.Is(cause, ErrTimeout) {
			wanted := "ready"
			if a.Action == Delete {
				wanted = "gone"
			}
			reason = fmt.Sprintf("not %s after %s: %s", wanted, time.Since(w.began).Round(time.Second), a.status.Message)
		}
		f.Objects = append(f.Objects, Failure{Ref: a.Ref, Cause: reason, Pods: w.podRefs(a)})
	}
	slices.SortStableFunc(f.Objects, compareFailures)
	return f
}
