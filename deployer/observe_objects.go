package deployer

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/fieldset"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
)

// observeObjects fills every state from the cluster: the live object and the dry run. What the release has had is read
// first, and where nothing can change that is all.
func (e *Engine) observeObjects(
	ctx context.Context, req Request, states []objectState, from lineage, missing bool,
) error {
	coming, before, whole := namespacesOf(states), refsOf(from.since), ctx
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range states {
		s := &states[i]
		if s.err = access.CheckPath(s.object); s.err != nil {
			continue
		}
		if s.unchecked != "" {
			s.err = access.CheckName(s.object)
			continue
		}
		if missing && s.object.GetNamespace() == req.Namespace {
			s.unchecked = "checked in part: its namespace does not exist yet"
			g.Go(func() (err error) {
				s.err, err = access.CheckElsewhere(ctx, e.cluster, s.object, req.applyOptions())
				return err
			})
			continue
		}
		had := before[kube.RefOf(s.object).Key()]
		g.Go(func() error {
			if had {
				if err := e.getLive(ctx, s); err != nil {
					return err
				}
			}
			if fieldset.Unchanged(s.object, s.live, release.Manager) {
				s.result = s.live
				return nil
			}
			return e.dryRunObject(ctx, req, s, had, coming)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := e.keepScaled(whole, req, states); err != nil {
		return err
	}
	if err := e.settleConflicts(whole, req, states); err != nil {
		return err
	}
	if err := e.recheckClientSide(whole, req, states); err != nil {
		return err
	}
	if err := e.checkSecretKeys(whole, states, from.revisions); err != nil {
		return err
	}
	if err := e.checkCRDs(whole, req, states); err != nil {
		return err
	}
	return e.dryRunRecreate(whole, req, states)
}

// dryRunObject asks what an apply would come to, and reads the object unless that has been done (seen) or it would be
// created.
func (e *Engine) dryRunObject(
	ctx context.Context, req Request, s *objectState, seen bool, coming map[string]bool,
) error {
	result, err := e.dryRun(ctx, req, s.object, false)
	if kube.Is(err, kube.NotFound) && coming[s.object.GetNamespace()] {
		s.unchecked = "checked in part: its namespace comes with this release"
		s.err, err = access.CheckElsewhere(ctx, e.cluster, s.object, req.applyOptions())
		return err
	}
	s.result, s.err = result, err
	if seen || kube.FatalOnly(err) != nil || err == nil && wouldCreate(result) {
		return kube.FatalOnly(err)
	}
	return e.getLive(ctx, s)
}

// getLive reads the object as it is.
func (e *Engine) getLive(ctx context.Context, s *objectState) error {
	live, err := e.cluster.Get(ctx, kube.RefOf(s.object))
	if err != nil && !kube.Is(err, kube.NotFound) {
		return err
	}
	s.live = live
	return nil
}

// wouldCreate reports whether a dry run has found no object to change: only what is stored has a resource version.
func wouldCreate(result *unstructured.Unstructured) bool { return result.GetResourceVersion() == "" }

// recheckClientSide asks otherwise about objects that Helm has written client-side and that the server called invalid:
// the dry run sees what the chart no longer has beside what it has now, such as two ports of one name, because nobody
// owns the old one before its fields are taken over.
func (e *Engine) recheckClientSide(ctx context.Context, req Request, states []objectState) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range states {
		s := &states[i]
		if s.live == nil || !kube.Is(s.err, kube.Invalid) || !kube.ClientSide(s.live, release.Manager) {
			continue
		}
		g.Go(func() error {
			whole := s.object.DeepCopy()
			whole.SetResourceVersion(s.live.GetResourceVersion())
			options := req.applyOptions()
			options.DryRun = true
			if _, err := e.cluster.Update(ctx, whole, options); err != nil {
				s.err = err
				return kube.FatalOnly(err)
			}
			s.err, s.unchecked = nil, "checked in part: its fields are taken over from client-side apply"
			return nil
		})
	}
	return g.Wait()
}

// namespacesOf are the namespaces that the target itself makes.
func namespacesOf(states []objectState) map[string]bool {
	out := map[string]bool{}
	for _, s := range states {
		if s.object.GetKind() == "Namespace" {
			out[s.object.GetName()] = true
		}
	}
	return out
}

// dryRun asks the server what an apply would make of the object. A conflict with nobody but ourselves, as client-side
// apply of old left it, is none; force asks what came of taking over the fields of others.
func (e *Engine) dryRun(
	ctx context.Context, req Request, o *unstructured.Unstructured, force bool,
) (*unstructured.Unstructured, error) {
	options := req.applyOptions()
	options.DryRun, options.Force = true, force
	result, err := e.cluster.Apply(ctx, o, options)
	if onlyOurselves(err) {
		options.Force = true
		return e.cluster.Apply(ctx, o, options)
	}
	return result, err
}

// leftovers are the live objects that revisions since the last deployed one made and the target lacks (engine-rules.md
// 9).
func (e *Engine) leftovers(ctx context.Context, t desired, states []objectState) ([]*unstructured.Unstructured, error) {
	refs, _ := e.leftoverRefs(ctx, t, states)
	return e.getAll(ctx, refs)
}

// leftoverRefs are the names of what may be left over, and those of objects whose kind the cluster no longer serves
// under any name: they are gone with it.
func (e *Engine) leftoverRefs(ctx context.Context, t desired, states []objectState) (refs, gone []kube.Ref) {
	wanted := map[string]bool{}
	for _, s := range states {
		wanted[kube.RefOf(s.object).Key()] = true
	}
	for _, r := range t.lineage.since {
		objects, err := r.Objects()
		if err != nil {
			continue
		}
		for _, o := range objects {
			ref := kube.RefOf(o)
			res, ok := e.cluster.Served(ctx, o.GetAPIVersion(), o.GetKind())
			if !ok && !wanted[ref.Key()] {
				wanted[ref.Key()] = true
				gone = append(gone, ref)
			}
			if !ok {
				continue
			}
			ref.APIVersion = res.APIVersion()
			if !res.Namespaced {
				ref.Namespace = ""
			} else if ref.Namespace == "" {
				ref.Namespace = r.Namespace
			}
			if !wanted[ref.Key()] {
				wanted[ref.Key()] = true
				refs = append(refs, ref)
			}
		}
	}
	return refs, gone
}

// getAll reads those of refs that exist and are not being deleted, in order.
func (e *Engine) getAll(ctx context.Context, refs []kube.Ref) ([]*unstructured.Unstructured, error) {
	found := make([]*unstructured.Unstructured, len(refs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i, ref := range refs {
		g.Go(func() error {
			o, err := e.cluster.Get(ctx, ref)
			if kube.Is(err, kube.NotFound) {
				return nil
			}
			if err == nil && o.GetDeletionTimestamp() == nil {
				found[i] = o
			}
			return err
		})
	}
	err := g.Wait()
	return slices.DeleteFunc(found, func(o *unstructured.Unstructured) bool { return o == nil }), err
}
