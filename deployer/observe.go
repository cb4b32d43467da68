package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/sequence"
	"github.com/pintle-ci/pintle/secret"
)

// concurrency bounds the requests of one operation that are under way at once.
const concurrency = 16

// Plan observes the release, the cluster and every object, and decides what would change. It writes nothing: objects go
// through server-side apply with dryRun=All, so defaults, admission and validation are the cluster's own. A *Refusal
// names every object that the cluster would not take, an *access.Error what the account lacks.
func (e *Engine) Plan(ctx context.Context, req Request) (*Prepared, error) {
	p, err := e.planRender(ctx, req)
	if err != nil {
		return nil, e.explain(ctx, req, err)
	}
	return p, nil
}

func (e *Engine) planRender(ctx context.Context, req Request) (*Prepared, error) {
	req = req.withDefaults(e.cluster.Namespace())
	if err := req.check(); err != nil {
		return nil, err
	}
	if req.Render == nil && req.Over == nil {
		return nil, fmt.Errorf("plan release %s: no chart to render", req.Release)
	}
	seen, err := e.observeRelease(ctx, req)
	if err != nil {
		return nil, err
	}
	lineage := lineageOf(seen.history)
	if err := lineage.check(req); err != nil {
		return nil, err
	}
	if err := lineage.checkWithStamp(req); err != nil {
		return nil, err
	}
	if lineage, err = e.afterUninstalling(ctx, lineage); err != nil {
		return nil, err
	}
	learnRevisions(req.Secrets, lineage.since...) // a template may quote what it replaces
	result, warnings, err := e.render(ctx, req, lineage)
	if err != nil {
		return nil, err
	}
	if req.CRDs == SkipCRDs {
		result.CRDs = nil
	}
	p, err := e.planTarget(ctx, req, desired{
		lineage: lineage, record: release.NewRevision(newRecord(req, lineage, result)),
		crds: result.CRDs, missing: seen.namespaceMissing,
		warnings: slices.Concat(unreadableWarnings(seen.history), renderWarnings(result), warnings),
	})
	if err != nil {
		return nil, err
	}
	p.Restamp = p.Unchanged && staleStamp(req.Stamp, lineage.deployed)
	p.replan = func(ctx context.Context) (*Prepared, error) { return e.Plan(ctx, req) }
	return p, nil
}

// desired is a revision to be, wherever it comes from: a chart or an old record.
type desired struct {
	lineage  lineage
	record   *release.Revision
	crds     []render.CRD
	missing  bool // the namespace
	warnings []string
}

// planTarget observes the objects of a target and decides.
func (e *Engine) planTarget(ctx context.Context, req Request, t desired) (*Prepared, error) {
	states, err := e.targetObjects(ctx, t)
	if err != nil {
		if _, named := errors.AsType[*plan.RejectedError](err); named {
			return nil, err
		}
		return nil, fmt.Errorf("plan release %s: %w", req.Release, err)
	}
	if err := e.observeObjects(ctx, req, states, t.lineage, t.missing); err != nil {
		return nil, err
	}
	refs, gone := e.leftoverRefs(ctx, t, states)
	leftovers, err := e.getAll(ctx, refs)
	if err != nil {
		return nil, err
	}
	t.warnings = slices.Concat(t.warnings, unservedWarnings(gone), sequence.UnknownSubcharts(t.record.Record))
	learnRevisions(req.Secrets, append(slices.Clone(t.lineage.since), t.record)...)
	learnObjects(req.Secrets, states)
	seen := observation{
		lineage: t.lineage, record: t.record, namespace: req.Namespace, namespaceMissing: t.missing,
		request: req, states: states, leftovers: leftovers, warnings: t.warnings,
	}
	if seen.refused, err = e.refusals(ctx, seen); err != nil {
		return nil, err
	}
	p, err := decide(seen)
	if err != nil {
		return nil, maskRefusal(err, req.Secrets)
	}
	if req.NoHooks {
		p.Hooks = nil
	}
	if req.Rehearse || req.RequireRollback {
		if err := e.rehearse(ctx, req, p); err != nil {
			return nil, err
		}
	}
	p.Unchanged = p.Unchanged && !req.Revise
	p.request = req
	p.Secrets = req.Secrets
	return p, nil
}

// maskRefusal masks secrets in a refusal: it names values.
func maskRefusal(err error, secrets *secret.Set) error {
	if refusal, ok := errors.AsType[*plan.RejectedError](err); ok {
		refusal.Redact = secrets.Text
	}
	return err
}

type seenRelease struct {
	history          release.History
	namespaceMissing bool
}

func (e *Engine) observeRelease(ctx context.Context, req Request) (seenRelease, error) {
	var seen seenRelease
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.cluster.Discover(ctx) })
	g.Go(func() (err error) {
		storage := e.storage(req.Namespace)
		if seen.history, err = storage.History(ctx, req.Release); err != nil {
			return err
		}
		return storage.Readable(seen.history)
	})
	g.Go(func() (err error) {
		seen.namespaceMissing, err = e.namespaceMissing(ctx, req.Namespace)
		return err
	})
	return seen, g.Wait()
}

