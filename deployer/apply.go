package deployer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// Apply carries a plan out: lock, record, CRDs, hooks, objects in waves, prune,
// wait, hooks, record. When that fails it collects the evidence and then does
// what the request's policy says; the error is then a *FailedError. A plan
// without changes writes nothing.
//
// When ctx is cancelled no new change starts; one bounded clean-up follows on a
// context of its own, and the error is the cause of the cancellation.
func (e *Engine) Apply(ctx context.Context, p *Plan, span event.Span) (Outcome, error) {
	if p.unchanged {
		return e.confirm(ctx, p, span)
	}
	if p.createNamespace {
		if err := e.ensureNamespace(ctx, p.Namespace); err != nil {
			return Outcome{Status: event.Failed}, err
		}
		span.Object("", "Namespace/"+p.Namespace, string(Create), event.Passed, "")
	}
	ctx, l, err := e.lock(ctx, p.request, span)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	defer l.release()
	if p, err = e.fresh(ctx, p, l, span); err != nil {
		return Outcome{Status: event.Failed}, err
	}
	if p.unchanged {
		return e.confirm(ctx, p, span)
	}
	return e.newRun(p, span).carryOut(ctx)
}

// fresh makes sure that the plan still fits the release: another job may have
// deployed between plan and lock. A pending revision that nobody works on is
// marked failed.
func (e *Engine) fresh(ctx context.Context, p *Plan, l *lease, span event.Span) (*Plan, error) {
	changed, err := e.moved(ctx, p)
	if err != nil {
		return nil, err
	}
	if changed {
		span.Warn("the release has changed since it was planned; it is planned anew")
		again, err := p.again(ctx)
		if err != nil {
			return nil, err
		}
		p = again
	}
	if last := p.stage.last; last != nil && last.Status().Pending() {
		return p, e.takeOver(ctx, p, last, l, span)
	}
	return p, nil
}

// moved reports whether the release is no longer as the plan saw it: the
// revision to be exists already, or the last one has another status.
func (e *Engine) moved(ctx context.Context, p *Plan) (bool, error) {
	storage, last := e.storage(p.Namespace), p.stage.last
	_, err := storage.Status(ctx, p.Release, p.stage.revision)
	if !errors.Is(err, release.ErrNotFound) || last == nil {
		return err == nil, ignore(err, release.ErrNotFound)
	}
	status, err := storage.Status(ctx, p.Release, last.Version)
	return err != nil || status != last.Status(), ignore(err, release.ErrNotFound)
}

// ignore is err, unless it is the expected one.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// helmPatience is how long a pending revision without a lock is believed to be
// Helm's, at work: Helm leaves no lock, and its default timeout is as long.
const helmPatience = 5 * time.Minute

// takeOver marks a pending revision failed whose operation is dead: its lock
// has expired, or it has none and is old.
func (e *Engine) takeOver(ctx context.Context, p *Plan, last *release.Record, l *lease, span event.Span) error {
	age := e.cluster.Now().Sub(last.Info.LastDeployed.Time)
	if l.previous == "" && age < helmPatience {
		return fmt.Errorf("release %s: revision %d is %s since %s and no lock says by whom (Helm takes none); wait until it ends, or %s, then try again: %w",
			p.Release, last.Version, last.Status(), last.Info.LastDeployed.Format(time.RFC3339), (helmPatience - age).Round(time.Second), ErrBusy)
	}
	who := l.previous
	if who == "" {
		who = "an unknown client"
	}
	was := last.Status()
	last.Set(release.Failed, fmt.Sprintf("Interrupted while %s by %s; taken over by %s", was, who, e.options.Holder))
	span.Warn(fmt.Sprintf("revision %d was left %s by %s; it is marked failed", last.Version, was, who))
	return e.storage(p.Namespace).Update(ctx, last)
}

// confirm says that nothing had to be done, once it has seen that what is there
// is ready.
func (e *Engine) confirm(ctx context.Context, p *Plan, span event.Span) (Outcome, error) {
	out := Outcome{
		Status: event.Unchanged, Revision: p.Deployed, PreviousRevision: p.Deployed,
		Message: fmt.Sprintf("revision %d is deployed already, nothing changed", p.Deployed), Notes: p.Notes(),
	}
	r := e.newRun(p, span)
	for i := range p.Objects {
		r.keep(&p.Objects[i], p.Objects[i].live)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.request.Timeout, errTimeout)
	defer cancel()
	if err := r.wait(ctx); err != nil {
		failed := r.failed(ctx, err)
		out.Status, out.Message, out.Details = event.Failed, failed.Cause, failed.Details()
		return out, failed
	}
	return out, nil
}

