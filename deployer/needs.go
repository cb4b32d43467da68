package deployer

import (
	"context"
	"errors"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// permit finds out, before anything is touched, whether the account may do what the plan needs: see
// access.Reviewer.Check.
func (e *Engine) permit(ctx context.Context, name string, needed []access.Permission, span event.Span) error {
	warning, err := e.access.Check(ctx, name, needed)
	if warning != "" {
		span.Warn(warning)
	}
	return err
}

// deniedOutcome is the outcome of an operation that an *access.Error ends.
func deniedOutcome(err error) Outcome {
	out := Outcome{Status: event.Failed, Message: err.Error()}
	if denied, ok := errors.AsType[*access.Error](err); ok {
		out.Details = denied.Details()
	}
	return out
}

// explain turns a refusal that ended a plan into the list of all that is missing. What the chart has is found by
// rendering it as a first install.
func (e *Engine) explain(ctx context.Context, req Request, refusal error) error {
	if !kube.Is(refusal, kube.Forbidden) {
		return refusal
	}
	req = req.withDefaults(e.cluster.Namespace())
	if req.Render == nil && req.Over == nil {
		req.Render = func(context.Context, render.Options) (*render.Result, error) { return nil, refusal } // a rollback
	}
	p := &Prepared{
		Plan:    &plan.Plan{Release: req.Release, Namespace: req.Namespace, Operation: plan.Install},
		request: req, record: &release.Revision{Record: &release.Record{}},
	}
	if result, _, err := e.render(ctx, req, lineageOf(release.History{})); err == nil {
		p.record = release.NewRevision(newRecord(req, lineage{revision: 1}, result))
		if states, err := e.targetObjects(ctx, desired{record: p.record, crds: result.CRDs}); err == nil {
			for _, s := range states {
				p.Objects = append(p.Objects, plan.Change{Action: plan.Create, Object: kube.RefOf(s.object)})
			}
		}
	}
	return e.access.Explain(ctx, req.Release, e.needs(ctx, p), refusal)
}

// needs is what carrying a plan out takes, and what undoing it would.
func (e *Engine) needs(ctx context.Context, p *Prepared) []access.Permission {
	out := access.Base(p.Namespace, e.options.Driver)
	if p.CreateNamespace {
		out = append(out, access.NewNamespace())
	}
	req := p.request
	undo := p.lineage.deployed != nil && req.OnFailure == Rollback ||
		p.Operation == plan.Install && req.OnFailedInstall == Remove
	for _, c := range p.Objects {
		use := access.Use{
			Create: c.Action == plan.Create, Change: c.Action == plan.Update || c.Action == plan.Adopt,
			Recreate: c.Action == plan.Recreate, Delete: c.Action == plan.Delete,
			Undo: undo, Wait: c.Action != plan.Delete && !req.NoWait && !passive[c.Object.Kind],
		}
		out = append(out, e.access.ForObject(ctx, c.Object, use.Verbs())...)
	}
	if req.NoHooks {
		return out
	}
	return append(out, e.hookNeeds(ctx, p, "pre-"+string(p.Operation), "post-"+string(p.Operation))...)
}

// uninstallNeeds is what taking a release away takes.
func (e *Engine) uninstallNeeds(ctx context.Context, p *Prepared) []access.Permission {
	out := access.Base(p.Namespace, e.options.Driver)
	use := access.Use{Delete: true, Wait: !p.request.NoWait}
	for _, r := range p.lineage.since {
		objects, err := r.Objects()
		if err != nil {
			continue
		}
		for _, o := range objects {
			out = append(out, e.access.ForObject(ctx, kube.RefIn(o, r.Namespace), use.Verbs())...)
		}
	}
	if p.request.NoHooks {
		return out
	}
	return append(out, e.hookNeeds(ctx, p, "pre-delete", "post-delete")...)
}

func (e *Engine) hookNeeds(ctx context.Context, p *Prepared, events ...string) []access.Permission {
	var out []access.Permission
	for _, name := range events {
		for _, h := range hooksFor(p.record.Hooks, name) {
			objects, err := hookObjects(h)
			if err != nil {
				continue
			}
			for _, o := range objects {
				out = append(out, e.access.ForObject(ctx, kube.RefIn(o, p.Namespace), access.Everything.Verbs())...)
			}
		}
	}
	return out
}

// passive are the kinds that are ready as soon as they exist.
var passive = map[string]bool{
	"ConfigMap": true, "Secret": true, "ServiceAccount": true, "Role": true, "RoleBinding": true, "ClusterRole": true,
	"ClusterRoleBinding": true, "NetworkPolicy": true, "PriorityClass": true, "StorageClass": true, "LimitRange": true,
	"Ingress": true, "ValidatingWebhookConfiguration": true, "MutatingWebhookConfiguration": true,
}