// render renders the chart of a request, and warns of Secrets that it did not find.
func (e *Engine) render(ctx context.Context, req Request, s lineage) (*render.Result, []string, error) {
	caps, err := e.cluster.Capabilities(ctx)
	if err != nil {
		return nil, nil, err
	}
	if req.Over != nil {
		if req.Render, err = req.Over(s.current()); err != nil {
			return nil, nil, fmt.Errorf("release %s: %w", req.Release, err)
		}
	}
	found := &lookups{cluster: e.cluster, secrets: req.Secrets, without: req.NoLookupSecrets}
	result, err := req.Render(ctx, render.Options{
		ReleaseName: req.Release, Namespace: req.Namespace, Revision: s.revision, IsUpgrade: s.operation == plan.Upgrade,
		KubeVersion: caps.KubeVersion, KubeMinor: caps.KubeMinor, APIVersions: caps.APIVersions,
		Discovered: true, Lookup: found.lookup,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("release %s: %w", req.Release, err)
	}
	return result, found.warnings(), nil
}

// newRecord is the record of the revision to be, without a status.
func newRecord(req Request, s lineage, result *render.Result) *release.Record {
	return &release.Record{
		Name: req.Release, Namespace: req.Namespace, Version: s.revision, Chart: release.ChartOf(result.Chart),
		Config: result.Config, Manifest: manifestText(result.Manifests), Hooks: recordHooks(result.Hooks),
		ApplyMethod: release.ServerSide, Info: &release.Info{Notes: result.Notes},
		Labels: stampedLabels(req.Stamp, nextLabels(req, s), s.revision),
	}
}

func unreadableWarnings(h release.History) []string {
	var out []string
	for _, head := range h.Unreadable {
		out = append(out, fmt.Sprintf("the record of revision %d cannot be read and is ignored", head.Version))
	}
	return out
}

func renderWarnings(r *render.Result) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Message)
	}
	return out
}

// targetObjects parses the target's manifest and gives every object its namespace and the release's marks.
func (e *Engine) targetObjects(ctx context.Context, t desired) ([]objectState, error) {
	var states []objectState
	scopes := map[string]bool{} // "group/Kind" of CRDs in this target -> namespaced
	for _, crd := range t.crds {
		objects, err := release.ParseManifest(string(crd.Data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", crd.Source, err)
		}
		for _, o := range objects {
			noteScope(o, scopes)
			states = append(states, objectState{object: o, isCRD: true})
		}
	}
	objects, err := sourcedObjects(t.record)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		noteScope(o.object, scopes)
	}
	slices.SortStableFunc(objects, func(a, b sourced) int { return release.ByInstallOrder(a.object, b.object) })
	var problems []plan.Rejection
	for _, s := range objects {
		o := s.object
		was := e.currentAPIVersion(ctx, o, t)
		unchecked, err := e.place(ctx, o, t.record.Namespace, scopes)
		if kube.Is(err, kube.NoKind) {
			problems = append(problems, plan.Rejection{Object: kube.RefOf(o), Err: err})
			continue
		}
		if err != nil {
			return nil, err
		}
		markOwned(o, t.record.Name, t.record.Namespace)
		states = append(states, objectState{
			object: o, source: s.source, unchecked: unchecked, was: was, afterCRD: unchecked != "",
		})
	}
	if t.lineage.operation != plan.RollingBack { // what ran with the last of two can be had again
		problems = append(problems, contradictions(states)...)
	}
	if len(problems) > 0 {
		return nil, &plan.RejectedError{Release: t.record.Name, Rejections: problems}
	}
	return lastOfEach(states), nil
}

// sourced is an object of a manifest and the template that it comes from.
type sourced struct {
	object *unstructured.Unstructured
	source string
}

// sourcedObjects are copies of a revision's objects.
func sourcedObjects(r *release.Revision) ([]sourced, error) {
	var out []sourced
	for _, doc := range r.Documents() {
		objects, err := doc.Objects()
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			out = append(out, sourced{o.DeepCopy(), doc.Source})
		}
	}
	return out, nil
}

// noteScope remembers what a CRD says about its kind's scope.
func noteScope(o *unstructured.Unstructured, scopes map[string]bool) {
	if o.GetKind() != "CustomResourceDefinition" {
		return
	}
	group, _, _ := unstructured.NestedString(o.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
	scope, _, _ := unstructured.NestedString(o.Object, "spec", "scope")
	scopes[group+"/"+kind] = scope != "Cluster"
}

// place gives an object the release's namespace, or none when its kind is cluster-scoped. A kind that only a CRD of
// this very target defines cannot be checked yet; the answer then says so.
func (e *Engine) place(
	ctx context.Context, o *unstructured.Unstructured, namespace string, scopes map[string]bool,
) (string, error) {
	res, err := e.cluster.Resource(ctx, o.GetAPIVersion(), o.GetKind())
	namespaced, unchecked := res.Namespaced, ""
	if kube.Is(err, kube.NoKind) {
		group, _, _ := strings.Cut(o.GetAPIVersion(), "/")
		scope, ours := scopes[group+"/"+o.GetKind()]
		if !ours {
			return "", err
		}
		namespaced, unchecked = scope, "not checked: its CRD comes with this release"
	} else if err != nil {
		return "", err
	}
	switch {
	case !namespaced:
		o.SetNamespace("")
	case o.GetNamespace() == "":
		o.SetNamespace(namespace)
	}
	return unchecked, nil
}
