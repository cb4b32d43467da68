package deployer

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
)

// Account is what an account needs to work on a release in every way: to install, upgrade, roll back, test and
// uninstall it, to wait for it and to say why it failed.
type Account struct {
	Permissions []access.Permission
	Grants      []kube.Ref // the objects that grant permissions: who makes them must hold these, or may escalate
	Absent      bool       // the namespace does not exist yet
}

// Account lists what those operations ask for before they touch anything. It renders the chart as a first install has
// it, and adds what deployed revisions have beyond that. Errors: those of a render, a kind that nobody knows, the
// cluster's.
func (e *Engine) Account(ctx context.Context, req Request) (Account, error) {
	req = req.withDefaults(e.cluster.Namespace())
	out := Account{Permissions: access.Base(req.Namespace, e.options.Driver)}
	var err error
	if out.Absent, err = e.namespaceMissing(ctx, req.Namespace); err != nil {
		return out, err
	}
	if out.Absent && req.CreateNamespace {
		out.Permissions = append(out.Permissions, access.NewNamespace())
	}
	objects, err := e.objectsForAccount(ctx, req)
	if err != nil {
		return out, err
	}
	for _, o := range objects {
		ref := kube.RefIn(o, req.Namespace)
		needed := e.access.ForObject(ctx, ref, access.Everything.Verbs())
		if needed == nil {
			needed = access.ForKindOf(objects, ref, access.Everything.Verbs())
		}
		if needed == nil {
			return out, fmt.Errorf("release %s: %s: the cluster knows no such kind, and the chart brings no definition of it",
				req.Release, ref)
		}
		for _, p := range needed {
			p.For = []string{"objects of " + req.Release}
			out.Permissions = append(out.Permissions, p)
		}
		if access.Grants(ref) {
			out.Grants = append(out.Grants, ref)
		}
	}
	out.Permissions = access.Merged(out.Permissions)
	return out, nil
}

// objectsForAccount are the objects of a release: of the chart, of its hooks and CRDs, and of the revisions that are
// deployed.
func (e *Engine) objectsForAccount(ctx context.Context, req Request) ([]*unstructured.Unstructured, error) {
	result, _, err := e.render(ctx, req, lineageOf(release.History{}))
	if err != nil {
		return nil, err
	}
	next := release.NewRevision(newRecord(req, lineage{revision: 1}, result))
	states, err := e.targetObjects(ctx, desired{record: next, crds: result.CRDs})
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, s := range states {
		objects = append(objects, s.object)
	}
	revisions := []*release.Revision{next}
	history, err := e.storage(req.Namespace).History(ctx, req.Release)
	if err != nil && !kube.Is(err, kube.Forbidden) {
		return nil, err
	}
	for _, r := range lineageOf(history).since {
		deployed, err := r.Objects()
		if err != nil {
			continue // deploy says what is wrong with it
		}
		objects, revisions = append(objects, deployed...), append(revisions, r)
	}
	for _, r := range revisions {
		for _, h := range r.Hooks {
			made, err := hookObjects(h)
			if err != nil {
				return nil, fmt.Errorf("release %s: hook %s: %w", req.Release, h.Name, err)
			}
			objects = append(objects, made...)
		}
	}
	return objects, nil
}
