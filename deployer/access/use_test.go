package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
)

func TestVerbs(t *testing.T) {
	got := map[string]string{}
	for name, u := range map[string]Use{
		"create": {Create: true}, "create, undone": {Create: true, Undo: true}, "create, awaited": {Create: true, Wait: true},
		"change": {Change: true}, "change, awaited": {Change: true, Undo: true, Wait: true}, "recreate": {Recreate: true},
		"delete": {Delete: true}, "delete, undone": {Delete: true, Undo: true}, "nothing": {}, "everything": Everything,
	} {
		got[name] = strings.Join(u.Verbs(), " ")
	}
	want := map[string]string{
		"create": "get create patch", "create, undone": "get create patch delete list watch", "create, awaited": "get create patch list watch",
		"change": "get patch", "change, awaited": "get patch list watch", "recreate": "get create patch delete",
		"delete": "get delete", "delete, undone": "get create patch delete", "nothing": "get", "everything": "get create patch delete list watch",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What Joined lists is enough for all that is asked for before work begins, and without any verb of it something is
// lacking.
func TestJoinedIsEnoughAndNoMore(t *testing.T) {
	asked := append(Base("shop", release.Secrets),
		Permission{Namespace: "shop", Group: "apps", Resource: "deployments", Verbs: Everything.Verbs(), Names: []string{"web"}, For: []string{"objects of web"}},
		Permission{Namespace: "shop", Resource: "pods", Verbs: Everything.Verbs(), Names: []string{"check"}, For: []string{"objects of web"}},
		NewNamespace())
	joined := Joined(asked)
	rulesOf := func(list []Permission) (out []rule) {
		for _, p := range list {
			out = append(out, rule{Verbs: p.Verbs, APIGroups: []string{p.Group}, Resources: []string{p.Resource}})
		}
		return out
	}
	if lack := lacking(rulesOf(joined), asked); len(lack) > 0 {
		t.Errorf("it lacks %v", lack)
	}
	for i, p := range joined {
		for _, verb := range p.Verbs {
			less := slices.Clone(joined)
			less[i].Verbs = slices.DeleteFunc(slices.Clone(p.Verbs), func(v string) bool { return v == verb })
			if lack := lacking(rulesOf(less), asked); len(lack) == 0 {
				t.Errorf("nobody asks for %s of %s", verb, p.Resource)
			}
		}
	}
	at := slices.IndexFunc(joined, func(p Permission) bool { return p.Resource == "pods" })
	want := Permission{
		Namespace: "shop", Resource: "pods", Verbs: []string{"get", "list", "watch", "create", "patch", "delete"},
		For: []string{"waiting and explanations", "objects of web"},
	}
	if diff := cmp.Diff(want, joined[at]); diff != "" {
		t.Error(diff)
	}
}

func TestGrants(t *testing.T) {
	for kind, want := range map[string]bool{"Role": true, "ClusterRoleBinding": true, "ServiceAccount": false} {
		if got := Grants(kube.Ref{APIVersion: "rbac.authorization.k8s.io/v1", Kind: kind}); got != want {
			t.Errorf("%s: %t", kind, got)
		}
	}
	if Grants(kube.Ref{APIVersion: "example.com/v1", Kind: "Role"}) {
		t.Error("a Role of another group grants something")
	}
}

// A kind that the chart itself defines is known before the cluster knows it.
func TestForKindOf(t *testing.T) {
	crd := func(scope string) []*unstructured.Unstructured {
		return []*unstructured.Unstructured{{Object: map[string]any{"kind": "CustomResourceDefinition", "spec": map[string]any{
			"group": "example.com", "scope": scope, "names": map[string]any{"kind": "Widget", "plural": "widgets"},
		}}}}
	}
	ref := kube.Ref{APIVersion: "example.com/v1", Kind: "Widget", Namespace: "shop", Name: "w"}
	want := []Permission{{Namespace: "shop", Group: "example.com", Resource: "widgets", Verbs: []string{"get"}, Names: []string{"w"}}}
	if diff := cmp.Diff(want, ForKindOf(crd("Namespaced"), ref, []string{"get"})); diff != "" {
		t.Error(diff)
	}
	want[0].Namespace = ""
	if diff := cmp.Diff(want, ForKindOf(crd("Cluster"), ref, []string{"get"})); diff != "" {
		t.Error(diff)
	}
	ref.Kind = "Gadget"
	if got := ForKindOf(crd("Cluster"), ref, nil); got != nil {
		t.Errorf("got %v", got)
	}
}
