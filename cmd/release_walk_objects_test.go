package cmd

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

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
	for doc := range strings.SplitSeq("\n"+w.manifest(), "\n---\n") {
		var m map[string]any
		if err := yaml.Unmarshal([]byte(doc), &m); err != nil {
			w.t.Fatal(err)
		}
		if len(m) == 0 {
			continue
		}
		o := &unstructured.Unstructured{Object: m}
		key := kube.RefOf(o).String()
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
	delete(want.Object, "stringData")
	if path := lacks(want.Object, live.Object); path != "" {
		w.t.Fatalf("%s is not as the manifest says at %s", name, path)
	}
	// Applied on the client's side, what a failed revision of Helm's added stays.
	if data, ok := live.Object["data"].(map[string]any); ok && live.GetKind() == "ConfigMap" && who == "pintle" && op.name != "test" {
		if said, _ := want.Object["data"].(map[string]any); len(data) != len(said) {
			w.t.Fatalf("%s has the data %v, the manifest says %v", name, data, said)
		}
	}
}

// checkHookObjects holds that no object is left of a hook that ran well and asks
// to be deleted then.
func (w *walker) checkHookObjects(who string, op stride) {
	w.t.Helper()
	n := len(w.records)
	if op.fails || op.noHooks || n == 0 || op.name == "uninstall" {
		return
	}
	last := w.records[n-1]
	installs := last.Info.Description == "Install complete" || op.name == "install"
	events := op.events(who, installs)
	for _, h := range last.Hooks {
		runs := slices.ContainsFunc(h.Events, func(e string) bool { return slices.Contains(events, e) })
		if !runs || !slices.Contains(h.DeletePolicies, "hook-succeeded") || h.LastRun.Phase != release.PhaseSucceeded {
			continue
		}
		version := map[string]string{"Job": "batch/v1"}[h.Kind]
		o, err := kubetest.Connect(w.t, nil).Get(w.t.Context(), kube.Ref{APIVersion: cmp.Or(version, "v1"), Kind: h.Kind, Namespace: w.namespace, Name: h.Name})
		if !kube.Is(err, kube.NotFound) && o.GetDeletionTimestamp() == nil {
			w.t.Fatalf("hook %s has succeeded and is still there: %v", h.Name, err)
		}
	}
}

// lacks is the path of something in want that live has otherwise, or "".
func lacks(want, live any) string {
	switch want := want.(type) {
	case map[string]any:
		have, _ := live.(map[string]any)
		for key, value := range want {
			if path := lacks(value, have[key]); path != "" {
				return "." + key + path
			}
		}
		return ""
	case []any:
		have, _ := live.([]any)
		for i, value := range want {
			if i >= len(have) {
				return fmt.Sprintf("[%d]", i)
			}
			if path := lacks(value, have[i]); path != "" {
				return fmt.Sprintf("[%d]%s", i, path)
			}
		}
		return ""
	}
	if want == nil || fmt.Sprint(want) == fmt.Sprint(live) || reflect.DeepEqual(want, live) {
		return ""
	}
	return fmt.Sprintf(" (%v, not %v)", live, want)
}
