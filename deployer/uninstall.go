package deployer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/sequence"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/installorder"
	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/secret"
)

// UninstallRequest asks for a release to be taken away.
type UninstallRequest struct {
	Release     string
	Namespace   string        // empty means the connection's
	Timeout     time.Duration // 0 means 5 minutes
	LockTimeout time.Duration // 0 means Timeout
	KeepHistory bool          // records stay, the last one as uninstalled
	Description string        // of the record that stays; empty means Helm's "Uninstallation complete"
	NoHooks     bool
	NoWait      bool             // do not wait until the objects are gone
	Cascade     kube.Propagation // to what the objects own; empty means kube.Background

	// OnCancel is for an interruption: Finish goes on for a while. Anything else stops, and the next uninstallation
	// goes on.
	OnCancel Policy

	Supersede bool                       // as in Request
	Secrets   *secret.Set                // as in Request
	Evidence  func(archive []byte) error // keeps the bundle of a failure, as a Request's does; nil: none is made
	Stamp     *stamp.Request             // whose release it must be; nil: anybody's
}

// Kept is an object that outlives its release, and why.
type Kept struct {
	Object kube.Ref
	Policy bool   // its helm.sh/resource-policy says so; else it is not the release's
	Why    string // one line
}

// Uninstall deletes a release's objects, waits until they are gone and deletes its records (facts/helm-format.md 4.3,
// 4.6). Objects of every revision since the last deployed one count; those that ask to be kept, and those that are not
// the release's any more, stay and are told.
func (e *Engine) Uninstall(ctx context.Context, req UninstallRequest, span event.Span) (Outcome, error) {
	ctx = wait.TellOutages(ctx, span)
	full := Request{
		Release: req.Release, Namespace: req.Namespace, Timeout: req.Timeout, LockTimeout: req.LockTimeout,
		Supersede: req.Supersede, NoHooks: req.NoHooks, Secrets: req.Secrets, OnFailure: Leave, OnFailedInstall: Leave,
	}
	full = full.withDefaults(e.cluster.Namespace())
	full.Description, full.NoWait = req.Description, req.NoWait
	full.OnCancel, full.Evidence, full.Stamp = req.OnCancel, req.Evidence, req.Stamp
	if err := full.check(); err != nil {
		return Outcome{Status: event.Failed}, err
	}
	ctx, l, err := e.lock(ctx, full, span)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	defer l.Unlock()
	work, stop := workContext(ctx, full.OnCancel)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(work, full.Timeout, wait.ErrTimeout)
	defer cancel()
	seen, err := e.observeRelease(ctx, full)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	lineage := lineageOf(seen.history)
	l.Resolved = lineage.last == nil || !lineage.last.Status().Pending()
	if lineage.last == nil || lineage.last.Status() == release.Uninstalled && req.KeepHistory {
		return Outcome{Status: event.Failed}, fmt.Errorf("uninstall release %s in %s: %w",
			full.Release, full.Namespace, release.ErrNotFound)
	}
	if err := lineage.checkWithStamp(full); err != nil {
		return Outcome{Status: event.Failed}, err
	}
	p := newPrepared(full, lineage, lineage.last, "delete")
	learnRevisions(p.Secrets, lineage.since...)
	if err := e.permit(ctx, p.Release, e.uninstallNeeds(ctx, p), span); err != nil {
		return deniedOutcome(err), err
	}
	r := e.newOperation(p, span)
	if lineage.last.Status() == release.Uninstalled { // only its history is left
		out := Outcome{Status: event.Passed, Message: "its history is deleted", Record: lineage.last.Record}
		return out, r.forget(ctx, false)
	}
	out, err := r.uninstall(ctx, req.KeepHistory, cmp.Or(req.Cascade, kube.Background))
	l.Resolved = l.Resolved || err == nil
	return out, err
}

func (r *operation) uninstall(ctx context.Context, keepHistory bool, cascade kube.Propagation) (Outcome, error) {
	rec := r.plan.record.Record
	out := Outcome{Status: event.Failed, PreviousRevision: rec.Version, Record: rec}
	rec.Info.Deleted = release.Time{Time: time.Now()}
	rec.Set(release.Uninstalling, "Deletion in progress (or silently failed)")
	if err := r.storage.Update(ctx, rec); err != nil {
		return out, notStarted(fmt.Errorf("uninstall release %s: this run has deleted nothing: %w", r.plan.Release, err))
	}
	count, kept, err := r.deleteObjects(ctx, cascade)
	out.Kept = kept
	if err != nil {
		fresh, cancel := cleanUpContext(ctx, evidenceBound, finishedBound)
		defer cancel()
		failed := r.failed(fresh, err)
		failed.Doing = "uninstall"
		if ctx.Err() != nil && !errors.Is(context.Cause(ctx), wait.ErrTimeout) {
			failed.Err = context.Cause(ctx)
			out.Status = event.Interrupted
		}
		out.Message, out.Details = failed.Cause, failed.Details()
		return out, failed
	}
	fresh, cancel := cleanUpContext(ctx, recordBound, lock.LastBound)
	defer cancel()
	if err := r.forget(fresh, keepHistory); err != nil {
		return out, fmt.Errorf("uninstall release %s: its objects are deleted, its history is not: uninstall it again: %w",
			r.plan.Release, err)
	}
	out.Status, out.Message = event.Passed, fmt.Sprintf("uninstalled: %s deleted", text.Counted(count, "object"))
	return out, nil
}

