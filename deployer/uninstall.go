package deployer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// UninstallRequest asks for a release to be taken away.
type UninstallRequest struct {
	Release     string
	Namespace   string        // empty means the connection's
	Timeout     time.Duration // 0 means 5 minutes
	LockTimeout time.Duration // 0 means Timeout
	KeepHistory bool          // records stay, the last one as uninstalled
	NoHooks     bool
	Secrets     []string
}

// Uninstall deletes a release's objects, waits until they are gone and deletes
// its records (facts/helm-format.md 4.3, 4.6). Objects of every revision since
// the last deployed one count; those that ask to be kept, and those that are not
// the release's any more, stay and are told.
func (e *Engine) Uninstall(ctx context.Context, req UninstallRequest, span event.Span) (Outcome, error) {
	full := Request{
		Release: req.Release, Namespace: req.Namespace, Timeout: req.Timeout, LockTimeout: req.LockTimeout,
		NoHooks: req.NoHooks, Secrets: req.Secrets, OnFailure: Leave, OnFailedInstall: Leave,
	}
	full = full.withDefaults(e.cluster.Namespace())
	if err := full.check(); err != nil {
		return Outcome{Status: event.Failed}, err
	}
	ctx, l, err := e.lock(ctx, full, span)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	defer l.release()
	ctx, cancel := context.WithTimeoutCause(ctx, full.Timeout, errTimeout)
	defer cancel()
	seen, err := e.observeRelease(ctx, full)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	stage := decideStage(seen.history)
	if stage.last == nil || stage.last.Status() == release.Uninstalled {
		return Outcome{Status: event.Failed}, fmt.Errorf("uninstall release %s in %s: %w", full.Release, full.Namespace, release.ErrNotFound)
	}
	p := &Plan{Release: full.Release, Namespace: full.Namespace, Operation: "delete", request: full, stage: stage, record: stage.last}
	p.secrets = append(recordedSecrets(stage.since...), req.Secrets...)
	return e.newRun(p, span).uninstall(ctx, req.KeepHistory)
}

func (r *run) uninstall(ctx context.Context, keepHistory bool) (Outcome, error) {
	out := Outcome{Status: event.Failed, PreviousRevision: r.plan.record.Version}
	rec := r.plan.record
	rec.Info.Deleted = release.Time{Time: time.Now()}
	rec.Set(release.Uninstalling, "Deletion in progress (or silently failed)")
	if err := r.storage.Update(ctx, rec); err != nil {
		return out, err
	}
	count, err := r.takeAway(ctx)
	if err != nil {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceBound)
		defer cancel()
		failed := r.failed(fresh, err)
		failed.Doing = "uninstall"
		if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTimeout) {
			failed.Err = context.Cause(ctx)
			out.Status = event.Interrupted
		}
		out.Message, out.Details = failed.Cause, failed.Details()
		return out, failed
	}
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordBound)
	defer cancel()
	out.Status, out.Message = event.Passed, fmt.Sprintf("uninstalled: %s deleted", counted(count, "object"))
	return out, r.forget(fresh, keepHistory)
}

// takeAway runs the hooks around the deletion of everything, and waits.
func (r *run) takeAway(ctx context.Context) (int, error) {
	if err := r.hooks(ctx, "pre-delete"); err != nil {
		return 0, err
	}
	found, err := r.engine.leftovers(ctx, target{stage: r.plan.stage, record: r.plan.record}, nil)
	if err != nil {
		return 0, err
	}
	var objects []*unstructured.Unstructured
	for _, o := range found {
		ref := kube.RefOf(o)
		mine, whose := owned(o, r.plan.Release, r.plan.Namespace)
		if kept(o) {
			whose = "kept by its " + keepNote
		}
		if !mine || kept(o) {
			r.span.Object(ref.Namespace, ref.String(), string(Unchanged), event.Unchanged, whose)
			continue
		}
		objects = append(objects, o)
	}
	tell := func(o *unstructured.Unstructured) {
		r.span.Object(o.GetNamespace(), kube.RefOf(o).String(), string(Delete), event.Passed, "")
	}
	if err := r.deleteAll(ctx, objects, tell); err != nil {
		return 0, err
	}
	if err := r.deleteAndWait(ctx, objects); err != nil {
		return 0, err
	}
	return len(objects), r.hooks(ctx, "post-delete")
}

// forget deletes the records, or marks them, oldest first: what remains after
// an interruption still tells that the release is going.
func (r *run) forget(ctx context.Context, keepHistory bool) error {
	var errs []error
	for _, old := range r.plan.stage.history.Records {
		switch {
		case !keepHistory:
			errs = append(errs, r.storage.Delete(ctx, old.Name, old.Version))
		case old == r.plan.record:
			old.Set(release.Uninstalled, "Uninstallation complete")
			errs = append(errs, r.storage.Update(ctx, old))
		case old.Status() == release.Deployed:
			old.Info.Status = release.Superseded
			errs = append(errs, r.storage.Update(ctx, old))
		}
	}
	return errors.Join(errs...)
}
