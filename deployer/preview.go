package deployer

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/secret"
)

// PreviewRequest asks what a chart renders to in this cluster.
type PreviewRequest struct {
	Release   string
	Namespace string
	Render    RenderFunc

	IsUpgrade     bool // render as an upgrade, and take it that existing objects are the release's
	TakeOwnership bool // do not mind objects that no or another release owns
	Validate      bool // let the server check every object, by a dry run

	NoLookupSecrets bool        // templates find no Secret by "lookup"; Findings of the result say so
	Secrets         *secret.Set // what templates look up of Secrets is added to it
}

// Preview renders a chart with the cluster's version, APIs and lookups, as the first revision of a release, and writes
// nothing. As for Helm's --dry-run=server, it is a *Refusal if the cluster does not serve a kind, or holds an object of
// that name that is not the release's. Hooks are not looked at. Releases are neither read nor locked, so reading the
// objects is all the permission it needs, unless Validate is set.
func (e *Engine) Preview(ctx context.Context, req PreviewRequest) (*render.Result, error) {
	if err := e.cluster.Ping(ctx); err != nil {
		return nil, err
	}
	caps, err := e.cluster.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	found := &lookups{cluster: e.cluster, secrets: orEmpty(req.Secrets), without: req.NoLookupSecrets}
	result, err := req.Render(ctx, render.Options{
		ReleaseName: req.Release, Namespace: req.Namespace, Revision: 1, IsUpgrade: req.IsUpgrade,
		KubeVersion: caps.KubeVersion, KubeMinor: caps.KubeMinor, APIVersions: caps.APIVersions,
		Discovered: true, Lookup: found.lookup,
	})
	if err != nil {
		return nil, err
	}
	for _, w := range found.warnings() {
		result.Findings = append(result.Findings, render.Finding{Message: w})
	}
	return result, e.checkPreview(ctx, req, result)
}

func (e *Engine) checkPreview(ctx context.Context, req PreviewRequest, result *render.Result) error {
	first := lineage{operation: plan.Install, revision: 1}
	record := release.NewRevision(newRecord(Request{Release: req.Release, Namespace: req.Namespace}, first, result))
	states, err := e.targetObjects(ctx, desired{lineage: first, record: record, crds: result.CRDs})
	if err != nil {
		return fmt.Errorf("preview release %s: %w", req.Release, err)
	}
	if err := e.lookBriefly(ctx, req, states); err != nil {
		return fmt.Errorf("preview release %s: %w", req.Release, err)
	}
	seen := observation{lineage: first, record: record, namespace: req.Namespace}
	if req.TakeOwnership || req.IsUpgrade {
		seen.request.Adopt = AdoptAll
	}
	var problems []plan.Rejection
	for _, s := range states {
		if _, err := decideObject(s, nil, seen); err != nil {
			problems = append(problems, plan.Rejection{Object: kube.RefOf(s.object), Err: err})
		}
	}
	if len(problems) > 0 {
		return &plan.RejectedError{Release: req.Release, Rejections: problems}
	}
	return nil
}

// lookBriefly reads the live objects, and asks for dry runs only to validate.
func (e *Engine) lookBriefly(ctx context.Context, req PreviewRequest, states []objectState) error {
	if req.Validate {
		missing, err := e.namespaceMissing(ctx, req.Namespace)
		if err != nil {
			return err
		}
		return e.observeObjects(ctx, Request{Release: req.Release, Namespace: req.Namespace}, states, lineage{}, missing)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range states {
		if states[i].unchecked != "" || kube.RefOf(states[i].object).Name == "" {
			continue
		}
		if states[i].err = access.CheckPath(states[i].object); states[i].err != nil {
			continue
		}
		g.Go(func() error {
			live, err := e.cluster.Get(ctx, kube.RefOf(states[i].object))
			if kube.Is(err, kube.NotFound) {
				return nil
			}
			states[i].live = live
			return err
		})
	}
	return g.Wait()
}
