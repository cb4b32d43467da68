package deployer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/event"
)

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

func TestCRDsAreAppliedWithCare(t *testing.T) {
	b := newHarness(t)
	group := b.namespace + ".example.com"
	const open = "x-kubernetes-preserve-unknown-fields: true"
	chart := func(schema, object string) map[string]string {
		definition := strings.NewReplacer("GROUP", group, "KIND", "widget", open, schema).Replace(crd)
		return map[string]string{
			"crds/widget.yaml":      definition,
			"templates/widget.yaml": "apiVersion: " + group + "/v1\nkind: Widget\nmetadata: {name: one}\nspec: {" + object + "}\n",
		}
	}
	t.Cleanup(func() {
		ref := kube.Ref{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: "widgets." + group}
		if err := b.cluster.Delete(context.WithoutCancel(t.Context()), ref, "", kube.Background); err != nil {
			t.Error(err)
		}
	})
	with := func(version, fields, object string) deployer.Request {
		schema := "properties: {spec: {type: object, properties: {" + fields + "}}}"
		req := b.request(service(version, chart(schema, object)), nil)
		req.CRDs = deployer.ApplyCRDs
		return req
	}
	b.mustDeploy(with("1.0.0", "size: {type: integer}", "size: 3"))
	b.writes.take()
	if out := b.mustDeploy(with("1.0.0", "size: {type: integer}", "size: 3")); out.Status != event.Unchanged || len(b.writes.take()) > 0 {
		t.Errorf("the same again: %+v", out)
	}

	more := with("1.1.0", "size: {type: integer}, color: {type: string}", "size: 3, color: red")
	if text := b.planText(more); !strings.Contains(text, "~ change    CustomResourceDefinition/widgets."+group) || !strings.Contains(text, "not checked: its CRD changes with this release") {
		t.Errorf("plan:\n%s", text)
	}
	b.mustDeploy(more)
	o, err := b.cluster.Get(t.Context(), kube.Ref{APIVersion: group + "/v1", Kind: "Widget", Namespace: b.namespace, Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if color := o.Object["spec"].(map[string]any)["color"]; color != "red" {
		t.Errorf("the new field is %v", color)
	}

	more.CRDs = deployer.SkipCRDs
	if text := b.planText(more); strings.Contains(text, "CustomResourceDefinition") {
		t.Errorf("CRDs are to be skipped:\n%s", text)
	}

	harm := with("1.2.0", "size: {type: string}", "size: big")
	b.writes.take()
	_, err = b.engine.Plan(t.Context(), harm)
	if err == nil || !strings.Contains(err.Error(), "v1: spec.color goes; v1: spec.size changes from integer to string") || !strings.Contains(err.Error(), "--allow-crd-changes") {
		t.Errorf("%v", err)
	}
	t.Log(err)
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("a refused plan wrote %v", got)
	}
	harm.AllowCRDChanges, harm.Rehearse = true, true
	if text := b.planText(harm); !strings.Contains(text, "rollback possible: no, because CustomResourceDefinition/widgets."+group+" changes for good") {
		t.Errorf("plan:\n%s", text)
	}
	harm.CRDs = deployer.CreateCRDs
	if _, err := b.engine.Plan(t.Context(), harm); err == nil || !strings.Contains(err.Error(), "Widget/one") {
		t.Errorf("with Helm's policy the CRD stays, and its object does not fit: %v", err)
	}
}