// run is one plan being carried out.
type run struct {
	engine  *Engine
	plan    *Plan
	span    event.Span
	storage *release.Storage
	redact  func(string) string

	mu      sync.Mutex
	applied []*awaited // in what state the objects were left
	hooked  []kube.Ref // hook objects that this run created and did not delete
	doomed  []kube.Ref // hook objects to delete once the evidence is collected
}

func (e *Engine) newRun(p *Plan, span event.Span) *run {
	return &run{engine: e, plan: p, span: span, storage: e.storage(p.Namespace), redact: redactor(p.secrets)}
}

// carryOut is the whole life of a run that changes something.
func (r *run) carryOut(parent context.Context) (Outcome, error) {
	ctx, cancel := context.WithTimeoutCause(parent, r.plan.request.Timeout, errTimeout)
	defer cancel()
	if err := r.begin(ctx); err != nil {
		return Outcome{Status: event.Failed, Revision: r.plan.Deployed, PreviousRevision: r.plan.Deployed}, err
	}
	if err := r.execute(ctx); err != nil {
		return r.fail(ctx, err)
	}
	return r.succeed(ctx)
}

// begin writes the pending record: before it nothing is touched.
func (r *run) begin(ctx context.Context) error {
	rec, now := r.plan.record, release.Time{Time: time.Now()}
	rec.Info.FirstDeployed, rec.Info.LastDeployed = now, now
	if last := r.plan.stage.last; last != nil && last.Info != nil && !last.Info.FirstDeployed.IsZero() {
		rec.Info.FirstDeployed = last.Info.FirstDeployed
	}
	switch r.plan.Operation {
	case Install:
		rec.Set(release.PendingInstall, "Initial install underway")
	case RollingBack:
		rec.Set(release.PendingRollback, fmt.Sprintf("Rollback to %d", rec.Info.RollbackRevision))
	default:
		rec.Set(release.PendingUpgrade, "Preparing upgrade")
	}
	if err := r.storage.Trim(ctx, r.plan.stage.history, r.plan.request.HistoryLimit); err != nil {
		return err
	}
	return r.storage.Create(ctx, rec)
}

// execute brings the objects to what the plan says. It stops at the first
// failure and starts nothing after ctx has ended.
func (r *run) execute(ctx context.Context) error {
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
			return &failures{err: context.Cause(ctx)}
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) applyCRDs(ctx context.Context) error {
	var crds []*Change
	for i := range r.plan.Objects {
		if r.plan.Objects[i].crd {
			crds = append(crds, &r.plan.Objects[i])
		}
	}
	return r.applyWave(ctx, crds)
}

func (r *run) applyWaves(ctx context.Context) error {
	var rest []Change
	for _, c := range r.plan.Objects {
		if !c.crd && !c.leftover && c.object != nil {
			rest = append(rest, c)
		}
	}
	for _, wave := range waves(rest) {
		if err := r.applyWave(ctx, wave); err != nil {
			return err
		}
	}
	return nil
}

// applyWave applies changes that do not need each other, concurrently, and
// reports all that failed.
func (r *run) applyWave(ctx context.Context, wave []*Change) error {
	var failed []failure
	var crds []*awaited
	each(wave, func(c *Change) {
		o, err := r.applyOne(ctx, c)
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			failed = append(failed, failure{ref: c.Object, cause: err.Error(), err: err})
		} else if c.Action != Unchanged && o.GetKind() == "CustomResourceDefinition" {
			crds = append(crds, toBeReady(o, c.Action, false))
		}
	})
	if ctx.Err() != nil && len(failed) > 0 {
		return &failures{err: context.Cause(ctx)}
	}
	if len(failed) > 0 {
		return &failures{objects: failed}
	}
	if len(crds) == 0 {
		return nil
	}
	if err := r.waiter().await(ctx, crds); err != nil {
		return err
	}
	for _, a := range crds {
		if err := r.engine.served(ctx, a.object); err != nil {
			return err
		}
	}
	return nil
}

