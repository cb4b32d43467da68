package walk_test

import (
	"slices"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
)

// checkObjects holds the live objects against the deployed revision: each is there, is marked as the release's, says
// what the manifest says and is Helm's in its managed fields; and none is there besides, but for those that ask to be
// kept and those that Helm has left behind.
func (w *walker) checkObjects(who string, op stride) {
	w.T.Helper()
	if refused := who == "pintle" && op.by == "selector"; refused || op.fails && !op.back && op.name != "test" {
		return
	}
	over := w.CheckObjects(w.manifest(), who == "pintle" && op.name != "test")
	if who == "pintle" {
		for key := range over {
			if !w.left[key] {
				w.T.Fatalf("%s is left in the cluster and in no manifest", key)
			}
		}
	}
	w.left = over
}

// manifest is the text of the deployed revision, empty when none is.
func (w *walker) manifest() string {
	w.T.Helper()
	if n := len(w.history); n == 0 || w.history[n-1].Status != "deployed" {
		return ""
	}
	return w.Must(w.Pintle("get", "manifest", "web"))
}

// checkHookObjects holds that of the hooks that ran those are gone whose policies say so for how they ended, and that
// all others are there.
func (w *walker) checkHookObjects(ran []*release.Hook) {
	w.T.Helper()
	policies := map[release.Phase]string{release.PhaseSucceeded: "hook-succeeded", release.PhaseFailed: "hook-failed"}
	last := map[string]*release.Hook{} // a rollback after a failure may run one again
	for _, h := range ran {
		last[h.Kind+"/"+h.Name] = h
	}
	for name, h := range last {
		want := !slices.Contains(h.DeletePolicies, policies[h.LastRun.Phase])
		if w.there(h) != want {
			w.T.Fatalf("hook %s, %s, with the policies %v: is it still there? %t", name, h.LastRun.Phase, h.DeletePolicies, !want)
		}
	}
}

// unrecorded are hooks that an operation ran and whose record it deleted: those of an uninstallation, and the one by
// which an install failed that left nothing.
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
	w.T.Helper()
	ref := kube.Ref{APIVersion: "v1", Kind: h.Kind, Namespace: w.Namespace, Name: h.Name}
	if h.Kind == "Job" {
		ref.APIVersion = "batch/v1"
	}
	o, err := kubetest.Connect(w.T, nil).Get(w.T.Context(), ref)
	if kube.Is(err, kube.NotFound) {
		return false
	}
	if err != nil {
		w.T.Fatalf("hook %s: %v", ref, err)
	}
	return o.GetDeletionTimestamp() == nil
}
