package deployer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

func settings(notes string) map[string]string {
	return map[string]string{"templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, annotations: {" + notes + "}}\ndata: {a: b}\n"}
}

// change is the plan's action on an object, with its note.
func change(p *deployer.Prepared, object string) string {
	for _, c := range p.Objects {
		if c.Object.String() == object {
			return strings.TrimSuffix(string(c.Action)+": "+c.Note, ": ")
		}
	}
	return "none"
}

// TestHookOfHelmBecomesAnObject and the other way round: it is the release's all the time, whether Helm has made it or
// we.
func TestHookOfHelmBecomesAnObject(t *testing.T) {
	const hook = "helm.sh/hook: \"pre-install,pre-upgrade\""
	for name, first := range map[string]func(*harness){
		"ours":   func(b *harness) { b.mustDeploy(b.request(service("1.0.0", settings(hook)), nil)) },
		"Helm's": func(b *harness) { b.helm("install", "web", write(b.t, service("1.0.0", settings(hook)))) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			first(b)
			step := func(version, notes, want string) {
				t.Helper()
				p, err := b.engine.Plan(t.Context(), b.request(service(version, settings(notes)), nil))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, change(p, "ConfigMap/settings")); d != "" {
					t.Error(d)
				}
				if _, err := b.apply(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				if !b.exists("v1", "ConfigMap", "settings") {
					t.Fatalf("%s: it is gone", version)
				}
			}
			step("1.1.0", "", "adopt: it was the release's hook")
			step("1.2.0", hook, "unchanged: it is a hook now")
			step("1.3.0", hook+", helm.sh/hook-delete-policy: hook-failed", "none")
			step("1.4.0", "", "adopt: it was the release's hook")
			step("1.5.0", hook+", helm.sh/hook-delete-policy: hook-failed", "unchanged: it is a hook now") // applied over
		})
	}
}

// TestHookOfOthersIsNotTaken: the mark of a hook alone makes no object the release's.
func TestHookOfOthersIsNotTaken(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.post("/api/v1/namespaces/"+b.namespace+"/configmaps", map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "settings", "annotations": map[string]any{"helm.sh/hook": "pre-install"}}}, nil)
	_, err := b.engine.Plan(t.Context(), b.request(service("1.1.0", settings("")), nil))
	if err == nil || !strings.Contains(err.Error(), "it was not made by this release") {
		t.Error(err)
	}
}

// TestJobBecomesAHook whatever its policies say; one that is not the release's is not replaced, which the plan says.
func TestJobBecomesAHook(t *testing.T) {
	b := newHarness(t)
	done := kubetest.Image(t, "become:1", kubetest.Script{ExitAfter: time.Millisecond})
	job := func(notes string) map[string]string {
		return map[string]string{"templates/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {" + notes + "}}\n" +
			"spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: \"" + done + "\"}]}}}\n"}
	}
	const hook = "helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: hook-failed"
	b.mustDeploy(b.request(service("1.0.0", job("")), nil))
	b.mustDeploy(b.request(service("1.1.0", job(hook)), nil))
	if !b.exists("batch/v1", "Job", "migrate") {
		t.Error("the hook's Job is gone")
	}
	ref := kube.Ref{APIVersion: "batch/v1", Kind: "Job", Namespace: b.namespace, Name: "migrate"}
	if err := b.cluster.JSONPatch(t.Context(), ref, []byte(`[{"op": "remove", "path": "/metadata/annotations"}]`)); err != nil {
		t.Fatal(err)
	}
	_, err := b.engine.Plan(t.Context(), b.request(service("1.2.0", job(hook)), map[string]any{"greeting": "three"}))
	if !deployer.Untouched(err) || !strings.Contains(err.Error(), "Job/migrate") || !strings.Contains(err.Error(), "it exists and is no hook") {
		t.Error(err)
	}
}
