package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
)

// RecoverRequest asks for a release to be brought out of what a dead job left. Of the Request, Timeout is that of a
// rollback, LockTimeout is a little more than a dead job's lock lasts unless it is set, and OnFailure and
// OnFailedInstall are of a dead upgrade and a dead first install. Nothing is rendered.
type RecoverRequest struct {
	Request
	DryRun bool // only tell
}

// Recover does what the next deploy would do first, and no more: it takes the lock of a dead job over, marks its
// pending revision failed, deletes the hooks it left, and brings the objects back to the last deployed revision, or
// removes a first install. A failure that a job itself has recorded and left is no matter for it. The outcome is
// Unchanged when there was nothing to do; a release without records is release.ErrNotFound, one that a job works on
// lock.ErrBusy.
func (e *Engine) Recover(ctx context.Context, req RecoverRequest, span event.Span) (Outcome, error) {
	ctx = wait.TellOutages(ctx, span)
	full := req.Request
	if full.LockTimeout == 0 {
		full.LockTimeout = lock.Period + 10*time.Second
	}
	full = full.withDefaults(e.cluster.Namespace())
	if err := full.check(); err != nil {
		return Outcome{Status: event.Failed}, err
	}
	if req.DryRun {
		return e.recoverable(ctx, full, span)
	}
	ctx, l, err := e.lock(ctx, full, span)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	defer l.Unlock()
	out, err := e.recoverLocked(ctx, full, l, span)
	l.Resolved, l.MayBePending = err == nil, err != nil
	return out, err
}

// recoverLocked is Recover under the lock.
func (e *Engine) recoverLocked(ctx context.Context, req Request, l *lock.Lock, span event.Span) (Outcome, error) {
	failed := Outcome{Status: event.Failed}
	seen, err := e.observeRelease(ctx, req)
	if err != nil {
		return failed, err
	}
	var did []string
	if l.Previous != "" {
		did = append(did, "took the lock over from "+l.Previous)
	}
	lineage := lineageOf(seen.history)
	if lineage.last == nil && l.Previous == "" {
		return failed, fmt.Errorf("recover release %s in %s: %w", req.Release, req.Namespace, release.ErrNotFound)
	}
	if err := lineage.checkWithStamp(req); err != nil {
		return failed, err
	}
	if last := lineage.last; last != nil && last.Status().Pending() {
		was := last.Status()
		if err := e.takeOver(ctx, req, last.Record, l, span); err != nil {
			return failed, err
		}
		did = append(did, fmt.Sprintf("marked revision %d, which was %s, failed", last.Version, was))
	} else if l.Previous == "" && !lineage.doubled() {
		return e.nothing(lineage), nil
	}
	if lineage.doubled() {
		if err := e.markSuperseded(ctx, lineage); err != nil {
			return failed, err
		}
		did = append(did, fmt.Sprintf("marked the revisions before %d superseded", lineage.deployed.Version))
	}
	out, done, err := e.restoreDead(ctx, req, lineage, span)
	out.Message = strings.Join(append(did, done...), "; ")
	return out, err
}

// nothing is the outcome of a recovery that no dead job makes necessary.
func (e *Engine) nothing(s lineage) Outcome {
	out := Outcome{Status: event.Unchanged, Record: s.last.Record,
		Message: fmt.Sprintf("nothing to recover: revision %d is %s", s.last.Version, s.last.Status())}
	if s.deployed != nil {
		out.Revision, out.PreviousRevision = s.deployed.Version, s.deployed.Version
	}
	if s.last.Status() == release.Uninstalling {
		out.Message += "; uninstall it again to end that, or deploy it"
	}
	return out
}

// restoreDead does with the objects of a dead operation what the policy says.
func (e *Engine) restoreDead(ctx context.Context, req Request, s lineage, span event.Span) (Outcome, []string, error) {
	out := Outcome{Status: event.Passed, Record: s.last.Record}
	switch dead := deadOperation(s); {
	case dead == "":
	case s.deployed != nil && req.OnFailure == Rollback:
		return e.rollBackDead(ctx, req, s.deployed.Version, span)
	case len(s.attempts) > 0 && req.OnFailedInstall == Remove:
		p := newPrepared(req, s, s.last, plan.Install)
		p.Revision = s.last.Version
		learnRevisions(p.Secrets, s.since...)
		if err := e.newOperation(p, span).remove(ctx); err != nil {
			out.Status = event.Failed
			return out, nil, fmt.Errorf("remove the dead install of %s: %w", req.Release, err)
		}
		return out, []string{"removed what the dead install had created, and its records"}, nil
	default:
		return out, []string{"left the objects as they are"}, nil
	}
	if s.deployed != nil {
		out.Revision, out.PreviousRevision = s.deployed.Version, s.deployed.Version
	}
	return out, nil, nil
}

// deadOperation is the operation whose objects may be half way; empty when the newest revision is the deployed one, or
// when it was going away.
func deadOperation(s lineage) plan.Operation {
	switch {
	case s.last == nil || s.last == s.deployed || s.last.Status() != release.Failed:
		return ""
	case len(s.attempts) > 0:
		return plan.Install
	}
	return plan.Upgrade
}

