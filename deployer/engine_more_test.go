package deployer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

func job(name, image, annotations string) string {
	return `apiVersion: batch/v1
kind: Job
metadata:
  name: ` + name + `
  annotations: {` + annotations + `}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "` + image + `"}]
`
}

func TestHooksRunAndAreDeleted(t *testing.T) {
	b := newHarness(t)
	ok := kubetest.Image(t, "hook-ok:1", kubetest.Script{ExitAfter: 20 * time.Millisecond, Log: []string{"migrated"}})
	extra := map[string]string{
		"templates/migrate.yaml": job("migrate", ok, `helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: hook-succeeded`),
		"templates/after.yaml":   job("after", ok, `helm.sh/hook: "post-install,post-upgrade"`),
	}
	for revision := 1; revision <= 2; revision++ {
		b.mustDeploy(b.request(service("1.0.0", extra), map[string]any{"greeting": strings.Repeat("x", revision)}))
		if b.exists("batch/v1", "Job", "migrate") {
			t.Errorf("revision %d: a hook with hook-succeeded is still there", revision)
		}
		if !b.exists("batch/v1", "Job", "after") {
			t.Errorf("revision %d: the hook without a policy is gone", revision)
		}
	}
	r, err := release.NewStorage(b.cluster, b.namespace, "").Get(t.Context(), "web", 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.Hooks {
		if h.LastRun.Phase != release.PhaseSucceeded || h.LastRun.CompletedAt.IsZero() {
			t.Errorf("hook %s: last run %+v", h.Name, h.LastRun)
		}
	}
}

func TestFailedHookStopsTheInstall(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "hook-bad:1", kubetest.Script{ExitAfter: 20 * time.Millisecond, ExitCode: 7, Log: []string{"column exists"}})
	extra := map[string]string{"templates/migrate.yaml": job("migrate", bad, `helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-failed`)}
	out, err := b.deploy(t.Context(), b.request(service("1.0.0", extra), nil))
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed {
		t.Fatalf("%T %v", err, err)
	}
	if !strings.Contains(failed.Cause, "Job/migrate") || !strings.Contains(out.Details, "column exists") {
		t.Errorf("%s\n%s", failed.Cause, out.Details)
	}
	if b.exists("batch/v1", "Job", "migrate") || b.exists("apps/v1", "Deployment", "web") {
		t.Error("something is left of the install")
	}
}

func TestReleaseTests(t *testing.T) {
	b := newHarness(t)
	pod := func(image string) map[string]string {
		return map[string]string{"templates/tests/probe.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: probe, annotations: {helm.sh/hook: test}}\nspec: {restartPolicy: Never, containers: [{name: probe, image: \"" + image + "\"}]}\n"}
	}
	good := kubetest.Image(t, "probe-ok:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	bad := kubetest.Image(t, "probe-bad:1", kubetest.Script{ExitAfter: 10 * time.Millisecond, ExitCode: 1, Log: []string{"got 500, want 200"}})
	b.mustDeploy(b.request(service("1.0.0", pod(good)), nil))
	req := deployer.TestRequest{Release: "web", Namespace: b.namespace, Timeout: 30 * time.Second}
	if out, err := b.engine.Test(t.Context(), req, event.Span{}); err != nil || out.Status != event.Passed {
		t.Errorf("%+v %v", out, err)
	}
	b.mustDeploy(b.request(service("1.1.0", pod(bad)), nil))
	out, err := b.engine.Test(t.Context(), req, event.Span{})
	if _, ok := errors.AsType[*deployer.FailedError](err); !ok {
		t.Fatalf("%T %v", err, err)
	}
	if out.Status != event.Failed || !strings.Contains(out.Details, "got 500, want 200") {
		t.Errorf("%+v", out)
	}
}

const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: KINDs.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Widget, plural: KINDs, singular: KIND}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

func TestCRDsComeBeforeTheirObjects(t *testing.T) {
	b := newHarness(t)
	group := b.namespace + ".example.com" // CRDs have no namespace: the test's own group keeps tests apart
	definition := strings.NewReplacer("GROUP", group, "KIND", "widget").Replace(crd)
	t.Cleanup(func() {
		ref := kube.Ref{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: "widgets." + group}
		if err := b.cluster.Delete(context.WithoutCancel(t.Context()), ref, "", kube.Background); err != nil {
			t.Error(err)
		}
	})
	extra := map[string]string{
		"crds/widget.yaml":      definition,
		"templates/widget.yaml": "apiVersion: " + group + "/v1\nkind: Widget\nmetadata: {name: one}\nspec: {size: 3}\n",
	}
	b.mustDeploy(b.request(service("1.0.0", extra), nil))
	if !b.exists(group+"/v1", "Widget", "one") {
		t.Error("the custom resource is missing")
	}
	b.writes.take()
	if out := b.mustDeploy(b.request(service("1.0.0", extra), nil)); out.Status != event.Unchanged {
		t.Errorf("the same again: %+v", out)
	}
}

