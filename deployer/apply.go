package deployer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
)

// Apply carries a plan out: lock, record, CRDs, hooks, objects in waves, prune, wait, hooks, record. When that fails it
// collects the evidence and then does what the request's policy says; the error is then a *FailedError. A plan without
// changes writes nothing.
//
// When ctx is cancelled no new change starts; one bounded clean-up follows on a context of its own, and the error is
// the cause of the cancellation.
func (e *Engine) Apply(ctx context.Context, p *Prepared, span event.Span) (Outcome, error) {
	ctx = wait.TellOutages(ctx, span)
	if p.Unchanged && !p.lineage.doubled() && !p.Restamp {
		return e.verifyUnchanged(ctx, p, span)
	}
	if err := e.permit(ctx, p.Release, e.needs(ctx, p), span); err != nil {
		return deniedOutcome(err), err
	}
	if p.CreateNamespace {
		if err := e.ensureNamespace(ctx, p.Namespace); err != nil {
			return Outcome{Status: event.Failed}, notStarted(err)
		}
		span.Object("", "Namespace/"+p.Namespace, string(plan.Create), event.Passed, "")
	}
	ctx, l, err := e.lock(ctx, p.request, span)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	defer l.Unlock()
	changed, err := e.changedSince(ctx, p)
	if err != nil {
		return Outcome{Status: event.Failed}, notStarted(err)
	}
	out, err := e.applyLocked(ctx, p, changed, l, span)
	if errors.Is(err, release.ErrExists) { // somebody made the revision between plan and lock
		out, err = e.applyLocked(ctx, p, true, l, span)
	}
	return out, err
}

// applyLocked carries the plan out, or a new one where the release has changed since. It is ErrExists, and nothing was
// touched, where it has changed unnoticed.
func (e *Engine) applyLocked(
	ctx context.Context, p *Prepared, changed bool, l *lock.Lock, span event.Span,
) (Outcome, error) {
	p, err := e.revalidate(ctx, p, changed, l, span)
	if err != nil {
		return Outcome{Status: event.Failed}, notStarted(err)
	}
	if p.Unchanged {
		if err := e.markSuperseded(ctx, p.lineage); err != nil {
			return Outcome{Status: event.Failed}, notStarted(err)
		}
		if err := e.stampDeployed(ctx, p); err != nil {
			return Outcome{Status: event.Failed}, err
		}
		return e.verifyUnchanged(ctx, p, span)
	}
	out, err := e.newOperation(p, span).execute(ctx)
	l.MayBePending = err != nil
	return out, err
}

