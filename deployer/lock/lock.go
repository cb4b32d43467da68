// Package lock makes that only one job at a time works on a release: a Lease (coordination.k8s.io) in the release's
// namespace that its holder renews. A lock whose holder has died is taken over; a newer build may ask the holder of an
// older one to stop.
//
// It refuses to know what is done under a lock, and what a dead job left: it says from whom a lock was taken over, and
// its caller deals with that.
package lock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/sleep"
)

// ErrBusy is a release that another operation holds, or seems to.
var ErrBusy = errors.New("another operation on the release is in progress")

// ErrLost is the cause of a context that ended because the lock is another job's, or gone: this one must not touch the
// release any more.
var ErrLost = errors.New("the release's lock is lost")

// lostError is an ErrLost that says what became of the lock.
type lostError struct{ how string }

func (l *lostError) Error() string { return l.how }

func (l *lostError) Is(target error) bool { return target == ErrLost }

// Locker takes the locks of releases for one job.
type Locker struct {
	Cluster *kube.Client
	Holder  string // who works: the job's URL, else user@host
	Job     Job    // the build of a CI, where there is one

	// MayUse reports whether the account may use leases in a namespace in that way: "get", "create", "update".
	MayUse func(ctx context.Context, namespace, verb string) bool

	// Pending reports whether a record of the release says that an operation is on its way, or may say so.
	Pending func(ctx context.Context, namespace, release string) bool
}

// Request is a wish for the lock of a release.
type Request struct {
	Release   string
	Namespace string
	Timeout   time.Duration // waiting for another holder that lives
	Supersede bool          // ask an older build of the same branch that holds it to stop, and stop for a newer one
}

// Lock is a lock that is held.
type Lock struct {
	Previous     string // who held it and died; empty when it was free
	Resolved     bool   // set when what the dead holder left has been dealt with
	MayBePending bool   // set when the work has failed: it may have left a pending revision itself
	Unlock       func() // gives the lock back and ends the heartbeat
}

// Lock takes the release's lock, waiting at most the request's Timeout for another holder, and as long as it takes to
// know whether one lives that does not say so. Who waits is told for whom. The context it returns ends with ErrLost
// when another job takes the lock, and with a *SupersededError when a newer build asks for it. The error is ErrBusy
// when the holder still works at the end; whatever it is, nothing was touched.
func (l *Locker) Lock(ctx context.Context, req Request, span event.Span) (context.Context, *Lock, error) {
	deadline := time.Now().Add(req.Timeout)
	w := &waiting{locker: l, req: req, span: span}
	for {
		lease, previous, taken, err := l.tryLock(ctx, req, w.dead)
		switch {
		case l.noLeases(ctx, req.Namespace, err):
			span.Warn("no lock: this account may not use leases in " + req.Namespace)
			return ctx, &Lock{Unlock: func() {}}, nil
		case err != nil:
			return ctx, nil, failed(req, err)
		case taken:
			held, lock := l.startHeartbeat(ctx, lease, previous)
			return held, lock, nil
		}
		if err := w.look(ctx, lease); err != nil {
			return ctx, nil, failed(req, err)
		}
		if time.Now().After(deadline) && !w.doubts(lease) {
			return ctx, nil, fmt.Errorf("release %s: %s has worked on it since %s and still does; wait for it, or stop it: %w",
				req.Release, whoHolds(lease), lease.Spec.AcquireTime, ErrBusy)
		}
		if !sleep.For(ctx, leasePoll) {
			return ctx, nil, failed(req, context.Cause(ctx))
		}
	}
}

func failed(req Request, err error) error {
	return fmt.Errorf("nothing was touched: lock release %s: %w", req.Release, err)
}

// Holder is who holds a lock.
type Holder struct {
	Name  string // as it calls itself
	Since string // when it took the lock, as the lease says
	Dead  bool
}

// Inspect is who holds the release's lock; nil when nobody does, or it may not be seen. A holder that does not say that
// it works is watched until it is known whether it is dead.
func (l *Locker) Inspect(ctx context.Context, namespace, release string) (*Holder, error) {
	w := &waiting{locker: l}
	for {
		lease := &leaseObject{}
		err := l.Cluster.Do(ctx, http.MethodGet, leasePath(namespace, leaseName(release)), nil, lease)
		switch {
		case kube.Is(err, kube.NotFound) || kube.Is(err, kube.Forbidden):
			return nil, nil
		case err != nil:
			return nil, err
		}
		if dead := w.dead(lease); dead || !w.doubts(lease) {
			return &Holder{Name: lease.Spec.HolderIdentity, Since: lease.Spec.AcquireTime, Dead: dead}, nil
		}
		if !sleep.For(ctx, leasePoll) {
			return nil, context.Cause(ctx)
		}
	}
}

// noLeases reports whether a refusal means that the account may not use leases. The server refuses with the same code
// what a quota or a policy forbids, and everything in a namespace that is being deleted; so it is asked.
func (l *Locker) noLeases(ctx context.Context, namespace string, refusal error) bool {
	if !kube.Is(refusal, kube.Forbidden) {
		return false
	}
	return slices.ContainsFunc([]string{"get", "create", "update"}, func(verb string) bool {
		return !l.MayUse(ctx, namespace, verb)
	})
}

// waiting is a job that waits for a lock.
type waiting struct {
	locker *Locker
	req    Request
	span   event.Span

	told    string // for whom it waits
	asked   string // whom it has asked to stop
	changes int    // how often the lease was found changed
	watched watched
}

// look does what there is to do while another job holds the lock.
func (w *waiting) look(ctx context.Context, lease *leaseObject) error {
	id := lease.Metadata.UID
	if who := whoHolds(lease); id != w.told && id != "" {
		w.span.Output("", fmt.Sprintf("waiting for %s, which works on the release since %s", who, lease.Spec.AcquireTime))
		w.told = id
	}
	asked, err := w.locker.supersedeHolder(ctx, w.req, lease)
	if asked && id != w.asked {
		w.span.Output("", "a newer build of its branch, this job asks it to stop")
		w.asked = id
	}
	return err
}

// dead reports whether the holder of a lease is dead.
func (w *waiting) dead(lease *leaseObject) bool {
	if lease.Spec != w.watched.spec {
		w.changes++
	}
	return w.watched.dead(lease, w.locker.Cluster.Now())
}

// doubts reports whether it is soon to be known that the holder of a lease is dead: the lease was never seen to change,
// and does not say that it was renewed.
func (w *waiting) doubts(lease *leaseObject) bool {
	return w.changes <= 1 && !alive(lease, w.locker.Cluster.Now())
}
