package deployer

import (
	"context"
	"errors"
	"slices"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

func (e *Engine) locker() *lock.Locker {
	return &lock.Locker{
		Cluster: e.cluster, Holder: e.options.Holder, Job: e.options.Job,
		MayUse: func(ctx context.Context, namespace, verb string) bool {
			leases := access.Permission{Namespace: namespace, Group: "coordination.k8s.io", Resource: "leases"}
			return e.access.May(ctx, leases, verb)
		},
		Pending: e.mayBePending,
	}
}

// lock takes the release's lock. An error says that the operation has not started.
func (e *Engine) lock(ctx context.Context, req Request, span event.Span) (context.Context, *lock.Lock, error) {
	ctx, held, err := e.locker().Lock(ctx, lock.Request{
		Release: req.Release, Namespace: req.Namespace, Timeout: req.LockTimeout, Supersede: req.Supersede,
	}, span)
	return ctx, held, notStarted(err)
}

// mayBePending reports whether the last record write did not get through, or may not have: then the next job must find
// the lock of a dead one beside it.
func (e *Engine) mayBePending(ctx context.Context, namespace, name string) bool {
	h, err := e.storage(namespace).History(ctx, name)
	return err != nil && !errors.Is(err, release.ErrNotFound) ||
		slices.ContainsFunc(h.Records, func(r *release.Record) bool { return r.Status().Pending() })
}
