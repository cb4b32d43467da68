package deployer_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/test/peer"
)

// edit changes an object as `kubectl edit` does: by an update under another name.
func (b *harness) edit(apiVersion, kind, manager string, change func(o map[string]any)) {
	b.t.Helper()
	ref := kube.Ref{APIVersion: apiVersion, Kind: kind, Namespace: b.namespace, Name: "web"}
	for {
		o, err := b.cluster.Get(b.t.Context(), ref)
		if err != nil {
			b.t.Fatal(err)
		}
		change(o.Object)
		_, err = b.cluster.Update(b.t.Context(), o, kube.ApplyOptions{Manager: manager})
		if kube.Is(err, kube.Conflict) { // a controller has written its status meanwhile
			continue
		}
		if err != nil {
			b.t.Fatal(err)
		}
		return
	}
}

// field is what stands in an object below its keys; containers by their index.
func (b *harness) field(apiVersion, kind string, path ...any) any {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: apiVersion, Kind: kind, Namespace: b.namespace, Name: "web"})
	if err != nil {
		b.t.Fatal(err)
	}
	return deep(o.Object, path...)
}

func deep(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			v = v.(map[string]any)[s]
		case int:
			v = v.([]any)[s]
		}
	}
	return v
}

// owners are the managers of an object's fields whose JSON mentions a key.
func (b *harness) owners(apiVersion, kind, key string) []string {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: apiVersion, Kind: kind, Namespace: b.namespace, Name: "web"})
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, f := range o.GetManagedFields() {
		if f.Subresource == "" && f.FieldsV1 != nil && strings.Contains(string(f.FieldsV1.GetRawBytes()), `"f:`+key+`"`) {
			out = append(out, f.Manager)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var mainImage = []any{"spec", "template", "spec", "containers", 0, "image"}

func TestConflictsFollowThePolicy(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.edit("apps/v1", "Deployment", "kubectl-edit", func(o map[string]any) {
		deep(o, "spec", "template", "spec", "containers", 0).(map[string]any)["image"] = "nginx:edited"
	})
	b.edit("v1", "ConfigMap", "nightwatch", func(o map[string]any) { o["data"] = map[string]any{"greeting": "by hand", "more": "theirs"} })

	values := map[string]any{"image": "nginx:1.28", "greeting": "hi", "replicas": 2}
	req := b.request(service("1.1.0", nil), values)
	b.writes.take()
	_, err := b.engine.Plan(t.Context(), req)
	conflict, ok := errors.AsType[*plan.ConflictError](err)
	if !ok || !kube.Is(err, kube.Conflict) {
		t.Fatalf("%T %v", err, err)
	}
	refusal, _ := errors.AsType[*plan.RejectedError](err)
	for _, want := range []string{
		`spec.template.spec.containers[main].image (kubectl-edit: "nginx:edited", the chart: "nginx:1.28")`,
		`data.greeting (nightwatch: "by hand", the chart: "hi")`, "--on-conflict keep",
	} {
		if !strings.Contains(refusal.Details(), want) {
			t.Errorf("%q is not in\n%s", want, refusal.Details())
		}
	}
	t.Log(conflict)
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("a refused plan wrote %v", got)
	}

	req.OnConflict = deployer.KeepConflicts
	text := b.planText(req)
	for _, want := range []string{
		`! conflict: spec.template.spec.containers[main].image: kubectl-edit has set "nginx:edited", the chart says "nginx:1.28": kept`,
		`! conflict: data.greeting: nightwatch has set "by hand", the chart says "hi": kept`,
		"spec.replicas: 1 -> 2", "= unchanged ConfigMap/web",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the plan:\n%s", want, text)
		}
	}
	b.mustDeploy(req)
	if image, n, text := b.field("apps/v1", "Deployment", mainImage...), b.replicas("web"), b.field("v1", "ConfigMap", "data", "greeting"); image != "nginx:edited" || n != 2 || text != "by hand" {
		t.Errorf("image %v, %d replicas, greeting %v", image, n, text)
	}
	if owners := b.owners("apps/v1", "Deployment", "image"); !slices.Equal(owners, []string{"kubectl-edit"}) {
		t.Errorf("the image is %v's", owners)
	}
	b.writes.take()
	if out := b.mustDeploy(req); out.Status != event.Unchanged || len(b.writes.take()) > 0 {
		t.Errorf("the same again: %+v", out)
	}
}

