package deployer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/plan"
)

func TestJobIsRecreated(t *testing.T) {
	b := newHarness(t)
	done := kubetest.Image(t, "done:1", kubetest.Script{ExitAfter: 20 * time.Millisecond})
	other := kubetest.Image(t, "done:2", kubetest.Script{ExitAfter: 20 * time.Millisecond})
	with := func(image string) map[string]string {
		return map[string]string{"templates/job.yaml": job("seed", image, "")}
	}
	b.mustDeploy(b.request(service("1.0.0", with(done)), nil))
	first := b.uid("batch/v1", "Job", "seed")

	req := b.request(service("1.1.0", with(other)), nil)
	text := b.planText(req)
	want := `spec.template.spec.containers[main].image: "` + done + `" -> "` + other + `"`
	if !strings.Contains(text, "! recreate  Job/seed") || !strings.Contains(text, want) {
		t.Errorf("plan:\n%s", text)
	}
	b.mustDeploy(req)
	second := b.uid("batch/v1", "Job", "seed")
	if first == second {
		t.Error("the Job is still the old one")
	}
	if _, err := b.rollback(1); err != nil {
		t.Errorf("rollback: %v", err)
	}
	if b.uid("batch/v1", "Job", "seed") == second {
		t.Error("the rollback did not recreate the Job")
	}

	req.OnImmutable = map[string]deployer.ImmutablePolicy{"Job": deployer.FailImmutable}
	_, err := b.engine.Plan(t.Context(), req)
	if _, ok := errors.AsType[*plan.ImmutableError](err); !ok || !strings.Contains(err.Error(), "spec.template") {
		t.Errorf("%T %v", err, err)
	}
	t.Log(err)
}

func (b *harness) rollback(to int) (deployer.Outcome, error) {
	b.t.Helper()
	req := b.request(nil, nil)
	req.Render = nil
	p, err := b.engine.PlanRollback(b.t.Context(), req, to)
	if err != nil {
		return deployer.Outcome{}, err
	}
	return b.apply(b.t.Context(), p)
}

const statefulSet = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: {{ .Values.peers | default "db" }}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: "{{ .Values.image }}"}]}
`

func TestStatefulSetKeepsItsPods(t *testing.T) {
	b := newHarness(t)
	chart := service("1.0.0", map[string]string{"templates/db.yaml": statefulSet})
	b.mustDeploy(b.request(chart, nil))
	set, pod := b.uid("apps/v1", "StatefulSet", "db"), b.uid("v1", "Pod", "db-0")

	b.mustDeploy(b.request(chart, map[string]any{"peers": "others"}))
	if b.uid("apps/v1", "StatefulSet", "db") == set {
		t.Error("the StatefulSet is still the old one")
	}
	if b.uid("v1", "Pod", "db-0") != pod {
		t.Error("the pod did not outlive its StatefulSet")
	}
	bad := kubetest.Image(t, "bad:2", kubetest.Script{CrashAfter: 10 * time.Millisecond})
	req := b.request(chart, map[string]any{"peers": "third", "image": bad})
	req.Settle = 0
	_, err := b.deploy(t.Context(), req)
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !failed.RolledBack {
		t.Errorf("a failed recreation is not rolled back: %v", err)
	}
}

func TestDeploymentSelectorNeedsConsent(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	before := b.uid("apps/v1", "Deployment", "web")
	changed := service("1.1.0", nil)
	for _, f := range changed.Templates {
		if f.Name == "templates/deployment.yaml" {
			f.Data = []byte(strings.NewReplacer("{app: {{ .Release.Name }}}", "{app: other}").Replace(string(f.Data)))
		}
	}
	req := b.request(changed, nil)
	b.writes.take()
	_, err := b.engine.Plan(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), `spec.selector.matchLabels.app ("web" -> "other") cannot be changed`) {
		t.Errorf("%v", err)
	}
	t.Log(err)
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("a refused plan wrote: %v", got)
	}
	req.OnImmutable = map[string]deployer.ImmutablePolicy{"Deployment": deployer.RecreateObject}
	b.mustDeploy(req)
	if b.uid("apps/v1", "Deployment", "web") == before {
		t.Error("the Deployment is still the old one")
	}
}

func TestImmutableFieldIsRefusedInThePlan(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	c := service("1.1.0", nil)
	for _, f := range c.Templates {
		f.Data = []byte(strings.ReplaceAll(string(f.Data), "app: {{", "name: {{"))
	}
	_, err := b.engine.Plan(t.Context(), b.request(c, nil))
	refusal, ok := errors.AsType[*plan.RejectedError](err)
	if !ok || len(refusal.Rejections) != 1 || !kube.Is(refusal.Rejections[0].Err, kube.Immutable) {
		t.Fatalf("%T %v", err, err)
	}
	if !strings.Contains(err.Error(), "Deployment/web") || !strings.Contains(err.Error(), "selector") {
		t.Errorf("%v", err)
	}
}
