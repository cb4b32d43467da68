package deployer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
)

// rehearse asks whether what the deployed revision says of every object that the plan changes could be applied again:
// one dry run each, at most.
func (e *Engine) rehearse(ctx context.Context, req Request, p *Prepared) error {
	if p.Operation != plan.Upgrade || p.lineage.deployed == nil || p.RecordOnly {
		return nil
	}
	deployed := objectsOf(p.lineage.deployed)
	because := make([]string, len(p.Objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range p.Objects {
		c := &p.Objects[i]
		if c.Action == plan.Unchanged {
			continue
		}
		if because[i] = oneWay(c); because[i] != "" {
			continue
		}
		old := deployed[c.Object.Key()]
		if old == nil || c.CRD {
			continue
		}
		g.Go(func() (err error) {
			because[i], err = e.rehearseOne(ctx, req, p, c, old.DeepCopy())
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	because = slices.DeleteFunc(because, func(s string) bool { return s == "" })
	p.Rollback = &plan.Rehearsal{Revision: p.lineage.deployed.Version, Because: because}
	if req.RequireRollback && !p.Rollback.Possible() {
		return fmt.Errorf("plan release %s: a rollback would not be possible, and requireRollback asks for it: %s",
			p.Release, strings.Join(because, "; "))
	}
	return nil
}

// rehearseOne pretends to apply what the deployed revision said of one object.
func (e *Engine) rehearseOne(
	ctx context.Context, req Request, p *Prepared, c *plan.Change, old *unstructured.Unstructured,
) (string, error) {
	res, ok := e.cluster.Served(ctx, old.GetAPIVersion(), old.GetKind())
	if !ok {
		return fmt.Sprintf("%s: the cluster serves no %s in %s any more", c.Object, old.GetKind(), old.GetAPIVersion()), nil
	}
	old.SetAPIVersion(res.APIVersion())
	old.SetNamespace(c.Object.Namespace)
	markOwned(old, p.Release, p.Namespace)
	_, err := e.dryRun(ctx, req, old, true)
	switch {
	case err == nil || kube.Is(err, kube.Immutable) && req.onImmutable(old.GetKind()) != FailImmutable:
		return "", nil
	case kube.FatalOnly(err) != nil:
		return "", err
	}
	return c.Object.String() + ": " + plan.CauseOf(err), nil
}

// oneWay says why a change cannot be taken back, whatever the deployed revision says; empty when it can.
func oneWay(c *plan.Change) string {
	kind := c.Object.Kind
	holds := slices.Contains([]string{"PersistentVolumeClaim", "PersistentVolume", "Namespace", crdKind}, kind)
	switch {
	case holds && (c.Action == plan.Delete || c.Action == plan.Recreate):
		return fmt.Sprintf("%s is deleted, and what it holds does not come back", c.Object)
	case c.Danger != "":
		return fmt.Sprintf("%s changes for good: %s", c.Object, c.Danger)
	}
	for _, f := range c.Fields {
		switch {
		case kind == "PersistentVolumeClaim" && strings.HasPrefix(f.Path, "spec.resources.requests"):
			return fmt.Sprintf("%s grows, and cannot shrink again", c.Object)
		case (kind == "ConfigMap" || kind == "Secret") && f.Path == "immutable" && f.New == true:
			return fmt.Sprintf("%s becomes immutable, which cannot be taken back", c.Object)
		}
	}
	return ""
}