func TestKeptFieldsOutliveARollbackAndForceTakesThem(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.edit("v1", "ConfigMap", "nightwatch", func(o map[string]any) { o["data"] = map[string]any{"greeting": "by hand"} })
	bad := kubetest.Image(t, "crash:1", kubetest.Script{CrashAfter: time.Millisecond})
	keep := b.request(service("1.1.0", nil), map[string]any{"image": bad})
	keep.OnConflict, keep.Settle = deployer.KeepConflicts, 0
	_, err := b.deploy(t.Context(), keep)
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !failed.RolledBack {
		t.Fatalf("%T %v", err, err)
	}
	if got := b.field("v1", "ConfigMap", "data", "greeting"); got != "by hand" {
		t.Errorf("after the rollback the greeting is %v", got)
	}

	force := b.request(service("1.2.0", nil), nil)
	force.OnConflict = deployer.TakeConflicts
	p, err := b.engine.Plan(t.Context(), force)
	if err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	if err := plan.WriteJSON(&doc, []*plan.Plan{p.Plan}); err != nil {
		t.Fatal(err)
	}
	var plans struct {
		Releases []struct {
			Objects []struct {
				Name      string
				Conflicts []map[string]any
			}
		}
	}
	if err := json.Unmarshal([]byte(doc.String()), &plans); err != nil {
		t.Fatal(err)
	}
	var conflicts []map[string]any
	for _, o := range plans.Releases[0].Objects {
		conflicts = append(conflicts, o.Conflicts...)
	}
	if len(conflicts) != 1 || conflicts[0]["path"] != "data.greeting" || conflicts[0]["theirs"] != "by hand" || conflicts[0]["ours"] != "hello" || conflicts[0]["kept"] != false {
		t.Errorf("%v in\n%s", conflicts, &doc)
	}
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got := b.field("v1", "ConfigMap", "data", "greeting"); got != "hello" {
		t.Errorf("the greeting is %v", got)
	}
}

// Another server-side applier, as `kubectl apply --server-side --force-conflicts`.
func TestConflictsWithAnApplier(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	theirs := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{"name": "web", "namespace": b.namespace, "labels": map[string]any{"example.com/team.name": "a"}},
		"spec":     map[string]any{"ports": []any{map[string]any{"port": int64(80), "protocol": "TCP", "targetPort": int64(8080)}}},
	}}
	if _, err := b.cluster.Apply(t.Context(), theirs, kube.ApplyOptions{Manager: "kubectl", Force: true}); err != nil {
		t.Fatal(err)
	}
	chart := service("1.1.0", nil)
	for _, f := range chart.Templates {
		if f.Name == "templates/service.yaml" {
			f.Data = []byte(`apiVersion: v1
kind: Service
metadata: {name: web, labels: {example.com/team.name: b, tier: front}}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 9090}, {port: 443, name: tls}]
`)
			f.Data = []byte(strings.Replace(string(f.Data), "{port: 80,", "{port: 80, name: web,", 1))
		}
	}
	req := b.request(chart, nil)
	_, err := b.engine.Plan(t.Context(), req)
	if refusal, ok := errors.AsType[*plan.RejectedError](err); !ok ||
		!strings.Contains(refusal.Details(), `metadata.labels[example.com/team.name] (kubectl: "a", the chart: "b")`) ||
		!strings.Contains(refusal.Details(), `targetPort (kubectl: 8080, the chart: 9090)`) {
		t.Fatalf("%v", err)
	}
	req.OnConflict = deployer.KeepConflicts
	b.mustDeploy(req)
	if port := b.field("v1", "Service", "spec", "ports", 0, "targetPort"); port != int64(8080) {
		t.Errorf("targetPort %v", port)
	}
	if labels := b.field("v1", "Service", "metadata", "labels").(map[string]any); labels["example.com/team.name"] != "a" || labels["tier"] != "front" {
		t.Errorf("labels %v", labels)
	}
	if ports := b.field("v1", "Service", "spec", "ports").([]any); len(ports) != 2 {
		t.Errorf("ports %v", ports)
	}
}

