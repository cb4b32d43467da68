package deployer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/sleep"
)

// A lock is a coordination.k8s.io Lease of the release, renewed every
// leaseBeat; one that was seen unchanged for long enough (see watched) belongs to
// a dead job and is taken over (engine-rules.md 3).
const (
	leasePeriod = 15 * time.Second
	leaseBeat   = 4 * time.Second
	leasePoll   = time.Second
	unlockBound = leasePeriod // of giving it back; after that it expires anyway
	microTime   = "2006-01-02T15:04:05.000000Z07:00"
)

// lease is a lock that is held.
type lease struct {
	previous string // who held it and died; empty when it was free
	settled  bool   // what the dead holder left has been dealt with
	doubtful bool   // the work has failed: it may have left a pending revision itself
	release  func() // gives the lock back and ends the heartbeat
}

type leaseObject struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Metadata   leaseMetadata `json:"metadata"`
	Spec       leaseSpec     `json:"spec"`
}

type leaseMetadata struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	UID             string            `json:"uid,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
}

type leaseSpec struct {
	HolderIdentity       string `json:"holderIdentity"`
	LeaseDurationSeconds int    `json:"leaseDurationSeconds"`
	AcquireTime          string `json:"acquireTime"`
	RenewTime            string `json:"renewTime"`
}

func lockName(name string) string { return "pintle-lock-" + name }

func leasePath(namespace, name string) string {
	p := "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases"
	if name != "" {
		p += "/" + name
	}
	return p
}

// lock takes the release's lock, waiting at most the request's LockTimeout for
// another holder, and as long as it takes to know whether one lives that does not
// say so. Who waits is told for whom. The context it returns ends with
// errLockLost when another job takes the lock, and with a *SupersededError when
// a newer build asks for it.
func (e *Engine) lock(ctx context.Context, req Request, span event.Span) (context.Context, *lease, error) {
	deadline := time.Now().Add(req.LockTimeout)
	w := &waiting{engine: e, req: req, span: span}
	for {
		held, previous, err := e.tryLock(ctx, req, lockName(req.Release), w.dead)
		switch {
		case e.noLeases(ctx, req.Namespace, err):
			span.Warn("no lock: this account may not use leases in " + req.Namespace)
			return ctx, &lease{release: func() {}}, nil
		case err != nil:
			return ctx, nil, unlocked(req, err)
		case previous != stillHeld:
			held, l := e.hold(ctx, held, previous)
			return held, l, nil
		}
		if err := w.look(ctx, held); err != nil {
			return ctx, nil, unlocked(req, err)
		}
		if time.Now().After(deadline) && !w.doubts(held) {
			return ctx, nil, fmt.Errorf("release %s: %s has worked on it since %s and still does; wait for it, or stop it: %w",
				req.Release, whoHolds(held), held.Spec.AcquireTime, ErrBusy)
		}
		if !sleep.For(ctx, leasePoll) {
			return ctx, nil, unlocked(req, context.Cause(ctx))
		}
	}
}

// unlocked is the error of an operation that has not got its lock.
func unlocked(req Request, err error) error {
	return notStarted(fmt.Errorf("nothing was touched: lock release %s: %w", req.Release, err))
}

// waiting is a job that waits for a lock.
type waiting struct {
	engine *Engine
	req    Request
	span   event.Span

	told    string // for whom it waits
	asked   string // whom it has asked to stop
	changes int    // how often the lease was found changed
	watched watched
}

// look does what there is to do while another job holds the lock.
func (w *waiting) look(ctx context.Context, held *leaseObject) error {
	id := held.Metadata.UID
	if who := whoHolds(held); id != w.told && id != "" {
		w.span.Output("", fmt.Sprintf("waiting for %s, which works on the release since %s", who, held.Spec.AcquireTime))
		w.told = id
	}
	asked, err := w.engine.supersedeHolder(ctx, w.req, held)
	if asked && id != w.asked {
		w.span.Output("", "a newer build of its branch, this job asks it to stop")
		w.asked = id
	}
	return err
}

// dead reports whether the holder of a lease is dead.
func (w *waiting) dead(held *leaseObject) bool {
	if held.Spec != w.watched.spec {
		w.changes++
	}
	return w.watched.dead(held, w.engine.cluster.Now())
}

// doubts reports whether it is soon to be known that the holder of a lease is
// dead: the lease was never seen to change, and does not say that it was renewed.
func (w *waiting) doubts(held *leaseObject) bool {
	return w.changes <= 1 && !alive(held, w.engine.cluster.Now())
}

// noLeases reports whether a refusal means that the account may not use leases.
// The server refuses with the same code what a quota or a policy forbids, and
// everything in a namespace that is being deleted; so it is asked.
func (e *Engine) noLeases(ctx context.Context, namespace string, refusal error) bool {
	if !kube.Is(refusal, kube.Forbidden) {
		return false
	}
	leases := access.Permission{Namespace: namespace, Group: "coordination.k8s.io", Resource: "leases"}
	return slices.ContainsFunc([]string{"get", "create", "update"}, func(verb string) bool { return !e.access.May(ctx, leases, verb) })
}

// stillHeld stands for a previous holder that lives.
const stillHeld = "\x00held"

// tryLock creates the lease, or takes a dead job's over. When another job
// holds it, the answer is that job's lease and stillHeld.
func (e *Engine) tryLock(ctx context.Context, req Request, name string, dead func(*leaseObject) bool) (held *leaseObject, previous string, err error) {
	now := e.cluster.Now().UTC().Format(microTime)
	mine := &leaseObject{
		APIVersion: "coordination.k8s.io/v1", Kind: "Lease",
		Metadata: leaseMetadata{
			Name: name, Namespace: req.Namespace,
			Labels: map[string]string{"app.kubernetes.io/managed-by": "pintle"}, Annotations: e.marks(req),
		},
		Spec: leaseSpec{
			HolderIdentity: e.options.Holder, LeaseDurationSeconds: int(leasePeriod.Seconds()), AcquireTime: now, RenewTime: now,
		},
	}
	held = &leaseObject{}
	err = e.cluster.Do(ctx, http.MethodPost, leasePath(req.Namespace, ""), mine, held)
	refusal := err
	if !kube.Is(refusal, kube.Exists) && !kube.Is(refusal, kube.Forbidden) {
		return held, "", err
	}
	err = e.cluster.Do(ctx, http.MethodGet, leasePath(req.Namespace, name), nil, held)
	switch {
	case kube.Is(refusal, kube.Forbidden) && err != nil:
		return held, "", refusal
	case kube.Is(err, kube.NotFound):
		return held, stillHeld, nil // given back this moment: try again
	}
	if err == nil && held.Spec == mine.Spec {
		return held, "", nil // our own, whose answer was lost
	}
	if err != nil || !dead(held) {
		return held, stillHeld, err
	}
	return e.takeLease(ctx, held, mine)
}

// takeLease replaces a dead job's lease, unless somebody is faster.
func (e *Engine) takeLease(ctx context.Context, held, mine *leaseObject) (*leaseObject, string, error) {
	path, previous := leasePath(held.Metadata.Namespace, held.Metadata.Name), held.Spec.HolderIdentity
	mine.Metadata.ResourceVersion, mine.Metadata.UID = held.Metadata.ResourceVersion, held.Metadata.UID
	got := &leaseObject{}
	err := e.cluster.Do(ctx, http.MethodPut, path, mine, got)
	if kube.Is(err, kube.Conflict) {
		err = e.cluster.Do(ctx, http.MethodGet, path, nil, got)
		if err == nil && got.Spec != mine.Spec {
			return got, stillHeld, nil
		}
	}
	if kube.Is(err, kube.NotFound) {
		return held, stillHeld, nil
	}
	return got, previous, err
}

// hold renews the lease until it is released or lost.
func (e *Engine) hold(parent context.Context, l *leaseObject, previous string) (context.Context, *lease) {
	ctx, lose := context.WithCancelCause(parent)
	beat, stop := context.WithCancel(context.WithoutCancel(parent)) // clean-up after a cancel needs the lock too
	var heart sync.WaitGroup
	heart.Go(func() {
		for sleep.For(beat, leaseBeat) {
			if err := e.keepAlive(beat, l); errors.Is(err, errLockLost) {
				lose(err)
				return
			}
			if newer := e.askedToStop(l); newer != nil {
				lose(newer)
			}
		}
	})
	taken := &lease{previous: previous}
	taken.release = func() {
		stop()
		heart.Wait()
		defer lose(nil)
		if errors.Is(context.Cause(ctx), errLockLost) {
			return
		}
		last, cancel := afterwards(parent, unlockBound, lastBound)
		defer cancel()
		switch {
		case previous != "" && !taken.settled:
			e.expire(last, l, previous)
		case taken.doubtful && e.leftPending(last, l):
			e.expire(last, l, e.options.Holder)
		default:
			e.unlock(last, l)
		}
	}
	return ctx, taken
}

// keepAlive renews the lease, trying on until it can. No attempt is longer than a
// beat, so that none sleeps through the moment when the API server is back.
func (e *Engine) keepAlive(ctx context.Context, l *leaseObject) error {
	for {
		once, cancel := context.WithTimeout(ctx, leaseBeat)
		err := e.renew(once, l)
		cancel()
		if err == nil || errors.Is(err, errLockLost) || ctx.Err() != nil {
			return err
		}
		if !sleep.For(ctx, leasePoll/4) {
			return err
		}
	}
}

// renew says that the holder lives. An outage is no loss: without the API
// server nobody else can take the lease either.
func (e *Engine) renew(ctx context.Context, l *leaseObject) error {
	next := *l
	next.Spec.RenewTime = e.cluster.Now().UTC().Format(microTime)
	var got leaseObject
	err := e.cluster.Do(ctx, http.MethodPut, leasePath(l.Metadata.Namespace, l.Metadata.Name), &next, &got)
	if kube.Is(err, kube.Conflict) {
		err = e.cluster.Do(ctx, http.MethodGet, leasePath(l.Metadata.Namespace, l.Metadata.Name), nil, &got)
		if err == nil && got.Metadata.UID == l.Metadata.UID && got.Spec.HolderIdentity == l.Spec.HolderIdentity && got.Spec.AcquireTime == l.Spec.AcquireTime {
			*l = got // our own unheard write
			return nil
		}
	}
	switch {
	case kube.Is(err, kube.NotFound):
		return e.lockGone(ctx, l)
	case err == nil && got.Spec.AcquireTime != l.Spec.AcquireTime:
		return &lostLock{whoHolds(&got) + " has taken the release's lock over"}
	case err == nil:
		*l = got
	}
	return err
}

// lockGone says why a lock that was held is not there any more.
func (e *Engine) lockGone(ctx context.Context, l *leaseObject) error {
	name := l.Metadata.Namespace
	var ns struct {
		Metadata struct {
			DeletionTimestamp string `json:"deletionTimestamp"`
		} `json:"metadata"`
	}
	err := e.cluster.Do(ctx, http.MethodGet, "/api/v1/namespaces/"+name, nil, &ns)
	if kube.Is(err, kube.NotFound) || err == nil && ns.Metadata.DeletionTimestamp != "" {
		return &lostLock{"namespace " + name + " has been deleted"}
	}
	return &lostLock{"the release's lock, Lease/" + l.Metadata.Name + ", has been deleted"}
}

// expire gives a lock back that was taken over from a dead job and whose legacy
// nobody has dealt with: the next one finds it as the dead job left it. Without
// it, a pending revision would have no lock, and pass for Helm's at work.
func (e *Engine) expire(ctx context.Context, l *leaseObject, dead string) {
	l.Spec.HolderIdentity, l.Spec.RenewTime = dead, time.Unix(0, 0).UTC().Format(microTime)
	l.Metadata.Annotations = nil // they were ours
	_ = e.cluster.Do(ctx, http.MethodPut, leasePath(l.Metadata.Namespace, l.Metadata.Name), l, nil)
}

// leftPending reports whether the last record write did not get through, or may
// not have: then the next job must find the lock of a dead one beside it.
func (e *Engine) leftPending(ctx context.Context, l *leaseObject) bool {
	name := strings.TrimPrefix(l.Metadata.Name, lockName(""))
	h, err := e.storage(l.Metadata.Namespace).History(ctx, name)
	return err != nil && !errors.Is(err, release.ErrNotFound) ||
		slices.ContainsFunc(h.Records, func(r *release.Record) bool { return r.Status().Pending() })
}

// unlock deletes the lease if it is still ours. Failing that, it expires.
func (e *Engine) unlock(ctx context.Context, l *leaseObject) {
	path := leasePath(l.Metadata.Namespace, l.Metadata.Name)
	for range 3 {
		options := map[string]any{
			"apiVersion": "v1", "kind": "DeleteOptions",
			"preconditions": map[string]any{"uid": l.Metadata.UID, "resourceVersion": l.Metadata.ResourceVersion},
		}
		if err := e.cluster.Do(ctx, http.MethodDelete, path, options, nil); !kube.Is(err, kube.Conflict) {
			return
		}
		var got leaseObject
		err := e.cluster.Do(ctx, http.MethodGet, path, nil, &got)
		if err != nil || got.Metadata.UID != l.Metadata.UID || got.Spec.AcquireTime != l.Spec.AcquireTime {
			return
		}
		*l = got // a heartbeat that was cut short has arrived
	}
}
