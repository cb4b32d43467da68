package deployer

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// refusals asks about what no dry run of the target's objects covers: the hooks of the operation, and the deletions of
// what earlier revisions left.
func (e *Engine) refusals(ctx context.Context, seen observation) ([]plan.Rejection, error) {
	var hooks []*release.Hook
	if !seen.request.NoHooks {
		for _, when := range []string{"pre-", "post-"} {
			hooks = append(hooks, hooksFor(seen.record.Hooks, when+string(seen.lineage.operation))...)
		}
	}
	seen.leftovers = withoutRenamed(seen.leftovers, seen.states, map[string]bool{})
	var deletions []plan.Change
	for _, c := range decidePrune(seen) {
		if c.Action == plan.Delete {
			deletions = append(deletions, c)
		}
	}
	problems := make([][]plan.Rejection, len(hooks)+len(deletions))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i, h := range hooks {
		g.Go(func() (err error) { problems[i], err = e.refusedHook(ctx, seen, h); return err })
	}
	for i, c := range deletions {
		g.Go(func() (err error) { problems[len(hooks)+i], err = e.refusedDeletion(ctx, c); return err })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []plan.Rejection
	for _, p := range slices.Concat(problems...) {
		same := func(q plan.Rejection) bool { return q.Object == p.Object && q.Err.Error() == p.Err.Error() }
		if !slices.ContainsFunc(out, same) { // a hook of two events comes twice
			out = append(out, p)
		}
	}
	return out, nil
}

// refusedHook pretends to create the objects of a hook. One that cannot be read or has no name would fail in its turn,
// as Helm's does.
func (e *Engine) refusedHook(ctx context.Context, seen observation, h *release.Hook) ([]plan.Rejection, error) {
	objects, err := hookObjects(h)
	if err != nil {
		ref := kube.Ref{Kind: h.Kind, Name: h.Name, Namespace: seen.namespace}
		return []plan.Rejection{{Object: ref, Err: fmt.Errorf("the hook cannot be made: %w", err)}}, nil
	}
	var out []plan.Rejection
	for _, o := range objects {
		refused, err := e.refusedHookObject(ctx, seen, o, h)
		if err != nil {
			return nil, err
		}
		if refused != nil {
			out = append(out, plan.Rejection{Object: kube.RefOf(o), Err: refused})
		}
	}
	return out, nil
}

// refusedHookObject pretends to create one. One that is there already has passed admission, and must be one that the
// hook may replace. What may come only as the operation goes on is not held against it: its namespace, its kind, and
// for a pod its service account.
func (e *Engine) refusedHookObject(
	ctx context.Context, seen observation, o *unstructured.Unstructured, h *release.Hook,
) (refused, err error) {
	if _, err := e.place(ctx, o, seen.namespace, nil); kube.Is(err, kube.NoKind) {
		return access.CheckName(o), nil
	} else if err != nil {
		return nil, err
	}
	options := kube.ApplyOptions{Manager: release.Manager, Lenient: seen.request.NoValidation}
	exists, refused, err := access.CheckCreate(ctx, e.cluster, o, options)
	if exists {
		return e.occupied(ctx, seen, o, h)
	}
	return refused, err
}

// refusedDeletion pretends to delete an object.
func (e *Engine) refusedDeletion(ctx context.Context, c plan.Change) ([]plan.Rejection, error) {
	refused, err := access.CheckDelete(ctx, e.cluster, c.Object, string(c.Live.GetUID()))
	if refused == nil {
		return nil, err
	}
	return []plan.Rejection{{Object: c.Object, Err: refused}}, nil
}
