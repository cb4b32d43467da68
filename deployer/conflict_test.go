package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
)

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
