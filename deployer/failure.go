package deployer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/evidence"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/text"
)

// ObjectFailure is one object that made an operation fail.
type ObjectFailure struct {
	Object    string // Kind/name
	Namespace string
	Cause     string // one line
	Evidence  string // many lines: conditions, events, container states, log tails
}

// FailedError is an operation that failed after it had begun to change things, and what became of the release then.
type FailedError struct {
	Doing        string // "deploy" (or empty), "test", "roll back", "uninstall"
	Release      string
	Cause        string // one line
	Objects      []ObjectFailure
	RolledBack   bool  // the last deployed revision is back, and ready
	RolledBackTo int   // that revision; the number it had before
	Removed      bool  // a failed first install is gone again
	RollbackErr  error // why it is neither, though it was to be; or why a clean-up failed
	RecordErr    error // the revision could not be recorded as failed: the next operation does that
	Err          error // what stopped it; context.Canceled after an interruption
}

// Error is one line.
func (e *FailedError) Error() string {
	return fmt.Sprintf("%s release %s: %s", cmp.Or(e.Doing, "deploy"), e.Release, e.Verdict())
}

// Verdict is Error without what was being done: the cause, and what became of the release.
func (e *FailedError) Verdict() string {
	s := e.Cause
	switch {
	case e.Doing == "uninstall":
		s += "; uninstall it again for what is left"
	case e.Doing != "" && e.Doing != "deploy":
	case e.RolledBack:
		s += fmt.Sprintf("; rolled back to revision %d", e.RolledBackTo)
	case e.Removed:
		s += "; the failed install was removed"
	case e.RollbackErr != nil && e.RolledBackTo > 0:
		s += fmt.Sprintf("; the rollback to revision %d failed too: %s", e.RolledBackTo, e.RollbackErr)
	case e.RollbackErr != nil:
		s += fmt.Sprintf("; what it created could not be removed: %s", e.RollbackErr)
	default:
		s += "; it was left as it is"
	}
	if e.RecordErr != nil && !e.Restored() {
		s += fmt.Sprintf("; that could not be recorded (%s): the next run sets it right", e.RecordErr)
	}
	return s
}

// Restored reports whether the release is again as it was before the operation.
func (e *FailedError) Restored() bool { return e.RolledBack || e.Removed }

// Details is the evidence of all objects.
func (e *FailedError) Details() string {
	var b strings.Builder
	for _, o := range e.Objects {
		fmt.Fprintf(&b, "%s: %s\n", o.Object, o.Cause)
		if o.Evidence != "" {
			b.WriteString(strings.TrimRight(o.Evidence, "\n") + "\n")
		}
	}
	return b.String()
}

// Unwrap gives what stopped the operation.
func (e *FailedError) Unwrap() error { return e.Err }

// unstarted is an operation that has ended before it changed anything of the release.
type unstarted struct{ err error }

func (u *unstarted) Error() string { return u.err.Error() }

func (u *unstarted) Unwrap() error { return u.err }

// notStarted marks err, unless it is nil.
func notStarted(err error) error {
	if err == nil {
		return nil
	}
	return &unstarted{err}
}

// Untouched reports whether an operation's error says that it ended before it changed anything: the account may not,
// another job works on the release, the cluster would refuse objects, the release is another's or would go back, or
// there is no such release or revision. What it does not report may have changed something, or not.
func Untouched(err error) bool {
	if _, failed := errors.AsType[*FailedError](err); failed {
		return false
	}
	_, before := errors.AsType[*unstarted](err)
	_, denied := errors.AsType[*access.Error](err)
	_, refused := errors.AsType[*plan.RejectedError](err)
	_, stamped := errors.AsType[*stamp.Error](err)
	return before || denied || refused || stamped ||
		errors.Is(err, lock.ErrBusy) || errors.Is(err, release.ErrNotFound) || errors.Is(err, release.ErrUnreadable)
}

// failed makes the error of an operation that err ended, with evidence for each object that failed, and tells it. It
// must run before anything is rolled back.
func (r *operation) failed(ctx context.Context, err error) *FailedError {
	f := &FailedError{Release: r.plan.Release, Cause: text.Brief(r.redact(err.Error())), Err: err}
	list, ok := errors.AsType[*wait.Failures](err)
	if !ok || (list.Err != nil && !errors.Is(list.Err, wait.ErrTimeout)) {
		return f
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, evidenceBound)
	defer cancel()
	f.Objects = make([]ObjectFailure, len(list.Objects))
	type job struct {
		i int
		wait.Failure
	}
	var jobs []job
	for i, o := range list.Objects {
		jobs = append(jobs, job{i, o})
	}
	forEach(jobs, func(j job) {
		out := ObjectFailure{Object: j.Ref.String(), Namespace: j.Ref.Namespace, Cause: text.Brief(r.redact(j.Cause))}
		if j.i < evidence.MaxObjects {
			found := r.gatherer().Gather(ctx, j.Failure)
			out.Evidence = found.Lines
			if found.Last != "" {
				out.Cause += ": " + found.Last
			}
		}
		f.Objects[j.i] = out
	})
	f.Cause = summary(f)
	for _, o := range f.Objects {
		r.span.Evidence(o.Namespace, o.Object, event.Failed, o.Cause, o.Evidence)
	}
	r.collectBundle(ctx, f, list.Objects)
	r.deleteHooksAfterFailure(whole)
	return f
}

// summary is the one-line cause of a failure: that of its first object.
func summary(f *FailedError) string {
	if len(f.Objects) == 0 {
		return f.Cause
	}
	s := f.Objects[0].Object + ": " + f.Objects[0].Cause
	if n := len(f.Objects) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// deleteHooksAfterFailure deletes the hooks that a failure condemned, now that they have been looked at, and waits
// until they have stopped: a rollback has hooks, too.
func (r *operation) deleteHooksAfterFailure(ctx context.Context) {
	for _, ref := range r.hooksToDelete {
		if err := r.endHook(ctx, ref); err != nil {
			r.span.Warn("a hook could not be deleted: " + err.Error())
		}
	}
	r.hooksToDelete = nil
}

// gatherer reads what the cluster shows.
func (r *operation) gatherer() *evidence.Gatherer {
	return &evidence.Gatherer{Cluster: r.engine.cluster, Redact: r.redact}
}

// collectBundle makes the bundle of a failure and hands it to whoever keeps it, before anything is rolled back.
func (r *operation) collectBundle(ctx context.Context, f *FailedError, failed []wait.Failure) {
	if r.plan.request.Evidence == nil {
		return
	}
	c := evidence.Case{
		Release: r.plan.Release + " in " + r.plan.Namespace, Namespace: r.plan.Namespace,
		Cause: f.Cause, Details: f.Details(), Failed: failed, Secrets: r.plan.Secrets,
	}
	if len(r.plan.Objects) > 0 { // an uninstallation has no plan
		var shown strings.Builder
		if err := r.plan.WriteText(&shown, false); err == nil {
			c.Plan = shown.String()
		}
	}
	for _, a := range r.applied {
		if a.Object != nil {
			c.Objects = append(c.Objects, a.Object)
		}
	}
	archive, err := r.gatherer().Bundle(ctx, c)
	if err == nil {
		err = r.plan.request.Evidence(archive)
	}
	if err != nil {
		r.span.Warn("the evidence could not be kept: " + err.Error())
	}
}
