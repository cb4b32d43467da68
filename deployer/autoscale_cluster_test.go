package deployer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
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

// A chart that stops to say replicas gives the field up: without the autoscaler in view the server would fall back to
// one.
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