// verifyUnchanged says that nothing had to be done, once it has seen that what is there is ready.
func (e *Engine) verifyUnchanged(ctx context.Context, p *Prepared, span event.Span) (Outcome, error) {
	out := Outcome{
		Status: event.Unchanged, Revision: p.Deployed, PreviousRevision: p.Deployed,
		Message: fmt.Sprintf("revision %d is deployed already, nothing changed", p.Deployed), Notes: p.Notes(),
		Record: p.lineage.deployed.Record,
	}
	r := e.newOperation(p, span)
	for i := range p.Objects {
		r.keep(&p.Objects[i], p.Objects[i].Live)
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	if err := r.wait(ctx); err != nil {
		failed := r.failed(ctx, err)
		out.Status, out.Message, out.Details = event.Failed, failed.Cause, failed.Details()
		return out, failed
	}
	return out, nil
}

// operation is one plan being carried out.
type operation struct {
	engine  *Engine
	plan    *Prepared
	span    event.Span
	storage *release.Storage
	redact  func(string) string
	logs    *wait.Logs // nil where none are told
	expires time.Time  // of waits for objects without a limit of their own; zero: when the context ends

	mu            sync.Mutex
	applied       []*wait.Item // in what state the objects were left
	hooked        []kube.Ref   // hook objects that this operation created and did not delete
	hooksToDelete []kube.Ref   // hook objects to delete once the evidence is collected
}

func (e *Engine) newOperation(p *Prepared, span event.Span) *operation {
	r := &operation{engine: e, plan: p, span: span, storage: e.storage(p.Namespace), redact: p.Secrets.Text}
	if p.request.Logs {
		r.logs = wait.NewLogs(e.cluster, span, r.redact)
	}
	return r
}

// execute is the whole life of an operation that changes something.
func (r *operation) execute(parent context.Context) (Outcome, error) {
	untouched := Outcome{Status: event.Failed, Revision: r.plan.Deployed, PreviousRevision: r.plan.Deployed}
	if parent.Err() != nil {
		return untouched, context.Cause(parent)
	}
	work, stop := workContext(parent, r.plan.request.OnCancel)
	defer stop()
	ctx, cancel := r.limited(work)
	defer cancel()
	if err := r.begin(ctx); err != nil {
		return untouched, notStarted(fmt.Errorf("no object was touched: %w", err))
	}
	if err := r.applyAll(ctx); err != nil {
		return r.fail(parent, ctx, err)
	}
	return r.succeed(ctx)
}

// begin writes the pending record: before it nothing is touched.
func (r *operation) begin(ctx context.Context) error {
	rec := r.plan.record.Record
	r.plan.lineage.date(rec, r.plan.Operation)
	description := "Preparing upgrade"
	switch r.plan.Operation {
	case plan.Install:
		description = "Initial install underway"
	case plan.RollingBack:
		description = fmt.Sprintf("Rollback to %d", rec.Info.RollbackRevision)
	}
	rec.Set(pendingStatus(r.plan.Operation), description)
	if err := r.storage.Trim(ctx, r.plan.lineage.history, r.plan.request.HistoryLimit, r.plan.needed()); err != nil {
		return err
	}
	return r.storage.Create(ctx, rec)
}

// date gives a record its times: it is deployed now, and first when its release was.
func (s lineage) date(r *release.Record, o plan.Operation) {
	now := release.Time{Time: time.Now()}
	r.Info.FirstDeployed, r.Info.LastDeployed = now, now
	if o != plan.Install && s.last != nil && !s.last.Info.FirstDeployed.IsZero() {
		r.Info.FirstDeployed = s.last.Info.FirstDeployed
	}
}

// pendingStatus is that of a revision while the operation goes on.
func pendingStatus(o plan.Operation) release.Status {
	switch o {
	case plan.Install:
		return release.PendingInstall
	case plan.RollingBack:
		return release.PendingRollback
	}
	return release.PendingUpgrade
}

// applyAll brings the objects to what the plan says. It stops at the first failure and starts nothing after ctx has
// ended.
func (r *operation) applyAll(ctx context.Context) error {
	steps := []func(context.Context) error{
		r.applyCRDs,
		func(ctx context.Context) error { return r.hooks(ctx, "pre-"+string(r.plan.Operation)) },
		r.applyWaves,
		r.prune,
		r.wait,
		func(ctx context.Context) error { return r.hooks(ctx, "post-"+string(r.plan.Operation)) },
	}
	for _, step := range steps {
		if ctx.Err() != nil {
			return &wait.Failures{Err: context.Cause(ctx)}
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *operation) applyCRDs(ctx context.Context) error {
	var crds []*plan.Change
	for i := range r.plan.Objects {
		if r.plan.Objects[i].CRD {
			crds = append(crds, &r.plan.Objects[i])
		}
	}
	return r.applyWave(ctx, crds)
}

// applyWaves applies the objects stage by stage, and in each wave by wave. What a stage applied must be ready before
// the next begins; most releases have one.
func (r *operation) applyWaves(ctx context.Context) error {
	stages := map[int][]plan.Change{}
	for _, c := range r.plan.Objects {
		if !c.CRD && !c.Leftover && c.Desired != nil {
			stages[c.Stage] = append(stages[c.Stage], c)
		}
	}
	for i, stage := range slices.Sorted(maps.Keys(stages)) {
		if i > 0 && !r.plan.request.NoWait {
			if err := r.wait(ctx); err != nil {
				return err
			}
		}
		for _, wave := range wavesOf(stages[stage]) {
			if err := r.applyWave(ctx, wave); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait blocks until everything applied is ready.
func (r *operation) wait(ctx context.Context) error {
	if r.plan.request.NoWait {
		for _, a := range r.applied {
			r.span.Object(a.Ref.Namespace, a.Ref.String(), string(a.Action), event.Passed, "applied, not awaited")
		}
		return nil
	}
	return r.waiter().Await(ctx, r.applied)
}

func (r *operation) waiter() *wait.Waiter {
	return &wait.Waiter{Cluster: r.engine.cluster, Span: r.span, Expires: r.expires, Logs: r.logs}
}

// limited is the context of the operation's work: it ends after the request's Timeout, or as late as an object's own
// limit of its wait asks; all other waits then end at the Timeout by themselves.
func (r *operation) limited(parent context.Context) (context.Context, context.CancelFunc) {
	timeout, longest := r.plan.request.Timeout, longestWait(r.plan.Objects)
	r.expires = time.Now().Add(timeout)
	r.plan.request.RollbackTimeout = max(r.plan.request.RollbackTimeout, longest)
	return context.WithTimeoutCause(parent, max(timeout, longest), wait.ErrTimeout)
}

// longestWait is the longest limit that one of the objects has for itself.
func longestWait(changes []plan.Change) time.Duration {
	var longest time.Duration
	for _, c := range changes {
		if c.Desired == nil {
			continue
		}
		if n, err := readiness.ReadAnnotations(c.Desired); err == nil {
			longest = max(longest, n.Timeout)
		}
	}
	return longest
}
