package deployer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
)

const (
	recordBound   = time.Minute      // of the last record writes, whatever has ended: longer than an outage may last
	evidenceBound = 15 * time.Second // of reading events and logs before a rollback
)

// succeed writes the record of success: the new revision first, so that there is never none deployed, then those it
// replaces.
func (r *operation) succeed(ctx context.Context) (Outcome, error) {
	ctx, cancel := cleanUpContext(ctx, recordBound, lock.LastBound)
	defer cancel()
	rec := r.plan.record.Record
	rec.Set(release.Deployed, cmp.Or(r.plan.request.Description, r.defaultDescription()))
	out := Outcome{
		Status: event.Passed, Revision: rec.Version, PreviousRevision: r.plan.Deployed,
		Message: fmt.Sprintf("revision %d deployed: %s", rec.Version, r.plan.done()), Notes: rec.Info.Notes,
		Record: rec,
	}
	r.noteTimes()
	if err := r.storage.Update(ctx, rec); err != nil {
		out.Status = event.Failed
		return out, err
	}
	var errs []error
	for _, old := range r.plan.lineage.history.Records {
		if old.Version == rec.Version || old.Status() != release.Deployed && old.Status() != release.Uninstalling {
			continue
		}
		old.Info.Status = release.Superseded
		errs = append(errs, r.storage.Update(ctx, old))
	}
	return out, errors.Join(errs...)
}

func (r *operation) defaultDescription() string {
	switch r.plan.Operation {
	case plan.Install:
		return "Install complete"
	case plan.RollingBack:
		return fmt.Sprintf("Rollback to %d", r.plan.record.Info.RollbackRevision)
	}
	return "Upgrade complete"
}

// fail ends an operation that could not be finished: evidence first, then the record, then what the policy says, all on
// a context that the failure did not end. ctx is what the operation worked under, parent the caller's.
func (r *operation) fail(parent, ctx context.Context, err error) (Outcome, error) {
	interrupted := parent.Err() != nil
	out := Outcome{Status: event.Failed, Revision: r.plan.Deployed, PreviousRevision: r.plan.Deployed}
	if lost := context.Cause(ctx); errors.Is(lost, lock.ErrLost) {
		return out, &FailedError{Release: r.plan.Release, Cause: lost.Error(), Err: lost}
	}
	fresh, cancel := cleanUpContext(parent, r.plan.request.RollbackTimeout, r.plan.request.cleanUpBound())
	defer cancel()
	failed := r.failed(fresh, err)
	if interrupted {
		failed.Err = context.Cause(parent)
		failed.Cause = "interrupted: " + failed.Err.Error()
	}
	failed.RecordErr = r.recordFailure(fresh, failed.Cause)
	r.restore(parent, fresh, failed)
	return r.outcome(out, failed, interrupted), failed
}

func (r *operation) outcome(out Outcome, failed *FailedError, interrupted bool) Outcome {
	out.Message, out.Details = failed.Cause, failed.Details()
	switch {
	case interrupted:
		out.Status = event.Interrupted
	case failed.Restored():
		out.Status = event.RolledBack
	}
	if failed.RolledBack {
		out.Revision = r.plan.Revision + 1
	}
	return out
}

func (r *operation) recordFailure(ctx context.Context, cause string) error {
	name := "Upgrade"
	switch r.plan.Operation {
	case plan.Install:
		name = "Release"
	case plan.RollingBack:
		name = "Rollback"
	}
	r.plan.record.Set(release.Failed, r.redact(fmt.Sprintf("%s %q failed: %s", name, r.plan.Release, cause)))
	return r.storage.Update(ctx, r.plan.record.Record)
}

// restore does what the policy says about what the failure left behind.
func (r *operation) restore(parent, ctx context.Context, failed *FailedError) {
	req := r.plan.request
	if parent.Err() != nil {
		req.OnFailure, req.OnFailedInstall = req.cancelled()
	}
	switch {
	case r.plan.Operation == plan.RollingBack:
		failed.RollbackErr = r.cleanUp(ctx)
	case r.plan.Operation == plan.Install && req.OnFailedInstall == Remove:
		failed.RollbackErr = r.remove(ctx)
		failed.Removed = failed.RollbackErr == nil
	case r.plan.lineage.deployed != nil && req.OnFailure == Rollback:
		failed.RolledBackTo = r.plan.lineage.deployed.Version
		failed.RollbackErr = r.rollBack(parent, ctx)
		failed.RolledBack = failed.RollbackErr == nil
	case r.plan.Operation == plan.Upgrade:
		failed.RollbackErr = r.cleanUp(ctx)
	}
}

// rollBack makes the last deployed revision a new one, as Helm does, and waits until it is ready again. After an
// interruption the wait may be cut short: that revision has been seen ready before.
func (r *operation) rollBack(parent, ctx context.Context) error {
	to := r.plan.lineage.deployed.Version
	req := r.plan.request
	req.ForceConflicts, req.Description, req.CreateNamespace, req.Evidence = true, "", false, nil
	req.Stamp = takingOver(req.Stamp)
	p, err := r.engine.planRollbackTo(ctx, req, to)
	if err != nil {
		return err
	}
	r.span.Warn(fmt.Sprintf("rolling back to revision %d", to))
	back := r.engine.newOperation(p, r.span)
	if err := back.begin(ctx); err != nil {
		return err
	}
	err = back.applyAll(ctx)
	if parent.Err() != nil && back.onlyUnready(err) {
		err = nil
	}
	if err != nil {
		after, cancel := cleanUpContext(parent, evidenceBound+recordBound, lock.LastBound)
		defer cancel()
		failed := back.failed(after, err)
		return errors.Join(errors.New(failed.Cause), back.recordFailure(after, failed.Cause))
	}
	_, err = back.succeed(ctx)
	return err
}

// onlyUnready reports that everything was applied and only the wait ran out of time.
func (r *operation) onlyUnready(err error) bool {
	applied := 0
	for _, c := range r.plan.Objects {
		if c.Desired != nil && !c.Leftover {
			applied++
		}
	}
	return errors.Is(err, wait.ErrTimeout) && len(r.applied) == applied
}

// done says what a carried out plan did.
func (p *Prepared) done() string {
	parts := ""
	for _, a := range []struct {
		action plan.Action
		word   string
	}{
		{plan.Create, "created"}, {plan.Update, "changed"}, {plan.Recreate, "recreated"},
		{plan.Adopt, "adopted"}, {plan.Delete, "deleted"}, {plan.Unchanged, "unchanged"},
	} {
		if n := p.Count(a.action); n > 0 {
			if parts != "" {
				parts += ", "
			}
			parts += fmt.Sprintf("%d %s", n, a.word)
		}
	}
	return cmp.Or(parts, "no objects")
}