// deleteObjects runs the hooks around the deletion of everything, and waits.
func (r *operation) deleteObjects(ctx context.Context, cascade kube.Propagation) (int, []Kept, error) {
	if err := r.hooks(ctx, "pre-delete"); err != nil {
		return 0, nil, err
	}
	found, err := r.engine.leftovers(ctx, desired{lineage: r.plan.lineage, record: r.plan.record}, nil)
	if err != nil {
		return 0, nil, err
	}
	objects, stay := r.partition(found)
	tell := func(o *unstructured.Unstructured) {
		r.span.Object(o.GetNamespace(), kube.RefOf(o).String(), string(plan.Delete), event.Passed, "")
	}
	for _, group := range r.plan.lastFirst(objects) {
		if err := r.deleteCascading(ctx, group, cascade, tell); err != nil {
			return 0, stay, err
		}
		if r.plan.request.NoWait {
			continue
		}
		if err := r.awaitGone(ctx, group); err != nil {
			return 0, stay, err
		}
	}
	return len(objects), stay, r.hooks(ctx, "post-delete")
}

// partition separates what goes from what stays, and tells the latter: what asks to be kept, live or in the manifest,
// and what is not the release's. As Helm does, an object with any other policy is left alone, too (facts/helm-format.md
// 4.6); only we say so.
func (r *operation) partition(found []*unstructured.Unstructured) (objects []*unstructured.Unstructured, stay []Kept) {
	manifest := objectsOf(r.plan.record)
	for _, o := range found {
		mine, whose := isOwned(o, r.plan.Release, r.plan.Namespace)
		policy := policyOf(o)
		if recorded := manifest[kube.RefOf(o).Key()]; recorded != nil && policy != keepPolicy {
			policy = policyOf(recorded)
		}
		k := Kept{Object: kube.RefOf(o), Policy: policy == keepPolicy, Why: whose}
		switch {
		case policy == keepPolicy:
			k.Why = "kept by its " + keepNote
		case policy != "":
			k.Why = fmt.Sprintf("left alone: its %s is %q; write keep, or leave it out", keepNote, policy)
		case mine:
			objects = append(objects, o)
			continue
		}
		r.span.Object(k.Object.Namespace, k.Object.String(), string(plan.Unchanged), event.Unchanged, k.Why)
		if policy == "" || k.Policy {
			stay = append(stay, k)
		}
	}
	return objects, stay
}

// forget deletes the records, or marks them, oldest first: what remains after an interruption still tells that the
// release is going.
func (r *operation) forget(ctx context.Context, keepHistory bool) error {
	var errs []error
	for _, old := range r.plan.lineage.history.Records {
		switch {
		case !keepHistory:
			errs = append(errs, r.storage.Delete(ctx, old.Name, old.Version))
		case old == r.plan.record.Record:
			old.Set(release.Uninstalled, cmp.Or(r.plan.request.Description, "Uninstallation complete"))
			errs = append(errs, r.storage.Update(ctx, old))
		case old.Status() == release.Deployed:
			old.Info.Status = release.Superseded
			errs = append(errs, r.storage.Update(ctx, old))
		}
	}
	return errors.Join(errs...)
}

// uninstallWaves groups objects by wave, last one first.
func uninstallWaves(objects []*unstructured.Unstructured) [][]*unstructured.Unstructured {
	out := make([][]*unstructured.Unstructured, installorder.Waves)
	for _, o := range objects {
		r := installorder.Waves - 1 - installorder.Wave(o.GetKind())
		out[r] = append(out[r], o)
	}
	return slices.DeleteFunc(out, func(w []*unstructured.Unstructured) bool { return len(w) == 0 })
}

// lastFirst groups objects by stage, the last one first: what needs others goes before them.
func (p *Prepared) lastFirst(objects []*unstructured.Unstructured) [][]*unstructured.Unstructured {
	stages := map[string]int{}
	for _, r := range append(slices.Clone(p.lineage.since), p.record) {
		if r == nil {
			continue
		}
		found, err := sequence.Of(r)
		if err != nil {
			continue // an order that is none must not keep anything from being deleted
		}
		maps.Copy(stages, found)
	}
	groups := map[int][]*unstructured.Unstructured{}
	for _, o := range objects {
		n := stages[kube.RefOf(o).Key()]
		groups[n] = append(groups[n], o)
	}
	var out [][]*unstructured.Unstructured
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(groups))) {
		out = append(out, groups[n])
	}
	return out
}
