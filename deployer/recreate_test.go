package deployer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/plan"
)

// uid of an object that must exist.
func (b *harness) uid(apiVersion, kind, name string) string {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: apiVersion, Kind: kind, Namespace: b.namespace, Name: name})
	if err != nil {
		b.t.Fatal(err)
	}
	return string(o.GetUID())
}

// planText plans and prints.
func (b *harness) planText(req deployer.Request) string {
	b.t.Helper()
	p, err := b.engine.Plan(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	var text strings.Builder
	if err := p.WriteText(&text, false); err != nil {
		b.t.Fatal(err)
	}
	return text.String()
}

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

func TestAdoptionPolicies(t *testing.T) {
	b := newHarness(t)
	make := func(kind, name, plural string, body map[string]any) {
		body["apiVersion"], body["kind"] = "v1", kind
		meta := map[string]any{"name": name}
		if kind == "ServiceAccount" {
			meta["labels"] = map[string]any{"app.kubernetes.io/managed-by": "Helm"}
			meta["annotations"] = map[string]any{"meta.helm.sh/release-name": "other", "meta.helm.sh/release-namespace": "elsewhere"}
		}
		body["metadata"] = meta
		if err := b.cluster.Do(t.Context(), "POST", "/api/v1/namespaces/"+b.namespace+"/"+plural, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	make("ConfigMap", "web", "configmaps", map[string]any{})
	make("ServiceAccount", "theirs", "serviceaccounts", map[string]any{})
	chart := service("1.0.0", map[string]string{"templates/account.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: theirs}\n"})
	for _, tt := range []struct {
		adopt    deployer.Adoption
		list     []string
		problems int
	}{
		{"", nil, 2}, {deployer.AdoptNever, nil, 2}, {deployer.AdoptUnowned, nil, 1},
		{deployer.AdoptListed, []string{"ServiceAccount/theirs"}, 1},
		{deployer.AdoptListed, []string{"ServiceAccount/theirs", "ConfigMap/" + b.namespace + "/web"}, 0}, {deployer.AdoptAll, nil, 0},
	} {
		req := b.request(chart, nil)
		req.Adopt, req.AdoptList = tt.adopt, tt.list
		_, err := b.engine.Plan(context.WithoutCancel(t.Context()), req)
		refusal, _ := errors.AsType[*plan.RejectedError](err)
		got := 0
		if refusal != nil {
			got = len(refusal.Rejections)
		}
		if got != tt.problems {
			t.Errorf("%q %v: %d problems, want %d: %v", tt.adopt, tt.list, got, tt.problems, err)
		}
		if tt.adopt == deployer.AdoptUnowned && !strings.Contains(err.Error(), "it belongs to release other in namespace elsewhere") {
			t.Errorf("%v", err)
		}
	}
}

// One object under two groups' names, as Events are: changing the name in the
// chart is neither an adoption nor a deletion.
func TestOtherGroupSameObject(t *testing.T) {
	b := newHarness(t)
	core := "apiVersion: v1\nkind: Event\nmetadata: {name: note}\ninvolvedObject: {kind: Namespace, name: x, namespace: {{ .Release.Namespace }}}\nreason: Deployed\nreportingComponent: example.com/x\nreportingInstance: x\naction: Deploy\neventTime: 2026-01-01T00:00:00.000000Z\ntype: Normal\n"
	events := "apiVersion: events.k8s.io/v1\nkind: Event\nmetadata: {name: note}\nregarding: {kind: Namespace, name: x, namespace: {{ .Release.Namespace }}}\nreason: Deployed\nreportingController: example.com/x\nreportingInstance: x\naction: Deploy\neventTime: 2026-01-01T00:00:00.000000Z\ntype: Normal\n"
	b.mustDeploy(b.request(service("1.0.0", map[string]string{"templates/event.yaml": core}), nil))
	before := b.uid("v1", "Event", "note")
	req := b.request(service("1.1.0", map[string]string{"templates/event.yaml": events}), nil)
	if text := b.planText(req); strings.Contains(text, "delete") || strings.Contains(text, "adopt") {
		t.Errorf("plan:\n%s", text)
	}
	b.mustDeploy(req)
	if b.uid("events.k8s.io/v1", "Event", "note") != before {
		t.Error("it is another object now")
	}
}