// An autoscaler that the account cannot see, or a script, scales by the scale subresource: under any policy but fail
// the deploy goes on.
func TestScaledByAStranger(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.scale("web", 3)
	req := b.request(service("1.1.0", nil), map[string]any{"image": "nginx:1.28"})
	if _, err := b.engine.Plan(t.Context(), req); err == nil || !strings.Contains(err.Error(), "spec.replicas (kube-controller-manager: 3, the chart: 1)") {
		t.Fatalf("%v", err)
	}
	req.OnConflict = deployer.KeepConflicts
	b.mustDeploy(req)
	if n := b.replicas("web"); n != 3 {
		t.Errorf("%d replicas, want 3", n)
	}
	req.OnConflict = deployer.TakeConflicts
	b.mustDeploy(req)
	if n := b.replicas("web"); n != 1 {
		t.Errorf("%d replicas, want 1", n)
	}
}

// With an autoscaler in view its number stays even where all else is taken over.
func TestForceLeavesTheAutoscalersReplicas(t *testing.T) {
	b := newHarness(t)
	extra := map[string]string{"templates/hpa.yaml": autoscaler}
	b.mustDeploy(b.request(service("1.0.0", extra), nil))
	b.scale("web", 3)
	b.edit("apps/v1", "Deployment", "kubectl-edit", func(o map[string]any) {
		deep(o, "spec", "template", "spec", "containers", 0).(map[string]any)["image"] = "nginx:edited"
	})
	req := b.request(service("1.1.0", extra), map[string]any{"image": "nginx:1.28"})
	req.OnConflict = deployer.TakeConflicts
	p, err := b.engine.Plan(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	b.scale("web", 2) // between plan and apply
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if n, image := b.replicas("web"), b.image(); n != 2 || image != "nginx:1.28" {
		t.Errorf("%d replicas of %s", n, image)
	}
}

// What Helm wrote client-side is Helm's, and so ours; what somebody edited meanwhile is theirs.
func TestConflictsAfterClientSideHelm(t *testing.T) {
	peer.Helm(t)
	b := newHarness(t)
	first := service("1.0.0", map[string]string{"templates/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {a: '1', b: '1'}\n"})
	b.helm("install", "web", write(t, first), "--server-side=false")
	b.edit("apps/v1", "Deployment", "kubectl-edit", func(o map[string]any) {
		deep(o, "spec", "template", "spec", "containers", 0).(map[string]any)["image"] = "nginx:edited"
	})
	second := service("1.1.0", map[string]string{"templates/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {b: '2'}\n"})
	req := b.request(second, map[string]any{"image": "nginx:1.28", "replicas": 2})
	_, err := b.engine.Plan(t.Context(), req)
	conflict, ok := errors.AsType[*plan.ConflictError](err)
	if !ok || len(conflict.Conflicts) != 1 || conflict.Conflicts[0].Manager != "kubectl-edit" {
		t.Fatalf("%T %v", err, err)
	}
	req.OnConflict = deployer.KeepConflicts
	b.mustDeploy(req)
	if image, n := b.image(), b.replicas("web"); image != "nginx:edited" || n != 2 {
		t.Errorf("%d replicas of %s", n, image)
	}
	o, err := b.cluster.Get(t.Context(), kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: b.namespace, Name: "more"})
	if err != nil {
		t.Fatal(err)
	}
	if data := o.Object["data"].(map[string]any); len(data) != 1 || data["b"] != "2" {
		t.Errorf("data %v: what left the chart stays in the object", data)
	}
}

func TestConflictNamesTheOtherManager(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	patch := kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: b.namespace, Name: "web"}
	o, err := b.cluster.Get(t.Context(), patch)
	if err != nil {
		t.Fatal(err)
	}
	o.Object["data"] = map[string]any{"greeting": "edited by hand"}
	if _, err := b.cluster.Update(t.Context(), o, kube.ApplyOptions{Manager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	_, err = b.engine.Plan(t.Context(), b.request(service("1.0.0", nil), nil))
	if !kube.Is(err, kube.Conflict) && !strings.Contains(err.Error(), "somebody") {
		t.Fatalf("%v", err)
	}
	req := b.request(service("1.0.0", nil), nil)
	req.ForceConflicts = true
	p, err := b.engine.Plan(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := p.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	if want := `data.greeting: "edited by hand" -> "hello"`; !strings.Contains(text.String(), want) {
		t.Errorf("drift is not in the plan:\n%s", &text)
	}
	if out, err := b.apply(t.Context(), p); err != nil || out.Revision != 2 {
		t.Errorf("%+v %v", out, err)
	}
}
