package deployer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

func TestRollbackForecast(t *testing.T) {
	b := newHarness(t)
	claim := "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}\n"
	deploy := b.request(service("1.0.0", map[string]string{"templates/claim.yaml": claim}), nil)
	deploy.NoWait = true // nothing binds the claim
	b.mustDeploy(deploy)

	req := b.request(service("1.1.0", map[string]string{"templates/claim.yaml": claim}), map[string]any{"greeting": "hi"})
	req.Rehearse = true
	if text := b.planText(req); !strings.Contains(text, "rollback possible: yes, to revision 1") {
		t.Errorf("plan:\n%s", text)
	}
	req = b.request(service("1.1.0", nil), nil)
	req.Rehearse = true
	if want, text := "rollback possible: no, because PersistentVolumeClaim/data is deleted, and what it holds does not come back", b.planText(req); !strings.Contains(text, want) {
		t.Errorf("%q is not in the plan:\n%s", want, text)
	}
	req.RequireRollback = true
	if _, err := b.engine.Plan(t.Context(), req); err == nil || !strings.Contains(err.Error(), "requireRollback") {
		t.Errorf("%v", err)
	}
}

func TestDriftIsShown(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"replicas": 1}))
	ref := kube.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: b.namespace, Name: "web"}
	o, err := b.cluster.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	o.Object["spec"].(map[string]any)["replicas"] = int64(2)
	if _, err := b.cluster.Update(t.Context(), o, kube.ApplyOptions{Manager: "kubectl-edit"}); err != nil {
		t.Fatal(err)
	}
	if err := b.cluster.Delete(t.Context(), kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: b.namespace, Name: "web"}, "", kube.Background); err != nil {
		t.Fatal(err)
	}
	req := b.request(service("1.1.0", nil), map[string]any{"image": "nginx:1.28"})
	req.ForceConflicts = true
	text := b.planText(req)
	for _, want := range []string{
		"spec.replicas: 2 -> 1  # drift: changed by kubectl-edit\n",
		"containers[main].image: \"nginx:1.27\" -> \"nginx:1.28\"\n",
		"+ create    ConfigMap/web (" + b.namespace + ")  # drift: deleted since revision 1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the plan:\n%s", want, text)
		}
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

// TestNamesThatCannotBe are found by the plan, in a namespace that is there, in one that is to come, and of kinds that
// are to come.
func TestNamesThatCannotBe(t *testing.T) {
	b := newHarness(t)
	group := b.namespace + ".example.com"
	crd := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets." + group + "}\n" +
		"spec: {group: " + group + ", scope: Namespaced, names: {kind: Widget, plural: widgets}, " +
		"versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}\n"
	for _, kind := range [][2]string{{"v1", "ConfigMap"}, {"v1", "Service"}, {"apps/v1", "Deployment"}, {"rbac.authorization.k8s.io/v1", "Role"}, {group + "/v1", "Widget"}} {
		for _, bad := range []string{"My_App", "a b", "feature/x", "system:x"} {
			object := "apiVersion: " + kind[0] + "\nkind: " + kind[1] + "\nmetadata: {name: \"" + bad + "\"}\n"
			free := kind[1] == "Role" && bad != "feature/x" // so Kubernetes has it
			for _, namespace := range []string{b.namespace, b.namespace + "-new"} {
				req := b.request(service("1.0.0", map[string]string{"templates/x.yaml": object, "templates/crd.yaml": crd}), nil)
				req.Namespace, req.CreateNamespace = namespace, true
				_, err := b.engine.Plan(t.Context(), req)
				if free != (err == nil) || !free && (!deployer.Untouched(err) || !strings.Contains(err.Error(), kind[1]+"/"+bad)) {
					t.Errorf("%s %q in %s: %v", kind[1], bad, namespace, err)
				}
			}
		}
	}
	astray := map[string]string{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: ../secrets}\n"}
	if _, err := b.engine.Plan(t.Context(), b.request(service("1.0.0", astray), nil)); !deployer.Untouched(err) || !strings.Contains(err.Error(), `namespace "../secrets" cannot be`) {
		t.Error(err)
	}
	req := b.request(service("1.0.0", nil), nil)
	req.Namespace, req.CreateNamespace = "My_Space", true
	if _, err := b.engine.Plan(t.Context(), req); err == nil || !strings.Contains(err.Error(), `namespace "My_Space" cannot be`) {
		t.Error(err)
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