func TestPlanNamesEveryRefusal(t *testing.T) {
	b := newHarness(t)
	stranger := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "web"}}
	if err := b.cluster.Do(t.Context(), "POST", "/api/v1/namespaces/"+b.namespace+"/configmaps", stranger, nil); err != nil {
		t.Fatal(err)
	}
	extra := map[string]string{"templates/bad.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 99999}], sellector: {}}\n"}
	_, err := b.engine.Plan(t.Context(), b.request(service("1.0.0", extra), nil))
	refusal, ok := errors.AsType[*plan.RejectedError](err)
	if !ok || len(refusal.Rejections) != 2 {
		t.Fatalf("%T %v", err, err)
	}
	for _, want := range []string{"ConfigMap/web", "--take-ownership", "Service/bad", "sellector"} {
		if !strings.Contains(refusal.Details(), want) {
			t.Errorf("%q is not in\n%s", want, refusal.Details())
		}
	}
	if got := b.writes.take(); len(got) != 1 {
		t.Errorf("a refused plan wrote: %v", got)
	}
	_, err = b.engine.Plan(t.Context(), b.request(service("1.0.0", map[string]string{"templates/odd.yaml": "apiVersion: no.such/v1\nkind: Odd\nmetadata: {name: x}\n"}), nil))
	if !kube.Is(err, kube.NoKind) || !strings.Contains(err.Error(), "Odd") {
		t.Errorf("unknown kind: %v", err)
	}
}

func TestConflictNamesTheOtherManager(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	patch := kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: b.namespace, Name: "web"}
	o, err := b.cluster.Get(t.Context(), patch)
	if err != nil {
		t.Fatal(err)
	}
	o.Object["data"] = map[string]any{"greeting": "edited by hand"}
	if _, err := b.cluster.Update(t.Context(), o, kube.ApplyOptions{Manager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	_, err = b.engine.Plan(t.Context(), b.request(service("1.0.0", nil), nil))
	if !kube.Is(err, kube.Conflict) && !strings.Contains(err.Error(), "somebody") {
		t.Fatalf("%v", err)
	}
	req := b.request(service("1.0.0", nil), nil)
	req.ForceConflicts = true
	p, err := b.engine.Plan(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := p.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	if want := `data.greeting: "edited by hand" -> "hello"`; !strings.Contains(text.String(), want) {
		t.Errorf("drift is not in the plan:\n%s", &text)
	}
	if out, err := b.apply(t.Context(), p); err != nil || out.Revision != 2 {
		t.Errorf("%+v %v", out, err)
	}
}

func TestMissingNamespace(t *testing.T) {
	b := newHarness(t)
	req := b.request(service("1.0.0", nil), nil)
	req.Namespace = b.namespace + "-new"
	if _, err := b.engine.Plan(t.Context(), req); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("%v", err)
	}
	req.CreateNamespace = true
	t.Cleanup(func() {
		ref := kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: req.Namespace}
		_ = b.cluster.Delete(context.WithoutCancel(t.Context()), ref, "", kube.Background)
	})
	bad := b.request(service("1.0.0", map[string]string{"templates/bad.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {sellector: {}}\n"}), nil)
	bad.Namespace, bad.CreateNamespace = req.Namespace, true
	if _, err := b.engine.Plan(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "sellector") {
		t.Errorf("an object that no namespace would take: %v", err)
	}
	out := b.mustDeploy(req)
	if out.Status != event.Passed || out.Revision != 1 {
		t.Errorf("%+v", out)
	}
}

func TestCancelRollsBackWithinItsBound(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	before := b.image()
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	ctx, cancel := context.WithCancel(t.Context())
	p, err := b.engine.Plan(ctx, b.request(service("1.1.0", nil), map[string]any{"image": never}))
	if err != nil {
		t.Fatal(err)
	}
	var out deployer.Outcome
	log := event.NewLog(nil, func(e event.Event) {
		if e.Object == "Deployment/web" && e.Status == event.Waiting && strings.Contains(e.Message, "pod") {
			cancel()
		}
	})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		out, err = b.engine.Apply(ctx, p, s)
		return event.Result{}
	})
	if !errors.Is(err, context.Canceled) || out.Status != event.Interrupted {
		t.Fatalf("%+v %v", out, err)
	}
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !failed.RolledBack {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	if got := b.image(); got != before {
		t.Errorf("image %s, want %s", got, before)
	}
}

func TestTwoJobsAreSerialised(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	var jobs sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		jobs.Go(func() {
			engine := deployer.New(b.cluster, deployer.Options{Holder: "job " + string(rune('A'+i))})
			p, err := engine.Plan(t.Context(), b.request(service("1.1.0", nil), map[string]any{"greeting": strings.Repeat("x", i+1)}))
			if err == nil {
				_, err = engine.Apply(t.Context(), p, event.Span{})
			}
			errs[i] = err
		})
	}
	jobs.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("1 superseded, 2 superseded, 3 superseded, 4 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	if b.exists("coordination.k8s.io/v1", "Lease", "pintle-lock-web") {
		t.Error("the lock was not given back")
	}
}

func TestUninstallLeavesNothing(t *testing.T) {
	b := newHarness(t)
	keep := map[string]string{"templates/kept.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}\n"}
	b.mustDeploy(b.request(service("1.0.0", keep), nil))
	out, err := b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace, Timeout: 30 * time.Second}, event.Span{})
	if err != nil || out.Status != event.Passed {
		t.Fatalf("%+v %v", out, err)
	}
	if b.exists("apps/v1", "Deployment", "web") || b.exists("v1", "Service", "web") || b.history() != "" {
		t.Error("something is left")
	}
	if !b.exists("v1", "ConfigMap", "kept") {
		t.Error("what asked to be kept is gone")
	}
	_, err = b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{})
	if !errors.Is(err, release.ErrNotFound) {
		t.Errorf("a second time: %v", err)
	}
}