// served waits until discovery knows the kind of an established CRD: the two
// are separate steps of the API server.
func (e *Engine) served(ctx context.Context, crd *unstructured.Unstructured) error {
	group, kind := str(crd, "spec", "group"), str(crd, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, v := range versions {
		m, _ := v.(map[string]any)
		if on, _ := m["served"].(bool); !on {
			continue
		}
		name, _ := m["name"].(string)
		for {
			_, err := e.cluster.Resource(ctx, group+"/"+name, kind)
			if err == nil {
				break
			}
			if !kube.Is(err, kube.NoKind) || !pause(ctx, 100*time.Millisecond) {
				return err
			}
			if err := e.cluster.Rediscover(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// each calls fn for all items, at most `concurrency` at a time, and returns
// when the last call has.
func each[T any](items []T, fn func(T)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, concurrency)
	for _, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			fn(item)
		})
	}
	wg.Wait()
}

// applyOne brings one object to its target and remembers its state.
func (r *run) applyOne(ctx context.Context, c *Change) (*unstructured.Unstructured, error) {
	if c.Action == Unchanged {
		r.keep(c, c.live)
		return c.live, nil
	}
	if c.live != nil && c.live.GetDeletionTimestamp() != nil {
		if err := r.waiter().await(ctx, []*awaited{toBeGone(c.live)}); err != nil {
			return nil, err
		}
	} else if c.live != nil {
		if err := r.engine.cluster.AdoptFields(ctx, c.live, release.Manager); err != nil {
			return nil, err
		}
	}
	o, err := r.engine.apply(ctx, c.object, r.plan.request.ForceConflicts)
	if err != nil {
		return nil, err
	}
	r.keep(c, o)
	return o, nil
}

// keep remembers what must be ready in the end.
func (r *run) keep(c *Change, o *unstructured.Unstructured) {
	if o == nil || c.leftover || c.Object.Kind == "Namespace" && c.object == nil {
		return
	}
	a := toBeReady(o, c.Action, r.plan.request.WaitForJobs)
	a.settle = settleTime(o, c.Action, r.plan.request.Settle)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.applied = append(r.applied, a)
}

// apply is server-side apply that outlasts passing conflicts: two writers of
// one quota, or our own marks from client-side apply.
func (e *Engine) apply(ctx context.Context, o *unstructured.Unstructured, force bool) (*unstructured.Unstructured, error) {
	for attempt := 0; ; attempt++ {
		out, err := e.cluster.Apply(ctx, o, kube.ApplyOptions{Manager: release.Manager, Force: force})
		switch {
		case err == nil || attempt == 5:
			return out, err
		case onlyOurselves(err):
			force = true
		case kube.Is(err, kube.Conflict) && managers(err) == 0:
			if !pause(ctx, time.Duration(attempt+1)*100*time.Millisecond) {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

// onlyOurselves reports a conflict in which every other manager is Helm's name
// from the days of client-side apply.
func onlyOurselves(err error) bool {
	e, ok := errors.AsType[*kube.Error](err)
	if !ok || e.Reason != kube.Conflict || len(e.Managers) == 0 {
		return false
	}
	for _, m := range e.Managers {
		if m != release.Manager {
			return false
		}
	}
	return true
}

func managers(err error) int {
	if e, ok := errors.AsType[*kube.Error](err); ok {
		return len(e.Managers)
	}
	return 0
}

// pause waits for d and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// ensureNamespace creates the release's namespace, labelled as Helm does.
func (e *Engine) ensureNamespace(ctx context.Context, name string) error {
	ns := map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": name, "labels": map[string]any{"name": name}},
	}
	err := e.cluster.Do(ctx, http.MethodPost, "/api/v1/namespaces?fieldManager="+release.Manager, ns, nil)
	if err != nil && !kube.Is(err, kube.Exists) {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	return nil
}

// wait blocks until everything applied is ready.
func (r *run) wait(ctx context.Context) error {
	if r.plan.request.NoWait {
		for _, a := range r.applied {
			r.span.Object(a.ref.Namespace, a.ref.String(), string(a.change), event.Passed, "applied, not awaited")
		}
		return nil
	}
	return r.waiter().await(ctx, r.applied)
}

func (r *run) waiter() *waiter {
	return &waiter{cluster: r.engine.cluster, span: r.span}
}
