package deployer

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
)

// suggestedPolicy is the policy for a kind that touches least.
func suggestedPolicy(kind string) ImmutablePolicy {
	if kind == "StatefulSet" {
		return OrphanRecreate
	}
	return RecreateObject
}

// dryRunRecreate asks about objects whose change the server refused because fields cannot be changed, whether it would
// take them anew: it pretends to create each under another name, which also tells the new values with their defaults.
func (e *Engine) dryRunRecreate(ctx context.Context, req Request, states []objectState) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range states {
		s := &states[i]
		refused, ok := kube.Immutables(s.err)
		if !ok || s.live == nil {
			continue
		}
		s.fixed = refused
		if s.whole != nil { // the new one has no other manager
			s.object, s.whole, s.conflicts = s.whole, nil, nil
		}
		g.Go(func() error { return e.dryRunRecreateOne(ctx, req, s) })
	}
	return g.Wait()
}

func (e *Engine) dryRunRecreateOne(ctx context.Context, req Request, s *objectState) error {
	if s.object.GetKind() != "Service" { // a fixed address or port is taken by the present one
		made, err := e.pretend(ctx, req, s.object, s.object.GetNamespace())
		if kube.Is(err, kube.Invalid) || kube.Is(err, kube.Forbidden) {
			s.fixed, s.err = nil, err
			return nil
		}
		if kube.FatalOnly(err) != nil {
			return err
		}
		s.anew = made
	}
	if req.onImmutable(s.object.GetKind()) == FailImmutable || isKept(s.live) {
		return nil
	}
	problems, err := e.refusedDeletion(ctx, plan.Change{Object: kube.RefOf(s.live), Live: s.live})
	if len(problems) > 0 {
		s.fixed, s.err = nil, problems[0].Err
	}
	return err
}

// pretend asks the server what it would make of the object if it were created, under a name that nobody has, in
// namespace.
func (e *Engine) pretend(
	ctx context.Context, req Request, o *unstructured.Unstructured, namespace string,
) (*unstructured.Unstructured, error) {
	probe := o.DeepCopy()
	probe.SetNamespace(namespace)
	probe.SetName("")
	probe.SetGenerateName("pintle-check-")
	options := req.applyOptions()
	options.DryRun = true
	made, err := e.cluster.Create(ctx, probe, options)
	if err != nil {
		return nil, err
	}
	made.SetNamespace(o.GetNamespace())
	made.SetName(o.GetName())
	made.SetGenerateName("")
	return made, nil
}

// decideImmutable says what becomes of an object whose immutable fields differ.
func decideImmutable(c plan.Change, s objectState, req Request) (plan.Change, error) {
	next := s.anew
	if next == nil {
		next = s.object
	}
	fixed := fixedFields(plan.Diff(s.live, next), s.fixed, s.object.GetKind())
	if s.anew == nil { // the object is as its author wrote it: what it does not name keeps its value
		fixed = slices.DeleteFunc(fixed, func(f plan.Field) bool { return f.New == nil })
	}
	policy := req.onImmutable(s.object.GetKind())
	refusal := &plan.ImmutableError{
		Object: c.Object, Fields: fixed, Key: req.ImmutableKey, Suggest: string(suggestedPolicy(c.Object.Kind)), Err: s.err,
	}
	switch {
	case policy == FailImmutable && slices.Contains(neverRecreated, s.object.GetKind()):
		refusal.Reason = "a " + s.object.GetKind() + " is never deleted to change it"
		return c, refusal
	case policy == FailImmutable:
		return c, refusal
	case isKept(s.live):
		refusal.Reason = "its " + keepNote + " forbids to delete it"
		return c, refusal
	}
	c.Action, c.Orphan = plan.Recreate, policy == OrphanRecreate
	c.Fields = fixed
	how := "with what it owns"
	if c.Orphan {
		how = "without its pods"
	}
	c.Remark("deleted " + how + " and created anew: " + fieldPaths(fixed) + " cannot be changed")
	return c, nil
}

func fieldPaths(fields []plan.Field) string {
	var out []string
	for i, f := range fields {
		if i == plan.MaxNamedFields {
			out = append(out, "...")
			break
		}
		out = append(out, f.Path)
	}
	return strings.Join(out, ", ")
}

// changeable are the fields of a StatefulSet that can be changed: the server names the whole spec when another one is.
var changeable = []string{
	"spec.replicas", "spec.ordinals", "spec.template", "spec.updateStrategy", "spec.revisionHistoryLimit",
	"spec.persistentVolumeClaimRetentionPolicy", "spec.minReadySeconds",
}

// fixedFields are those of fields that the server has named, or that stand below one it has named. What only the
// cluster writes is left out.
func fixedFields(fields []plan.Field, named []string, kind string) []plan.Field {
	if kind == "Service" && slices.ContainsFunc(named, func(n string) bool { return isAtOrBelow(n, "spec.clusterIPs") }) {
		named = append(slices.Clone(named), "spec.clusterIP") // by which the first of them is set
	}
	var out []plan.Field
	for _, f := range fields {
		controllers := strings.Contains(f.Path, "controller-uid") || strings.Contains(f.Path, "job-name") ||
			kind == "Pod" && strings.Contains(f.Path, "[kube-api-access-")
		free := kind == "StatefulSet" &&
			slices.ContainsFunc(changeable, func(p string) bool { return isAtOrBelow(f.Path, p) })
		if !controllers && !free &&
			slices.ContainsFunc(named, func(n string) bool { return isAtOrBelow(f.Path, n) || isAtOrBelow(n, f.Path) }) {
			out = append(out, f)
		}
	}
	return out
}

// isAtOrBelow reports whether path is parent or stands below it.
func isAtOrBelow(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// recreate deletes the very object that the plan saw, and waits until it is gone; what it owns goes first, unless that
// is to stay.
func (r *operation) recreate(ctx context.Context, c *plan.Change) error {
	if wait.IsJob(c.Live) && !c.Orphan {
		return r.recreateJob(ctx, c)
	}
	cascade := kube.Foreground
	if c.Orphan {
		cascade = kube.Orphan
	}
	err := r.engine.cluster.Delete(ctx, c.Object, string(c.Live.GetUID()), cascade)
	if kube.Is(err, kube.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r.span.Object(c.Object.Namespace, c.Object.String(), string(plan.Recreate), event.Waiting,
		"being deleted, to be created anew")
	return r.waiter().Await(ctx, []*wait.Item{wait.ToBeGone(c.Live)})
}

// recreateJob is recreate for a Job. One that was stopped and could not be deleted goes on.
func (r *operation) recreateJob(ctx context.Context, c *plan.Change) error {
	r.span.Object(c.Object.Namespace, c.Object.String(), string(plan.Recreate), event.Waiting,
		"being deleted, to be created anew")
	err := r.waiter().Clear(ctx, c.Live)
	if was, _, _ := unstructured.NestedBool(c.Live.Object, "spec", "suspend"); err != nil && !was {
		after, cancel := cleanUpContext(ctx, recordBound, lock.LastBound)
		defer cancel()
		_ = wait.Suspend(after, r.engine.cluster, c.Live, false) // most often it is gone, or going
	}
	return err
}
