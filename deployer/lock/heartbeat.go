package lock

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/internal/sleep"
)

// startHeartbeat renews the lease until it is given back or lost.
func (l *Locker) startHeartbeat(parent context.Context, lease *leaseObject, previous string) (context.Context, *Lock) {
	ctx, cancel := context.WithCancelCause(parent)
	heartbeatCtx, stop := context.WithCancel(context.WithoutCancel(parent)) // clean-up after a cancel needs the lock too
	var heartbeat sync.WaitGroup
	heartbeat.Go(func() {
		for sleep.For(heartbeatCtx, leaseBeat) {
			if err := l.keepAlive(heartbeatCtx, lease); errors.Is(err, ErrLost) {
				cancel(err)
				return
			}
			if newer := l.askedToStop(lease); newer != nil {
				cancel(newer)
			}
		}
	})
	held := &Lock{Previous: previous}
	held.Unlock = func() {
		stop()
		heartbeat.Wait()
		defer cancel(nil)
		if !errors.Is(context.Cause(ctx), ErrLost) {
			l.giveBack(parent, held, lease)
		}
	}
	return ctx, held
}

// giveBack deletes the lease, or leaves it as a dead job's where something is left for the next job to deal with.
func (l *Locker) giveBack(parent context.Context, held *Lock, lease *leaseObject) {
	ctx, cancel := Afterwards(parent, unlockBound, LastBound, context.DeadlineExceeded)
	defer cancel()
	release := strings.TrimPrefix(lease.Metadata.Name, leaseName(""))
	switch {
	case held.Previous != "" && !held.Resolved:
		l.expire(ctx, lease, held.Previous)
	case held.MayBePending && l.Pending(ctx, lease.Metadata.Namespace, release):
		l.expire(ctx, lease, l.Holder)
	default:
		l.unlock(ctx, lease)
	}
}

// keepAlive renews the lease, trying on until it can. No attempt is longer than a beat, so that none sleeps through the
// moment when the API server is back.
func (l *Locker) keepAlive(ctx context.Context, lease *leaseObject) error {
	for {
		once, cancel := context.WithTimeout(ctx, leaseBeat)
		err := l.renew(once, lease)
		cancel()
		if err == nil || errors.Is(err, ErrLost) || ctx.Err() != nil {
			return err
		}
		if !sleep.For(ctx, leasePoll/4) {
			return err
		}
	}
}

// renew says that the holder lives. An outage is no loss: without the API server nobody else can take the lease either.
func (l *Locker) renew(ctx context.Context, lease *leaseObject) error {
	next := *lease
	next.Spec.RenewTime = l.Cluster.Now().UTC().Format(microTime)
	var got leaseObject
	err := l.Cluster.Do(ctx, http.MethodPut, leasePath(lease.Metadata.Namespace, lease.Metadata.Name), &next, &got)
	if kube.Is(err, kube.Conflict) {
		err = l.Cluster.Do(ctx, http.MethodGet, leasePath(lease.Metadata.Namespace, lease.Metadata.Name), nil, &got)
		same := got.Metadata.UID == lease.Metadata.UID && got.Spec.HolderIdentity == lease.Spec.HolderIdentity
		if err == nil && same && got.Spec.AcquireTime == lease.Spec.AcquireTime {
			*lease = got // our own write, whose answer was lost
			return nil
		}
	}
	switch {
	case kube.Is(err, kube.NotFound):
		return l.lockGone(ctx, lease)
	case err == nil && got.Spec.AcquireTime != lease.Spec.AcquireTime:
		return &lostError{whoHolds(&got) + " has taken the release's lock over"}
	case err == nil:
		*lease = got
	}
	return err
}

// lockGone says why a lock that was held is not there any more.
func (l *Locker) lockGone(ctx context.Context, lease *leaseObject) error {
	name := lease.Metadata.Namespace
	var ns struct {
		Metadata struct {
			DeletionTimestamp string `json:"deletionTimestamp"`
		} `json:"metadata"`
	}
	err := l.Cluster.Do(ctx, http.MethodGet, "/api/v1/namespaces/"+name, nil, &ns)
	if kube.Is(err, kube.NotFound) || err == nil && ns.Metadata.DeletionTimestamp != "" {
		return &lostError{"namespace " + name + " has been deleted"}
	}
	return &lostError{"the release's lock, Lease/" + lease.Metadata.Name + ", has been deleted"}
}
