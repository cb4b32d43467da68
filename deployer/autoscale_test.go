package deployer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

const autoscaler = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 9
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
`

// scale does what an autoscaler does.
func (b *harness) scale(name string, replicas int) {
	b.t.Helper()
	path := fmt.Sprintf("/apis/apps/v1/namespaces/%s/deployments/%s/scale?fieldManager=kube-controller-manager", b.namespace, name)
	body := map[string]any{
		"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": map[string]any{"name": name, "namespace": b.namespace},
		"spec": map[string]any{"replicas": replicas},
	}
	if err := b.cluster.Do(b.t.Context(), "PUT", path, body, nil); err != nil {
		b.t.Fatal(err)
	}
}

func (b *harness) replicas(name string) int64 {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: b.namespace, Name: name})
	if err != nil {
		b.t.Fatal(err)
	}
	n, _ := o.Object["spec"].(map[string]any)["replicas"].(int64)
	return n
}

func TestAutoscaledReplicasStay(t *testing.T) {
	b := newHarness(t)
	chart := service("1.0.0", map[string]string{"templates/hpa.yaml": autoscaler})
	b.mustDeploy(b.request(chart, nil))
	b.scale("web", 3)
	b.writes.take()
	if out := b.mustDeploy(b.request(chart, nil)); out.Status != event.Unchanged || len(b.writes.take()) > 0 {
		t.Errorf("the same again: %+v", out)
	}
	req := b.request(chart, map[string]any{"image": "nginx:1.28"})
	if text := b.planText(req); !strings.Contains(text, "replicas stay as HorizontalPodAutoscaler/web sets them") || strings.Contains(text, "spec.replicas") {
		t.Errorf("plan:\n%s", text)
	}
	p, err := b.engine.Plan(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	b.scale("web", 2) // between plan and apply
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if n := b.replicas("web"); n != 2 {
		t.Errorf("%d replicas, want 2", n)
	}
	if _, err := b.rollback(1); err != nil {
		t.Fatal(err)
	}
	if n := b.replicas("web"); n != 2 {
		t.Errorf("%d replicas after the rollback, want 2", n)
	}
}

// A chart that stops to say replicas gives the field up: without the autoscaler
// in view the server would fall back to one.
func TestReplicasThatLeaveTheChart(t *testing.T) {
	b := newHarness(t)
	without := func(version string, extra map[string]string) deployer.Request {
		c := service(version, extra)
		for _, f := range c.Templates {
			f.Data = []byte(strings.ReplaceAll(string(f.Data), "  replicas: {{ .Values.replicas }}\n", ""))
		}
		return b.request(c, nil)
	}
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"replicas": 2}))
	b.mustDeploy(without("1.1.0", map[string]string{"templates/hpa.yaml": autoscaler}))
	if n := b.replicas("web"); n != 2 {
		t.Errorf("%d replicas, want 2", n)
	}
	b.mustDeploy(without("1.2.0", nil)) // the autoscaler goes, and with it its word
	if n := b.replicas("web"); n != 1 {
		t.Errorf("%d replicas without an autoscaler, want the default 1", n)
	}
}

func TestRecordThatDoesNotFit(t *testing.T) {
	b := newHarness(t)
	random := strings.Builder{}
	for i := range 500_000 { // digits hardly compress below their half
		fmt.Fprintf(&random, "%x", (uint64(i)*2654435761)>>7&0xffff)
	}
	c := service("1.0.0", map[string]string{"files/big.txt": random.String()})
	_, err := b.engine.Plan(t.Context(), b.request(c, nil))
	if err == nil || !strings.Contains(err.Error(), "mostly files/big.txt") {
		t.Fatalf("%v", err)
	}
	t.Log(err)
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("it wrote %v", got)
	}
}

// Records of old clusters name APIs that are gone.
func TestRemovedAPIs(t *testing.T) {
	b := newHarness(t)
	budget := "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 0, selector: {matchLabels: {app: web}}}\n"
	b.mustDeploy(b.request(service("1.0.0", map[string]string{"templates/pdb.yaml": budget}), nil))
	deployment, pdb := b.uid("apps/v1", "Deployment", "web"), b.uid("policy/v1", "PodDisruptionBudget", "web")

	store := release.NewStorage(b.cluster, b.namespace, "")
	r, err := store.Get(t.Context(), "web", 1)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.NewReplacer("apiVersion: apps/v1", "apiVersion: extensions/v1beta1", "apiVersion: policy/v1", "apiVersion: policy/v1beta1")
	r.Manifest = old.Replace(r.Manifest) + "---\napiVersion: gone.example.com/v1\nkind: Gadget\nmetadata: {name: old}\n"
	if err := store.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}

	req := b.request(service("1.1.0", map[string]string{"templates/pdb.yaml": budget}), map[string]any{"greeting": "hi"})
	text := b.planText(req)
	if strings.Contains(text, "adopt") || strings.Contains(text, "delete") || !strings.Contains(text, "= unchanged Deployment/web") {
		t.Errorf("plan:\n%s", text)
	}
	if want := "Gadget/old of an earlier revision counts as gone: the cluster serves no Gadget in gone.example.com/v1 any more"; !strings.Contains(text, want) {
		t.Errorf("%q is not in the plan:\n%s", want, text)
	}
	b.mustDeploy(req)

	r.Manifest, _, _ = strings.Cut(r.Manifest, "---\napiVersion: gone.")
	r.Info.Status = release.Superseded
	if err := store.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	p, err := b.engine.PlanRollback(t.Context(), deployer.Request{Release: "web", Namespace: b.namespace}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var back strings.Builder
	if err := p.WriteText(&back, false); err != nil {
		t.Fatal(err)
	}
	if want := "in the record as policy/v1beta1, which the cluster no longer serves"; !strings.Contains(back.String(), want) {
		t.Errorf("%q is not in the plan:\n%s", want, &back)
	}
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if b.uid("apps/v1", "Deployment", "web") != deployment || b.uid("policy/v1", "PodDisruptionBudget", "web") != pdb {
		t.Error("an object was made anew")
	}
}
