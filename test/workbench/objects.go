package workbench

import (
	"maps"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// CheckObjects holds the live objects against a manifest: each is there, is marked as the release's, says what the
// manifest says and is Helm's in its managed fields. ours tells that it was pintle that applied them last. It returns
// those that are live and in no manifest, but for those that ask to be kept.
func (b *Bench) CheckObjects(manifest string, ours bool) (over map[string]bool) {
	b.T.Helper()
	live, want := b.LiveObjects(), map[string]bool{}
	for key, o := range b.ObjectsIn(manifest) {
		want[key] = true
		if live[key] == nil {
			b.T.Fatalf("%s is in the manifest and not in the cluster", key)
		}
		b.checkObject(ours, o, live[key])
	}
	over = map[string]bool{}
	for key, o := range live {
		if !want[key] && o.GetAnnotations()["helm.sh/resource-policy"] != "keep" {
			over[key] = true
		}
	}
	return over
}

// ObjectsIn are those of a manifest, by Kind/name, as the server would read them.
func (b *Bench) ObjectsIn(manifest string) map[string]*unstructured.Unstructured {
	b.T.Helper()
	out := map[string]*unstructured.Unstructured{}
	for doc := range strings.SplitSeq("\n"+manifest, "\n---\n") {
		text, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			b.T.Fatal(err)
		}
		if string(text) == "null" { // comments alone
			continue
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(text); err != nil {
			b.T.Fatal(err)
		}
		out[kube.RefOf(o).String()] = o
	}
	return out
}

// LiveObjects are those that carry the release's mark, by Kind/name.
func (b *Bench) LiveObjects() map[string]*unstructured.Unstructured {
	b.T.Helper()
	cluster := kubetest.Connect(b.T, nil)
	out := map[string]*unstructured.Unstructured{}
	for _, kind := range []kube.Ref{
		{APIVersion: "v1", Kind: "ConfigMap"}, {APIVersion: "v1", Kind: "Secret"}, {APIVersion: "v1", Kind: "Service"},
		{APIVersion: "v1", Kind: "ServiceAccount"}, {APIVersion: "apps/v1", Kind: "Deployment"},
	} {
		objects, _, err := cluster.List(b.T.Context(), kind.APIVersion, kind.Kind, kube.Selection{Namespace: b.Namespace})
		if err != nil {
			b.T.Fatal(err)
		}
		for _, o := range objects {
			if o.GetAnnotations()["meta.helm.sh/release-name"] == "web" && o.GetDeletionTimestamp() == nil {
				out[kube.RefOf(o).String()] = o
			}
		}
	}
	return out
}

// ManagersOf are the names that manage something of an object, its status aside.
func ManagersOf(o *unstructured.Unstructured) []string {
	managers := map[string]bool{}
	for _, f := range o.GetManagedFields() {
		if f.Subresource == "" {
			managers[f.Manager] = true
		}
	}
	delete(managers, "kube-controller-manager") // its annotation of a Deployment's revision
	return slices.Sorted(maps.Keys(managers))
}

// checkObject holds one live object against the manifest's; ours tells that it was pintle that applied it last.
func (b *Bench) checkObject(ours bool, want, live *unstructured.Unstructured) {
	b.T.Helper()
	name := kube.RefOf(want).String()
	if live.GetLabels()["app.kubernetes.io/managed-by"] != "Helm" || live.GetAnnotations()["meta.helm.sh/release-namespace"] != b.Namespace {
		b.T.Fatalf("%s has the marks %v %v", name, live.GetLabels(), live.GetAnnotations())
	}
	if got := ManagersOf(live); !slices.Equal(got, []string{"helm"}) {
		b.T.Fatalf("%s is managed by %v", name, got)
	}
	if ours && kube.ClientSide(live, "helm") {
		b.T.Fatalf("%s has fields of client-side apply after pintle", name)
	}
	encode(want)
	// Applied on the client's side, the variables of a failed revision stay: Helm compares with the deployed manifest,
	// which does not name them.
	if path := lacks(want.Object, live.Object, kube.ClientSide(live, "helm")); path != "" {
		b.T.Fatalf("%s is not as the manifest says at %s", name, path)
	}
	if ours { // applied on the client's side, what a failed revision of Helm's added stays
		if diff := gocmp.Diff(owned(want), owned(live), cmpopts.EquateEmpty()); diff != "" {
			b.T.Fatalf("%s has fields that are not in the manifest: -manifest +live\n%s", name, diff)
		}
	}
}
