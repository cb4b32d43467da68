package deployer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/plan"
)

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

// One object under two groups' names, as Events are: changing the name in the chart is neither an adoption nor a
// deletion.
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
