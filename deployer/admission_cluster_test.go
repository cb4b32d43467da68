package deployer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/plan"
)

// guard makes an admission policy for the harness's namespace that refuses every object with the label guarded, and
// waits until the server follows it.
func (b *harness) guard() {
	b.t.Helper()
	name := "guard-" + b.namespace
	const group = "admissionregistration.k8s.io/v1"
	meta := func() map[string]any { return map[string]any{"name": name} }
	rule := map[string]any{"apiGroups": []any{"", "batch"}, "apiVersions": []any{"v1"}, "resources": []any{"configmaps", "jobs"}, "operations": []any{"CREATE", "UPDATE", "DELETE"}}
	for _, o := range []map[string]any{
		{"apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": meta(), "spec": map[string]any{
			"matchConstraints": map[string]any{"resourceRules": []any{rule}},
			"validations": []any{map[string]any{
				"expression": "!has((request.operation == 'DELETE' ? oldObject : object).metadata.labels) || !('guarded' in (request.operation == 'DELETE' ? oldObject : object).metadata.labels) || (request.operation != (request.operation == 'DELETE' ? oldObject : object).metadata.labels.guarded)",
				"message":    "the guard says no",
			}},
		}},
		{"apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": meta(), "spec": map[string]any{
			"policyName": name, "validationActions": []any{"Deny"},
			"matchResources": map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": b.namespace}}},
		}},
	} {
		object := &unstructured.Unstructured{Object: o}
		if _, err := b.cluster.Create(b.t.Context(), object, kube.ApplyOptions{Manager: "test"}); err != nil {
			b.t.Fatal(err)
		}
		b.t.Cleanup(func() {
			if err := b.cluster.Delete(context.WithoutCancel(b.t.Context()), kube.RefOf(object), "", kube.Background); err != nil {
				b.t.Error(err)
			}
		})
	}
	probe := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "probe", "namespace": b.namespace, "labels": map[string]any{"guarded": "CREATE"}},
	}}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	limit := time.After(60 * time.Second)
	for {
		if _, err := b.cluster.Create(b.t.Context(), probe, kube.ApplyOptions{Manager: "test", DryRun: true}); err != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-limit:
			b.t.Fatal("the server does not follow its admission policy")
		}
	}
}

// Admission refuses an object, a hook, a deletion and a recreation: all are named together, before anything is written.
func TestAdmissionIsAskedAboutTheWholeSet(t *testing.T) {
	b := newHarness(t)
	done := kubetest.Image(t, "guarded:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	config := func(name, guarded string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", labels: {guarded: " + guarded + "}}\n"
	}
	seed := func(image string) string {
		return strings.Replace(job("seed", image, ""), "  annotations: {}\n", "  labels: {guarded: DELETE}\n", 1)
	}
	b.mustDeploy(b.request(service("1.0.0", map[string]string{
		"templates/leaves.yaml": config("leaves", "DELETE"), "templates/seed.yaml": seed(done),
	}), nil))
	b.guard()
	b.writes.take()
	hook := strings.Replace(job("migrate", done, `helm.sh/hook: "pre-upgrade,post-upgrade"`), "metadata:\n", "metadata:\n  labels: {guarded: CREATE}\n", 1)
	bad := strings.Replace(job("broken", done, `helm.sh/hook: post-upgrade`), "backoffLimit", "backofLimit", 1)
	req := b.request(service("1.1.0", map[string]string{
		"templates/new.yaml": config("new", "CREATE"), "templates/hook.yaml": hook, "templates/bad.yaml": bad,
		"templates/seed.yaml": seed("nginx:1.28"),
	}), nil)
	_, err := b.engine.Plan(t.Context(), req)
	refusal, ok := errors.AsType[*plan.RejectedError](err)
	if !ok {
		t.Fatalf("%T %v", err, err)
	}
	if len(refusal.Rejections) != 5 {
		t.Errorf("%d problems, want 5", len(refusal.Rejections))
	}
	for _, want := range []string{
		"ConfigMap/new in " + b.namespace + ": ", "Job/migrate in ", "Job/broken in ", "backofLimit", "ConfigMap/leaves in " + b.namespace, "Job/seed in ", "the guard says no",
	} {
		if !strings.Contains(refusal.Details(), want) {
			t.Errorf("%q is not in\n%s", want, refusal.Details())
		}
	}
	t.Log(refusal.Details())
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("it wrote %v", got)
	}
	if !b.exists("v1", "ConfigMap", "leaves") || !b.exists("batch/v1", "Job", "seed") || b.exists("batch/v1", "Job", "migrate") {
		t.Error("asking has changed something")
	}
	req.NoHooks = true
	_, err = b.engine.Plan(t.Context(), req)
	if refusal, _ := errors.AsType[*plan.RejectedError](err); refusal == nil || len(refusal.Rejections) != 3 {
		t.Errorf("without hooks: %v", err)
	}
}
