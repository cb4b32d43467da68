package deployer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// A lock is a coordination.k8s.io Lease of the release, renewed every
// leaseBeat; one not renewed for leasePeriod belongs to a dead job and is taken
// over (DESIGN.md, rules of the engine, 3). All times are the API server's.
const (
	leasePeriod = 15 * time.Second
	leaseBeat   = 4 * time.Second
	leasePoll   = time.Second
	microTime   = "2006-01-02T15:04:05.000000Z07:00"
)

// lease is a lock that is held.
type lease struct {
	previous string // who held it and died; empty when it was free
	settled  bool   // what the dead holder left has been dealt with
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
// errLockLost when another job takes the lock.
func (e *Engine) lock(ctx context.Context, req Request, span event.Span) (context.Context, *lease, error) {
	name := lockName(req.Release)
	deadline := time.Now().Add(req.LockTimeout)
	told := ""
	for {
		held, previous, err := e.tryLock(ctx, req, name)
		switch {
		case kube.Is(err, kube.Forbidden):
			span.Warn("no lock: this account may not use leases in " + req.Namespace)
			return ctx, &lease{release: func() {}}, nil
		case err != nil:
			return ctx, nil, fmt.Errorf("lock release %s: %w", req.Release, err)
		case held.Spec.HolderIdentity == e.options.Holder && previous != stillHeld:
			held, l := e.hold(ctx, held, previous)
			return held, l, nil
		}
		who := held.Spec.HolderIdentity
		if who != told {
			span.Output("", fmt.Sprintf("waiting for %s, which works on the release since %s", who, held.Spec.AcquireTime))
			told = who
		}
		if time.Now().After(deadline) {
			return ctx, nil, fmt.Errorf("release %s: %s has worked on it since %s and still does; wait for it, or stop it: %w",
				req.Release, who, held.Spec.AcquireTime, ErrBusy)
		}
		if !pause(ctx, leasePoll) {
			return ctx, nil, fmt.Errorf("lock release %s: %w", req.Release, context.Cause(ctx))
		}
	}
}

// stillHeld stands for a previous holder that lives.
const stillHeld = "\x00held"

// tryLock creates the lease, or takes an expired one over. When another job
// holds it, the answer is that job's lease and stillHeld.
func (e *Engine) tryLock(ctx context.Context, req Request, name string) (held *leaseObject, previous string, err error) {
	now := e.cluster.Now().UTC().Format(microTime)
	mine := &leaseObject{
		APIVersion: "coordination.k8s.io/v1", Kind: "Lease",
		Metadata: leaseMetadata{Name: name, Namespace: req.Namespace, Labels: map[string]string{"app.kubernetes.io/managed-by": "pintle"}},
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
	if err != nil || !expired(held, e.cluster.Now()) {
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
		for pause(beat, leaseBeat) {
			if err := e.renew(beat, l); errors.Is(err, errLockLost) {
				lose(errLockLost)
				return
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
		if previous != "" && !taken.settled {
			e.expire(context.WithoutCancel(parent), l, previous)
			return
		}
		e.unlock(context.WithoutCancel(parent), l)
	}
	return ctx, taken
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
	ctx, cancel := context.WithTimeout(ctx, lastBound)
	defer cancel()
	l.Spec.HolderIdentity, l.Spec.RenewTime = dead, time.Unix(0, 0).UTC().Format(microTime)
	_ = e.cluster.Do(ctx, http.MethodPut, leasePath(l.Metadata.Namespace, l.Metadata.Name), l, nil)
}

// unlock deletes the lease if it is still ours. Failing that, it expires.
func (e *Engine) unlock(ctx context.Context, l *leaseObject) {
	ctx, cancel := context.WithTimeout(ctx, lastBound)
	defer cancel()
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
