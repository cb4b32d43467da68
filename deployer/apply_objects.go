package deployer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/internal/installorder"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/sleep"
)

// applyWave applies changes that do not need each other, concurrently, and reports all that failed.
func (r *operation) applyWave(ctx context.Context, wave []*plan.Change) error {
	var failed []wait.Failure
	var crds []*wait.Item
	forEach(wave, func(c *plan.Change) {
		o, err := r.applyOne(ctx, c)
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			failed = append(failed, wait.Failure{Ref: c.Object, Cause: plan.CauseOf(err), Err: err})
		} else if c.Action != plan.Unchanged && o.GetKind() == "CustomResourceDefinition" {
			crds = append(crds, wait.ToBeReady(o, wait.Action(c.Action), false, readiness.Criteria{}))
		}
	})
	if ctx.Err() != nil && len(failed) > 0 {
		return &wait.Failures{Err: context.Cause(ctx)}
	}
	if len(failed) > 0 {
		return &wait.Failures{Objects: failed}
	}
	if len(crds) == 0 {
		return nil
	}
	if err := r.waiter().Await(ctx, crds); err != nil {
		return err
	}
	for _, a := range crds {
		if err := r.engine.served(ctx, a.Object); err != nil {
			return err
		}
	}
	return nil
}

// served waits until discovery knows the kind of an established CRD: the two are separate steps of the API server.
func (e *Engine) served(ctx context.Context, crd *unstructured.Unstructured) error {
	group, kind := object.String(crd, "spec", "group"), object.String(crd, "spec", "names", "kind")
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
			if !kube.Is(err, kube.NoKind) || !sleep.For(ctx, 100*time.Millisecond) {
				return err
			}
			if err := e.cluster.Rediscover(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// forEach calls fn for all items, at most `concurrency` at a time, and returns when the last call has.
func forEach[T any](items []T, fn func(T)) {
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
func (r *operation) applyOne(ctx context.Context, c *plan.Change) (*unstructured.Unstructured, error) {
	// The record will say server-side: Helm then goes on server-side with this object too, and would conflict with what
	// was written client-side.
	if c.Action == plan.Unchanged && (c.CRD || !kube.ClientSide(c.Live, release.Manager)) {
		r.keep(c, c.Live)
		return c.Live, nil
	}
	if c.Live != nil && c.Live.GetDeletionTimestamp() != nil {
		if err := r.waiter().Await(ctx, []*wait.Item{wait.ToBeGone(c.Live)}); err != nil {
			return nil, err
		}
	} else if c.Action == plan.Recreate {
		if err := r.recreate(ctx, c); err != nil {
			return nil, err
		}
	} else if c.Live != nil {
		if len(c.Withdrawn) > 0 {
			live, err := r.engine.withdraw(ctx, c.Live, c.Withdrawn, false)
			if err != nil {
				return nil, err
			}
			c.Live = live
		}
		if err := r.engine.cluster.AdoptFields(ctx, c.Live, release.Manager); err != nil {
			return nil, err
		}
	}
	if c.Live == nil || c.Live.GetDeletionTimestamp() != nil || c.Action == plan.Recreate {
		if err := r.waiter().AwaitFormer(ctx, c.Desired); err != nil {
			return nil, err
		}
	}
	o, err := r.write(ctx, c)
	if err != nil {
		return nil, err
	}
	r.keep(c, o)
	return o, nil
}

// write applies an object in the way that the plan asks for.
func (r *operation) write(ctx context.Context, c *plan.Change) (*unstructured.Unstructured, error) {
	switch {
	case c.Scaled:
		return r.applyScaled(ctx, c)
	case r.plan.pinned:
		return r.applyPinned(ctx, c)
	}
	return r.applyPlain(ctx, c)
}

// applyPlain is applyObject; an object whose CRD has just been written may meet an API server that still judges it by
// the old schema, for a moment.
func (r *operation) applyPlain(ctx context.Context, c *plan.Change) (*unstructured.Unstructured, error) {
	for attempt := 0; ; attempt++ {
		o, err := r.engine.applyObject(ctx, c.Desired, r.plan.request.applyOptions())
		if !c.AfterCRD || !kube.Is(err, kube.Invalid) || attempt == schemaTries || !sleep.For(ctx, 250*time.Millisecond) {
			return o, err
		}
	}
}

// schemaTries is how often an object is applied whose CRD has changed: API servers take a new schema within a second or
// two.
const schemaTries = 20

// keep remembers what must be ready in the end.
func (r *operation) keep(c *plan.Change, o *unstructured.Unstructured) {
	if o == nil || c.Leftover || c.Object.Kind == "Namespace" && c.Desired == nil {
		return
	}
	a := wait.ToBeReady(o, wait.Action(c.Action), r.plan.request.WaitForJobs, r.plan.request.Readiness.For(o))
	a.SettleFor(r.plan.request.Settle)
	if c.Action != plan.Unchanged && wait.IsJob(o) {
		a.Remake = func(ctx context.Context) (*unstructured.Unstructured, error) { return r.write(ctx, c) }
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.applied = append(r.applied, a)
}

// applyOptions are those of the release's objects.
func (r Request) applyOptions() kube.ApplyOptions {
	return kube.ApplyOptions{Manager: release.Manager, Force: r.onConflict() == TakeConflicts, Lenient: r.NoValidation}
}

// applyObject is server-side apply that outlasts passing conflicts: two writers of one quota, or our own marks from
// client-side apply.
func (e *Engine) applyObject(
	ctx context.Context, o *unstructured.Unstructured, options kube.ApplyOptions,
) (*unstructured.Unstructured, error) {
	for attempt := 0; ; attempt++ {
		out, err := e.cluster.Apply(ctx, o, options)
		switch {
		case err == nil || attempt == 5:
			return out, err
		case onlyOurselves(err):
			options.Force = true
		case kube.Is(err, kube.Conflict) && managerCount(err) == 0:
			if !sleep.For(ctx, time.Duration(attempt+1)*50*time.Millisecond+rand.N(100*time.Millisecond)) {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

// onlyOurselves reports a conflict that is none in truth: see ourConflict.
func onlyOurselves(err error) bool {
	e, ok := errors.AsType[*kube.Error](err)
	if !ok || e.Reason != kube.Conflict || len(e.Managers) == 0 {
		return false
	}
	for i, m := range e.Managers {
		if !ourConflict(m, e.Fields[i]) {
			return false
		}
	}
	return true
}

var markFields = []string{
	"metadata.labels." + managedByLabel, "metadata.annotations." + nameNote, "metadata.annotations." + namespaceNote,
}

func managerCount(err error) int {
	if e, ok := errors.AsType[*kube.Error](err); ok {
		return len(e.Managers)
	}
	return 0
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

// wavesOf groups changes by wave, in order, and keeps their order within one.
func wavesOf(changes []plan.Change) [][]*plan.Change {
	out := make([][]*plan.Change, installorder.Waves)
	for i := range changes {
		r := installorder.Wave(changes[i].Object.Kind)
		out[r] = append(out[r], &changes[i])
	}
	return slices.DeleteFunc(out, func(w []*plan.Change) bool { return len(w) == 0 })
}
