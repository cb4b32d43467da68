package cmd

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
	"github.com/pintle-ci/pintle/deployer/release"
)

// checkObjects holds the live objects against the deployed revision: each is
// there, is marked as the release's, says what the manifest says and is Helm's in
// its managed fields; and none is there besides, but for those that ask to be kept
// and those that Helm has left behind.
func (w *walker) checkObjects(who string, op stride) {
	w.t.Helper()
	if refused := who == "pintle" && op.by == "selector"; refused || op.fails && !op.back && op.name != "test" {
		return
	}
	live := w.liveObjects()
	want := map[string]bool{}
	for key, o := range w.objectsIn(w.manifest()) {
		want[key] = true
		if live[key] == nil {
			w.t.Fatalf("%s is in the manifest and not in the cluster", key)
		}
		w.checkObject(who, op, o, live[key])
	}
	over := map[string]bool{}
	for key, o := range live {
		if !want[key] && o.GetAnnotations()["helm.sh/resource-policy"] != "keep" {
			over[key] = true
		}
	}
	if who == "pintle" {
		for key := range over {
			if !w.left[key] {
				w.t.Fatalf("%s is left in the cluster and in no manifest", key)
			}
		}
	}
	w.left = over
}

// manifest is the text of the deployed revision, empty when none is.
func (w *walker) manifest() string {
	w.t.Helper()
	if n := len(w.history); n == 0 || w.history[n-1].Status != "deployed" {
		return ""
	}
	return w.must(w.pintle("get", "manifest", "web"))
}

// objectsIn are those of a manifest, by Kind/name, as the server would read them.
func (w *walker) objectsIn(manifest string) map[string]*unstructured.Unstructured {
	w.t.Helper()
	out := map[string]*unstructured.Unstructured{}
	for doc := range strings.SplitSeq("\n"+manifest, "\n---\n") {
		text, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			w.t.Fatal(err)
		}
		if string(text) == "null" { // comments alone
			continue
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(text); err != nil {
			w.t.Fatal(err)
		}
		out[kube.RefOf(o).String()] = o
	}
	return out
}

// liveObjects are those that carry the release's mark, by Kind/name.
func (w *walker) liveObjects() map[string]*unstructured.Unstructured {
	w.t.Helper()
	cluster := kubetest.Connect(w.t, nil)
	out := map[string]*unstructured.Unstructured{}
	for _, kind := range []kube.Ref{
		{APIVersion: "v1", Kind: "ConfigMap"}, {APIVersion: "v1", Kind: "Secret"}, {APIVersion: "v1", Kind: "Service"},
		{APIVersion: "v1", Kind: "ServiceAccount"}, {APIVersion: "apps/v1", Kind: "Deployment"},
	} {
		objects, _, err := cluster.List(w.t.Context(), kind.APIVersion, kind.Kind, kube.Selection{Namespace: w.namespace})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range objects {
			if o.GetAnnotations()["meta.helm.sh/release-name"] == "web" && o.GetDeletionTimestamp() == nil {
				out[kube.RefOf(o).String()] = o
			}
		}
	}
	return out
}

// managersOf are the names that manage something of an object, its status aside.
func managersOf(o *unstructured.Unstructured) []string {
	managers := map[string]bool{}
	for _, f := range o.GetManagedFields() {
		if f.Subresource == "" {
			managers[f.Manager] = true
		}
	}
	delete(managers, "kube-controller-manager") // its annotation of a Deployment's revision
	return slices.Sorted(maps.Keys(managers))
}

func (w *walker) checkObject(who string, op stride, want, live *unstructured.Unstructured) {
	w.t.Helper()
	name := kube.RefOf(want).String()
	if live.GetLabels()["app.kubernetes.io/managed-by"] != "Helm" || live.GetAnnotations()["meta.helm.sh/release-namespace"] != w.namespace {
		w.t.Fatalf("%s has the marks %v %v", name, live.GetLabels(), live.GetAnnotations())
	}
	if got := managersOf(live); !slices.Equal(got, []string{"helm"}) {
		w.t.Fatalf("%s is managed by %v", name, got)
	}
	if who == "pintle" && op.name != "test" && kube.ClientSide(live, "helm") {
		w.t.Fatalf("%s has fields of client-side apply after %s", name, op.name)
	}
	encode(want)
	// Applied on the client's side, the variables of a failed revision stay: Helm
	// compares with the deployed manifest, which does not name them.
	if path := lacks(want.Object, live.Object, kube.ClientSide(live, "helm")); path != "" {
		w.t.Fatalf("%s is not as the manifest says at %s", name, path)
	}
	if who == "pintle" && op.name != "test" { // applied on the client's side, what a failed revision of Helm's added stays
		if diff := gocmp.Diff(owned(want), owned(live), cmpopts.EquateEmpty()); diff != "" {
			w.t.Fatalf("%s has fields that are not in the manifest: -manifest +live\n%s", name, diff)
		}
	}
}

// checkHookObjects holds that of the hooks that ran those are gone whose policies
// say so for how they ended, and that all others are there.
func (w *walker) checkHookObjects(ran []*release.Hook) {
	w.t.Helper()
	policies := map[release.Phase]string{release.PhaseSucceeded: "hook-succeeded", release.PhaseFailed: "hook-failed"}
	last := map[string]*release.Hook{} // a rollback after a failure may run one again
	for _, h := range ran {
		last[h.Kind+"/"+h.Name] = h
	}
	for name, h := range last {
		want := !slices.Contains(h.DeletePolicies, policies[h.LastRun.Phase])
		if w.there(h) != want {
			w.t.Fatalf("hook %s, %s, with the policies %v: is it still there? %t", name, h.LastRun.Phase, h.DeletePolicies, !want)
		}
	}
}

// unrecorded are hooks that an operation ran and whose record it deleted: those of
// an uninstallation, and the one by which an install failed that left nothing.
func (op stride) unrecorded(before []*release.Record) []*release.Hook {
	var out []*release.Hook
	switch {
	case op.name == "uninstall" && !op.keepHistory:
		for _, h := range before[len(before)-1].Clone().Hooks {
			h.LastRun.Phase = release.PhaseSucceeded
			if slices.Contains(h.Events, "pre-delete") || slices.Contains(h.Events, "post-delete") {
				out = append(out, h)
			}
		}
	case op.name == "install" && op.back && op.by == "hook":
		out = append(out, &release.Hook{Kind: "Job", Name: "web-gate", DeletePolicies: []string{"hook-failed"}, LastRun: release.Run{Phase: release.PhaseFailed}})
	}
	return out
}

// there reports whether a hook's object is in the cluster.
func (w *walker) there(h *release.Hook) bool {
	w.t.Helper()
	ref := kube.Ref{APIVersion: "v1", Kind: h.Kind, Namespace: w.namespace, Name: h.Name}
	if h.Kind == "Job" {
		ref.APIVersion = "batch/v1"
	}
	o, err := kubetest.Connect(w.t, nil).Get(w.t.Context(), ref)
	if kube.Is(err, kube.NotFound) {
		return false
	}
	if err != nil {
		w.t.Fatalf("hook %s: %v", ref, err)
	}
	return o.GetDeletionTimestamp() == nil
}
