package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

// revalidate is the plan, or a new one where the release has changed since it was made: another job may have deployed
// between plan and lock. A pending revision that nobody works on is marked failed.
func (e *Engine) revalidate(
	ctx context.Context, p *Prepared, changed bool, l *lock.Lock, span event.Span,
) (*Prepared, error) {
	if changed {
		span.Warn("the release has changed since it was planned; it is planned anew")
		again, err := p.replan(ctx)
		if err != nil {
			return nil, err
		}
		p = again
	}
	if last := p.lineage.last; last != nil && last.Status().Pending() {
		if err := e.takeOver(ctx, p.request, last.Record, l, span); err != nil {
			return nil, err
		}
	}
	l.Resolved = true
	return p, nil
}

// changedSince reports whether the last revision is no longer as the plan saw it. That there is a later one is told by
// the record that is then to be made.
func (e *Engine) changedSince(ctx context.Context, p *Prepared) (bool, error) {
	last := p.lineage.last
	if last == nil {
		return false, nil
	}
	status, err := e.storage(p.Namespace).Status(ctx, p.Release, last.Version)
	return err != nil || status != last.Status(), exceptFor(err, release.ErrNotFound)
}

// exceptFor is err, unless it is the expected one.
func exceptFor(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// helmPatience is how long a pending revision without a lock is believed to be Helm's, at work: Helm leaves no lock,
// and its default timeout is as long.
const helmPatience = 5 * time.Minute

// recordAge is for how long a revision has been recorded, by its own word or by the API server's: the first is of the
// clock of the machine that wrote it, which may be ahead by any amount.
func recordAge(r *release.Record, now time.Time) time.Duration {
	age := now.Sub(r.Info.LastDeployed.Time)
	if !r.Created.IsZero() {
		age = max(age, now.Sub(r.Created))
	}
	return age
}

// takeOver marks a pending revision failed whose operation is dead: its lock has expired, or it has none and is old.
// The hooks that the operation left go.
func (e *Engine) takeOver(ctx context.Context, req Request, last *release.Record, l *lock.Lock, span event.Span) error {
	age := recordAge(last, e.cluster.Now())
	if l.Previous == "" && age < helmPatience {
		return fmt.Errorf("release %s: revision %d is %s since %s and no lock says by whom (Helm takes none); "+
			"wait until it ends, or %s, then try again: %w",
			req.Release, last.Version, last.Status(), last.Info.LastDeployed.Format(time.RFC3339),
			(helmPatience - age).Round(time.Second), lock.ErrBusy)
	}
	who := l.Previous
	if who == "" {
		who = "an unknown client"
	}
	if err := e.clearDeadHooks(ctx, last, req.Timeout, span); err != nil {
		return fmt.Errorf("clear the hooks of revision %d of %s: %w", last.Version, req.Release, err)
	}
	was := last.Status()
	last.Set(release.Failed, fmt.Sprintf("Interrupted while %s by %s; taken over by %s", was, who, e.options.Holder))
	span.Warn(fmt.Sprintf("revision %d was left %s by %s; it is marked failed", last.Version, was, who))
	return e.storage(req.Namespace).Update(ctx, last)
}
