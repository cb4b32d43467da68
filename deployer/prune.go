package deployer

import (
	"context"
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
)

// prune deletes what the plan says the release no longer has, the objects of late waves first.
func (r *operation) prune(ctx context.Context) error {
	var gone []*unstructured.Unstructured
	for _, c := range r.plan.Objects {
		if !c.Leftover {
			continue
		}
		if c.Action == plan.Delete {
			gone = append(gone, c.Live)
			continue
		}
		r.span.Object(c.Object.Namespace, c.Object.String(), string(c.Action), event.Unchanged, c.Note)
	}
	return r.deleteAll(ctx, gone, func(o *unstructured.Unstructured) {
		r.span.Object(o.GetNamespace(), kube.RefOf(o).String(), string(plan.Delete), event.Passed, "no longer in the chart")
	})
}

// deleteAll deletes objects in the reverse order of their application and tells each; nothing is awaited.
func (r *operation) deleteAll(
	ctx context.Context, objects []*unstructured.Unstructured, tell func(*unstructured.Unstructured),
) error {
	for _, group := range r.plan.lastFirst(objects) {
		if err := r.deleteCascading(ctx, group, kube.Background, tell); err != nil {
			return err
		}
	}
	return nil
}

// deleteCascading deletes objects wave by wave, last wave first. Only the very objects seen are deleted, not others
// under their names.
func (r *operation) deleteCascading(
	ctx context.Context, objects []*unstructured.Unstructured, p kube.Propagation, tell func(*unstructured.Unstructured),
) error {
	var failed []wait.Failure
	for _, wave := range uninstallWaves(objects) {
		forEach(wave, func(o *unstructured.Unstructured) {
			ref := kube.RefOf(o)
			err := r.engine.cluster.Delete(ctx, ref, string(o.GetUID()), p)
			if kube.Is(err, kube.NotFound) || kube.Is(err, kube.Conflict) || kube.Is(err, kube.NoKind) {
				err = nil
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if err != nil {
				failed = append(failed, wait.Failure{Ref: ref, Cause: plan.CauseOf(err), Err: err})
				return
			}
			tell(o)
		})
		if ctx.Err() != nil && len(failed) > 0 {
			return &wait.Failures{Err: context.Cause(ctx)}
		}
	}
	if len(failed) > 0 {
		return &wait.Failures{Objects: failed}
	}
	return nil
}

// deleteAndWait deletes objects and waits until they are gone.
func (r *operation) deleteAndWait(ctx context.Context, objects []*unstructured.Unstructured) error {
	quiet := func(*unstructured.Unstructured) {}
	if err := r.deleteAll(ctx, objects, quiet); err != nil {
		return err
	}
	return r.awaitGone(ctx, objects)
}

func (r *operation) awaitGone(ctx context.Context, objects []*unstructured.Unstructured) error {
	var items []*wait.Item
	for _, o := range objects {
		items = append(items, wait.ToBeGone(o))
	}
	w := &wait.Waiter{Cluster: r.engine.cluster}
	return w.Await(ctx, items)
}

// remove takes a failed first install away: what this operation and earlier attempts created, the hooks of this
// operation, and the records, the newest first. What had been there before stays, and so does what asks to be kept.
func (r *operation) remove(ctx context.Context) error {
	r.span.Output("", "removing the failed install")
	objects, err := r.created(ctx)
	if err != nil {
		return err
	}
	tell := func(o *unstructured.Unstructured) {
		r.span.Object(o.GetNamespace(), kube.RefOf(o).String(), string(plan.Delete), event.Passed,
			"removed with the failed install")
	}
	if err := r.deleteAll(ctx, objects, tell); err != nil {
		return err
	}
	if err := r.deleteAndWait(ctx, objects); err != nil && ctx.Err() == nil {
		return err
	}
	recordCtx, cancel := cleanUpContext(ctx, recordBound, lock.LastBound)
	defer cancel()
	err = r.storage.Delete(recordCtx, r.plan.Release, r.plan.Revision)
	for _, a := range slices.Backward(r.plan.lineage.attempts) {
		err = errors.Join(err, r.storage.Delete(recordCtx, a.Name, a.Version))
	}
	return errors.Join(err, context.Cause(ctx))
}

// cleanUp deletes what a failed upgrade or rollback has created, if asked to.
func (r *operation) cleanUp(ctx context.Context) error {
	if !r.plan.request.CleanUp {
		return nil
	}
	objects, err := r.made(ctx)
	if err != nil {
		return err
	}
	return r.deleteAll(ctx, objects, func(o *unstructured.Unstructured) {
		r.span.Object(o.GetNamespace(), kube.RefOf(o).String(), string(plan.Delete), event.Passed, "created by what failed")
	})
}

// created are the objects that this install made and that may go again, those of earlier attempts and the hooks among
// them.
func (r *operation) created(ctx context.Context) ([]*unstructured.Unstructured, error) {
	found, err := r.made(ctx)
	if err != nil {
		return nil, err
	}
	earlier, err := r.attempted(ctx)
	if err != nil {
		return nil, err
	}
	hooks, err := r.engine.getAll(ctx, r.hooked)
	return distinctObjects(slices.Concat(found, earlier, hooks)), err
}

// made are the objects that this operation created and that may go again. The cluster is asked, not the operation: an
// answer may have been lost that told of a creation.
func (r *operation) made(ctx context.Context) ([]*unstructured.Unstructured, error) {
	var refs []kube.Ref
	for _, c := range r.plan.Objects {
		if c.Action == plan.Create && c.Desired != nil && !c.CRD {
			refs = append(refs, c.Object)
		}
	}
	refs = slices.DeleteFunc(refs, func(ref kube.Ref) bool {
		_, served := r.engine.cluster.Served(ctx, ref.APIVersion, ref.Kind)
		return !served
	})
	found, err := r.engine.getAll(ctx, refs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(o *unstructured.Unstructured) bool {
		return !r.removable(o)
	}), nil
}

// attempted are the objects that earlier attempts at this install left behind, which were killed or told to leave them.
// An object older than the first attempt that names it was not made by an attempt, but taken over.
func (r *operation) attempted(ctx context.Context) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, a := range r.plan.lineage.attempts {
		found, err := r.engine.leftovers(ctx, desired{lineage: lineage{since: []*release.Revision{a}}}, nil)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			if r.removable(o) && !o.GetCreationTimestamp().Time.Before(a.Created) {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

// removable reports whether o is the release's own and may go. A CRD may not: every object of its kind, whosesoever,
// would go with it.
func (r *operation) removable(o *unstructured.Unstructured) bool {
	mine, _ := isOwned(o, r.plan.Release, r.plan.Namespace)
	return mine && !isKept(o) && o.GetKind() != "CustomResourceDefinition"
}

// distinctObjects drops all but the first of objects that are listed twice.
func distinctObjects(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	seen := map[string]bool{}
	return slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool {
		key := kube.RefOf(o).Key()
		twice := seen[key]
		seen[key] = true
		return twice
	})
}