// rollBackDead brings the objects back to a revision, if they are not as it says.
func (e *Engine) rollBackDead(ctx context.Context, req Request, to int, span event.Span) (Outcome, []string, error) {
	out := Outcome{Status: event.Passed, Revision: to, PreviousRevision: to}
	back := req
	back.OnFailure, back.OnFailedInstall, back.ForceConflicts = Leave, Leave, true
	back.Stamp = takingOver(req.Stamp)
	p, err := e.planRollbackTo(ctx, back, to)
	if err != nil {
		return Outcome{Status: event.Failed}, nil, err
	}
	if !p.ObjectChanges() {
		out.Record = p.lineage.deployed.Record
		return out, []string{fmt.Sprintf("the objects are as revision %d says", to)}, nil
	}
	out, err = e.newOperation(p, span).execute(ctx)
	if err != nil {
		return out, nil, err
	}
	return out, []string{fmt.Sprintf("rolled back to revision %d as revision %d: %s", to, out.Revision, p.done())}, nil
}

// recoverable tells what Recover would do.
func (e *Engine) recoverable(ctx context.Context, req Request, span event.Span) (Outcome, error) {
	h, err := e.History(ctx, req.Release, req.Namespace)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	held, err := e.locker().Inspect(ctx, req.Namespace, req.Release)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	lineage := lineageOf(h)
	pending, dead := lineage.last.Status().Pending(), held != nil && held.Dead
	switch {
	case held != nil && !dead:
		return Outcome{Status: event.Failed}, fmt.Errorf("release %s: %s works on it since %s: %w",
			req.Release, held.Name, held.Since, lock.ErrBusy)
	case !dead && !pending && !lineage.doubled():
		return e.nothing(lineage), nil
	}
	var would []string
	if dead {
		would = append(would, "take the lock over from "+held.Name)
	}
	if pending {
		would = append(would,
			fmt.Sprintf("mark revision %d, which is %s, failed", lineage.last.Version, lineage.last.Status()))
	}
	switch {
	case lineage.last == lineage.deployed || !pending && lineage.last.Status() != release.Failed:
	case lineage.deployed != nil && req.OnFailure == Rollback:
		would = append(would, fmt.Sprintf("bring the objects back to revision %d", lineage.deployed.Version))
	case len(lineage.attempts) > 0 && req.OnFailedInstall == Remove:
		would = append(would, "remove what the dead install has created, and its records")
	}
	for _, w := range would {
		span.Output("", "would "+w)
	}
	return Outcome{Status: event.Unchanged, Record: lineage.last.Record,
		Message: "would " + strings.Join(would, "; ")}, nil
}

// doubled reports that a job died between marking a revision deployed and the one before superseded.
func (s lineage) doubled() bool {
	n := 0
	for _, r := range s.history.Records {
		if r.Status() == release.Deployed {
			n++
		}
	}
	return n > 1
}

// markSuperseded marks all but the newest deployed revision superseded.
func (e *Engine) markSuperseded(ctx context.Context, s lineage) error {
	var errs []error
	for _, old := range s.revisions {
		if old.Status() == release.Deployed && old != s.deployed {
			old.Info.Status = release.Superseded
			errs = append(errs, e.storage(old.Namespace).Update(ctx, old.Record))
		}
	}
	return errors.Join(errs...)
}

// clearDeadHooks deletes the hook objects that a dead operation has created and would itself have deleted, and its Jobs
// and Pods, which may still run: it waits until they have stopped, each for as long as timeout.
func (e *Engine) clearDeadHooks(
	ctx context.Context, dead *release.Record, timeout time.Duration, span event.Span,
) error {
	var refs []kube.Ref
	for _, h := range dead.Hooks {
		passes := slices.Contains(h.DeletePolicies, hookSucceeded) || slices.Contains(h.DeletePolicies, hookFailed)
		objects, err := e.placedHook(ctx, h, dead.Namespace)
		if err != nil || !hookOf(dead.Status(), h) {
			continue // no object, or of a kind that the cluster does not know
		}
		for _, o := range objects {
			runs := o.GetKind() == "Job" || o.GetKind() == "Pod"
			if o.GetKind() != crdKind && (runs || passes) {
				refs = append(refs, kube.RefOf(o))
			}
		}
	}
	found, err := e.getAll(ctx, refs)
	if err != nil {
		return err
	}
	for _, o := range slices.DeleteFunc(found, func(o *unstructured.Unstructured) bool {
		return o.GetCreationTimestamp().Time.Before(dead.Created) // of an earlier revision
	}) {
		ref := kube.RefOf(o)
		w := &wait.Waiter{Cluster: e.cluster, Span: span, Expires: time.Now().Add(timeout)}
		err := w.Clear(ctx, o)
		if err != nil && !kube.Is(err, kube.Conflict) {
			return err
		}
		span.Object(ref.Namespace, ref.String(), string(plan.Delete), event.Passed, "a hook that the dead job left")
	}
	return nil
}

// hookOf reports whether the operation of a pending revision runs the hook.
func hookOf(pending release.Status, h *release.Hook) bool {
	operation := strings.TrimPrefix(string(pending), "pending-")
	return slices.Contains(h.Events, "pre-"+operation) || slices.Contains(h.Events, "post-"+operation)
}
