package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
)

// Paths as server-side apply writes them, found and dropped.
func TestConflictPlaces(t *testing.T) {
	const manifest = `
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app.kubernetes.io/name: web, app: web}
  finalizers: [example.com/a, example.com/b]
spec:
  ports: [{port: 80, targetPort: 1}, {port: 443, protocol: TCP, targetPort: 2}]
  containers: [{name: a, image: "a:1", resources: {limits: {cpu: 1}}}, {name: 'odd "],[" name', image: "b:1"}]
  only: {one: {thing: 1}}
`
	for _, tt := range []struct {
		field, path string
		left        string // JSON of what stands at `at` afterwards
		at          string
	}{
		{"metadata.labels.app.kubernetes.io/name", "metadata.labels[app.kubernetes.io/name]", `{"app":"web"}`, "metadata.labels"},
		{"metadata.labels.app", "metadata.labels.app", `{"app.kubernetes.io/name":"web"}`, "metadata.labels"},
		{`metadata.finalizers[="example.com/b"]`, "metadata.finalizers[1]", `["example.com/a"]`, "metadata.finalizers"},
		{`spec.ports[port=443,protocol="TCP"].targetPort`, "spec.ports[1].targetPort", `{"port":443,"protocol":"TCP"}`, "spec.ports[1]"},
		{`spec.ports[port=80,protocol="TCP"].targetPort`, "spec.ports[0].targetPort", `{"port":80}`, "spec.ports[0]"},
		{`spec.containers[name="a"].resources.limits.cpu`, "spec.containers[a].resources.limits.cpu", `{"image":"a:1","name":"a"}`, "spec.containers[a]"},
		{`spec.containers[name="odd \"],[\" name"].image`, `spec.containers[odd "],[" name].image`, `{"name":"odd \"],[\" name"}`, "spec.containers[1]"},
		{`spec.ports[1].targetPort`, "spec.ports[1].targetPort", `{"port":443,"protocol":"TCP"}`, "spec.ports[1]"},
		{"spec.only.one.thing", "spec.only.one.thing", "", "spec.only"},
		{"spec.only", "spec.only", "", "spec.only"},
		{"spec.none", "", "", ""},
		{`spec.ports[port=81,protocol="TCP"]`, "", "", ""},
		{`spec.ports[`, "", "", ""},
		{`spec.ports[port=`, "", "", ""},
	} {
		o := obj(t, manifest)
		place, ok := plan.Locate(o.Object, tt.field)
		if ok != (tt.path != "") {
			t.Errorf("%s: found %t", tt.field, ok)
		}
		if !ok {
			continue
		}
		if d := cmp.Diff(tt.path, plan.PathAt(o.Object, place)); d != "" {
			t.Error(d)
		}
		plan.Drop(o.Object, place)
		left, found := plan.ValueAt(o.Object, tt.at)
		if found != (tt.left != "") || found && plan.ValueText(left) != tt.left {
			t.Errorf("%s: %s is left, want %s", tt.field, plan.ValueText(left), tt.left)
		}
	}
}

func TestForeignFields(t *testing.T) {
	refused := &kube.Error{
		Reason:   kube.Conflict,
		Managers: []string{"helm", "kubectl-edit", "before-first-apply", "kubectl", "argocd", "kubectl-annotate"},
		Fields: []string{
			"spec.a", "spec.b", "spec.c", "spec.b", "metadata.labels.app.kubernetes.io/managed-by", "metadata.annotations.meta.helm.sh/release-name",
		},
	}
	fields, managers := foreignFields(refused)
	if d := cmp.Diff([]string{"spec.b"}, fields); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"spec.b": "kubectl-edit, kubectl"}, managers); d != "" {
		t.Error(d)
	}
	if fields, _ := foreignFields(&kube.Error{Reason: kube.Invalid, Fields: []string{"spec"}}); fields != nil {
		t.Error(fields)
	}
}

func TestSecretConflictIsMasked(t *testing.T) {
	secret := func(value string) *unstructured.Unstructured {
		return obj(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: "+value+"}\n")
	}
	s := objectState{object: secret("b3Vycw=="), live: secret("dGhlaXJz"), err: &kube.Error{Reason: kube.Conflict, Managers: []string{"x"}, Fields: []string{"data.password"}}}
	want := []plan.Conflict{{Path: "data.password", Manager: "x", Theirs: "(secret, 6 bytes)", Ours: "(secret, 6 bytes)", ServerPath: "data.password"}}
	if d := cmp.Diff(want, s.conflictsNow(false), cmp.AllowUnexported(plan.Conflict{})); d != "" {
		t.Error(d)
	}
}

func TestConflictPolicyOfARequest(t *testing.T) {
	for _, tt := range []struct {
		req  Request
		want ConflictPolicy
	}{
		{Request{}, FailConflicts},
		{Request{ForceConflicts: true}, TakeConflicts},
		{Request{OnConflict: FailConflicts, ForceConflicts: true}, TakeConflicts},
		{Request{OnConflict: KeepConflicts, ForceConflicts: true}, KeepConflicts}, // a rollback takes nothing over that was kept
		{Request{OnConflict: TakeConflicts}, TakeConflicts},
	} {
		if got := tt.req.onConflict(); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.req, got, tt.want)
		}
	}
}
