package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pintle-ci/pintle/deployer/plan"
)

func TestCRDDangers(t *testing.T) {
	const head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\n"
	crd := func(scope, versions string) string {
		return head + "spec:\n  group: example.com\n  scope: " + scope + "\n  names: {kind: Widget, plural: widgets}\n  versions: [" + versions + "]\nstatus: {storedVersions: [v1]}\n"
	}
	v := func(name, served, schema string) string {
		return "{name: " + name + ", served: " + served + ", storage: true, schema: {openAPIV3Schema: " + schema + "}}"
	}
	const schema = "{type: object, properties: {size: {type: integer}, parts: {type: array, items: {type: object, properties: {id: {type: string}}}}, old: {type: string}}}"
	for name, tt := range map[string]struct {
		live, next string
		inUse      bool
		want       []string
	}{
		"same":            {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Namespaced", v("v1", "true", schema))},
		"scope":           {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Cluster", v("v1", "true", schema)), want: []string{"spec.scope changes from Namespaced to Cluster"}},
		"stored goes":     {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Namespaced", v("v2", "true", schema)), want: []string{"version v1 goes, in which objects are stored"}},
		"served, in use":  {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Namespaced", v("v1", "false", schema)), inUse: true, want: []string{"version v1 is no longer served, and there are objects of the kind"}},
		"served, unused":  {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Namespaced", v("v1", "false", schema))},
		"version more":    {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Namespaced", v("v1", "true", schema)+", "+v("v2", "true", "{type: object}"))},
		"field goes":      {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Namespaced", v("v1", "true", "{type: object, properties: {size: {type: integer}, parts: {type: array, items: {type: object, properties: {}}}}}")), want: []string{"v1: old goes", "v1: parts[].id goes"}},
		"field kept open": {live: crd("Namespaced", v("v1", "true", schema)), next: crd("Namespaced", v("v1", "true", "{type: object, x-kubernetes-preserve-unknown-fields: true}"))},
		"type": {
			live: crd("Namespaced", v("v1", "true", schema)),
			next: crd("Namespaced", v("v1", "true", "{type: object, properties: {size: {type: string}, parts: {type: array, items: {type: object, properties: {id: {x-kubernetes-int-or-string: true}}}}, old: {type: string}}}")),
			want: []string{"v1: size changes from integer to string"},
		},
		"required": {
			live: crd("Namespaced", v("v1", "true", schema)),
			next: crd("Namespaced", v("v1", "true", "{type: object, required: [size, kind], properties: {size: {type: integer}, kind: {type: string, default: a}, parts: {type: array, items: {type: object, properties: {id: {type: string}}}}, old: {type: string}}}")),
			want: []string{"v1: size becomes required"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, crdDangers(obj(t, tt.live), obj(t, tt.next), tt.inUse)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFieldOwners(t *testing.T) {
	live := obj(t, `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app.kubernetes.io/name: web}
  managedFields:
  - {manager: helm, operation: Apply, fieldsV1: {"f:spec": {"f:replicas": {}}}}
  - manager: kubectl-edit
    operation: Update
    fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"b\"}": {".": {}, "f:image": {}}}}}, "f:args": {}}, "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}}}
  - {manager: scaler, operation: Update, subresource: scale, fieldsV1: {"f:spec": {"f:replicas": {}, "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:targetPort": {}}}}}}
spec:
  replicas: 3
  args: [a, b]
  ports: [{port: 443, protocol: TCP, targetPort: 1}, {port: 80, protocol: TCP, targetPort: 2}]
  template: {spec: {containers: [{name: a, image: "a:1"}, {name: b, image: "b:1"}]}}
`)
	for path, want := range map[string][]string{
		"spec.replicas":                              {"scaler"},
		"spec.args[1]":                               {"kubectl-edit"}, // an atomic list
		"spec.paused":                                nil,
		"spec.ports[1].targetPort":                   {"scaler"},
		"spec.ports[0].targetPort":                   nil,
		"spec.template.spec.containers[b].image":     {"kubectl-edit"},
		"spec.template.spec.containers[a].image":     nil,
		"metadata.labels[app.kubernetes.io/name]":    {"kubectl-edit"},
		"metadata.labels[app.kubernetes.io/version]": nil,
	} {
		if d := cmp.Diff(want, plan.FieldOwners(live, path)); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}
