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

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/sleep"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// A lock is a coordination.k8s.io Lease of the release, renewed every
// leaseBeat; one not renewed for leasePeriod belongs to a dead job and is taken
// over (DESIGN.md, rules of the engine, 3). All times are the API server's.
const (
	leasePeriod = 15 * time.Second
	leaseBeat   = 4 * time.Second
	leasePoll   = time.Second
	leaseGrace  = 3 * time.Second // more than a heartbeat needs that has been failing
	unlockBound = leasePeriod     // of giving it back; after that it expires anyway
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
// another holder. Who waits is told for whom. The context it returns ends with
// errLockLost when another job takes the lock, and with a *SupersededError when
// a newer build asks for it.
func (e *Engine) lock(ctx context.Context, req Request, span event.Span) (context.Context, *lease, error) {
	deadline := time.Now().Add(req.LockTimeout)
	w := &waiting{engine: e, req: req, span: span}
	for {
		held, previous, err := e.tryLock(ctx, req, lockName(req.Release), w.dead)
		switch {
		case kube.Is(err, kube.Forbidden):
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
		if time.Now().After(deadline) {
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
	expired string // the resource version of the lease that was found expired
	since   time.Time
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

// dead reports whether the holder of a lease is dead: it has not renewed it in
// time, nor for leaseGrace after that was seen. The API server may have been away,
// and then a holder who lives renews it as soon as it can.
func (w *waiting) dead(held *leaseObject) bool {
	if !expired(held, w.engine.cluster.Now()) {
		return false
	}
	if renewed, err := time.Parse(time.RFC3339Nano, held.Spec.RenewTime); err != nil || renewed.Unix() <= 0 {
		return true // given up as such: see expire
	}
	if held.Metadata.ResourceVersion != w.expired {
		w.expired, w.since = held.Metadata.ResourceVersion, time.Now()
	}
	return time.Since(w.since) >= leaseGrace
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
	if !kube.Is(err, kube.Exists) {
		return held, "", err
	}
	err = e.cluster.Do(ctx, http.MethodGet, leasePath(req.Namespace, name), nil, held)
	if kube.Is(err, kube.NotFound) {
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

func expired(l *leaseObject, now time.Time) bool {
	renewed, err := time.Parse(time.RFC3339Nano, l.Spec.RenewTime)
	if err != nil {
		return true
	}
	period := time.Duration(l.Spec.LeaseDurationSeconds)*time.Second + time.Second // the server's clock is known to a second
	return now.Sub(renewed) > period
}

// hold renews the lease until it is released or lost.
func (e *Engine) hold(parent context.Context, l *leaseObject, previous string) (context.Context, *lease) {
	ctx, lose := context.WithCancelCause(parent)
	beat, stop := context.WithCancel(context.WithoutCancel(parent)) // clean-up after a cancel needs the lock too
	var heart sync.WaitGroup
	heart.Go(func() {
		for sleep.For(beat, leaseBeat) {
			if errors.Is(e.keepAlive(beat, l), errLockLost) {
				lose(errLockLost)
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
	if kube.Is(err, kube.NotFound) || err == nil && got.Spec.AcquireTime != l.Spec.AcquireTime {
		return errLockLost
	}
	if err == nil {
		*l = got
	}
	return err
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
