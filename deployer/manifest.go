package deployer

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/sequence"
)

// manifestText joins rendered documents as records keep them (facts/helm-format.md 4.2).
func manifestText(docs []render.Manifest) string {
	var b strings.Builder
	for _, d := range docs {
		fmt.Fprintf(&b, "---\n# Source: %s\n%s\n", d.Source, d.Content)
	}
	return b.String()
}

func recordHooks(hooks []render.Hook) []*release.Hook {
	out := make([]*release.Hook, 0, len(hooks))
	for _, h := range hooks {
		out = append(out, &release.Hook{
			Name: h.Name, Kind: h.Kind, Path: h.Source, Manifest: h.Content, Events: h.Events,
			Weight: h.Weight, DeletePolicies: h.DeletePolicies, OutputLogPolicies: h.OutputLogPolicies,
			LastRun: release.Run{Phase: ""},
		})
	}
	return out
}

// objectsOf are the objects of a revision's manifest by key; none for nil, or where the manifest cannot be read.
func objectsOf(r *release.Revision) map[string]*unstructured.Unstructured {
	out := map[string]*unstructured.Unstructured{}
	if r == nil {
		return out
	}
	objects, err := r.Objects()
	if err != nil {
		return out
	}
	for _, o := range objects {
		out[kube.RefOf(o).Key()] = o // of a cluster-scoped kind, or with its namespace
		out[kube.RefIn(o, r.Namespace).Key()] = o
	}
	return out
}

// refsOf is the identity of every object of some revisions. A record whose manifest cannot be read counts as empty.
func refsOf(revisions []*release.Revision) map[string]bool {
	keys := map[string]bool{}
	for _, r := range revisions {
		objects, err := r.Objects()
		if err != nil {
			continue
		}
		for _, o := range objects {
			keys[kube.RefIn(o, r.Namespace).Key()] = true
			keys[kube.RefOf(o).Key()] = true
		}
	}
	return keys
}

const (
	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = "Helm"
	nameNote       = "meta.helm.sh/release-name"
	namespaceNote  = "meta.helm.sh/release-namespace"
	keepNote       = "helm.sh/resource-policy"
)

// markOwned marks an object as the release's (facts/helm-format.md 4.8). The stored manifest does not carry the marks.
func markOwned(o *unstructured.Unstructured, name, namespace string) {
	labels := o.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[managedByLabel] = managedBy
	o.SetLabels(labels)
	notes := o.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	notes[nameNote], notes[namespaceNote] = name, namespace
	delete(notes, sequence.NeedsAnnotation)
	o.SetAnnotations(notes)
}

// ownerOf is whose an object is, by the marks on it.
func ownerOf(o *unstructured.Unstructured, name, namespace string) owner {
	notes := o.GetAnnotations()
	release, at := notes[nameNote], notes[namespaceNote]
	switch {
	case release == name && at == namespace && o.GetLabels()[managedByLabel] == managedBy:
		return owner{class: ours}
	case release != "" && (release != name || at != namespace):
		return owner{class: foreign, release: release, namespace: at}
	}
	return owner{class: unowned}
}

// isOwned reports whether the release's marks are on o, and if not, whose it is.
func isOwned(o *unstructured.Unstructured, name, namespace string) (bool, string) {
	whose := ownerOf(o, name, namespace)
	return whose.class == ours, whose.String()
}

// isKept reports whether the object must outlive its release.
func isKept(o *unstructured.Unstructured) bool { return policyOf(o) == keepPolicy }

const keepPolicy = "keep"

// policyOf is an object's resource policy, as Helm's uninstall reads it (facts/helm-format.md 4.6); "" for none.
func policyOf(o *unstructured.Unstructured) string {
	return strings.ToLower(strings.TrimSpace(o.GetAnnotations()[keepNote]))
}

// currentAPIVersion brings an object of a recorded manifest to the version in which the cluster serves its kind today,
// if it no longer serves the recorded one, and returns that one. What a chart renders is left as it is: there the
// author is to say it. Whether the object fits the other version, the dry run tells.
func (e *Engine) currentAPIVersion(ctx context.Context, o *unstructured.Unstructured, t desired) (was string) {
	if t.lineage.operation != plan.RollingBack {
		return ""
	}
	res, ok := e.cluster.Served(ctx, o.GetAPIVersion(), o.GetKind())
	if !ok || res.APIVersion() == o.GetAPIVersion() {
		return ""
	}
	was = o.GetAPIVersion()
	o.SetAPIVersion(res.APIVersion())
	return was
}

// unservedWarnings says which objects of earlier revisions are gone with their kinds.
func unservedWarnings(gone []kube.Ref) []string {
	var out []string
	for _, ref := range gone {
		out = append(out, fmt.Sprintf("%s of an earlier revision counts as gone: the cluster serves no %s in %s any more",
			ref, ref.Kind, ref.APIVersion))
	}
	return out
}
