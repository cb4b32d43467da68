package deployer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/event"
)

// saved makes a plan, saves it, plans again, and binds the second to the first, as two jobs do.
func (b *harness) saved(req deployer.Request) *deployer.Prepared {
	b.t.Helper()
	first, err := b.engine.Plan(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.engine.Repeatable(b.t.Context(), first); err != nil {
		b.t.Fatal(err)
	}
	data, err := plan.Save([]*plan.Plan{first.Plan}, plan.SavedOrigin{})
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := plan.ReadSaved(data)
	if err != nil {
		b.t.Fatal(err)
	}
	second, err := b.engine.Plan(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := second.Pin(s); err != nil {
		b.t.Fatal(err)
	}
	return second
}

func TestSavedPlanIsCarriedOut(t *testing.T) {
	b := newHarness(t)
	secret := map[string]string{"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: {{ .Values.greeting }}-open-sesame}\n"}
	if out, err := b.apply(t.Context(), b.saved(b.request(service("1.0.0", secret), nil))); err != nil || out.Revision != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	p := b.saved(b.request(service("1.1.0", secret), map[string]any{"greeting": "hi", "image": "nginx:1.28"}))
	// what the plan does not write may move: the status, and notes of others
	b.edit("apps/v1", "Deployment", "somebody", func(o map[string]any) {
		o["metadata"].(map[string]any)["annotations"].(map[string]any)["example.com/note"] = "x"
	})
	if out, err := b.apply(t.Context(), p); err != nil || out.Revision != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	if got := b.image(); got != "nginx:1.28" {
		t.Errorf("image %s", got)
	}
	if out, err := b.apply(t.Context(), b.saved(b.request(service("1.1.0", secret), map[string]any{"greeting": "hi", "image": "nginx:1.28"}))); err != nil || out.Status != event.Unchanged {
		t.Errorf("nothing to do: %+v %v", out, err)
	}
}

// What moves after the plan was checked is seen as it is written, even where conflicts are forced.
func TestWhatMovesUnderASavedPlan(t *testing.T) {
	for name, tt := range map[string]struct {
		move func(b *harness)
		want string
	}{
		"a field that the plan changes": {func(b *harness) {
			b.edit("v1", "ConfigMap", "nightwatch", func(o map[string]any) { o["data"] = map[string]any{"greeting": "edited"} })
		}, "ConfigMap/web: data.greeting changed since its plan was checked"},
		"a field that the plan leaves": {func(b *harness) {
			b.edit("apps/v1", "Deployment", "nightwatch", func(o map[string]any) { o["spec"].(map[string]any)["replicas"] = int64(2) })
		}, "Deployment/web: spec.replicas changed since its plan was checked"},
		"an object that the plan changes goes": {func(b *harness) { b.remove("v1", "ConfigMap", "web") }, "ConfigMap/web: it has been deleted since its plan was checked"},
		"an object that the plan creates comes": {func(b *harness) {
			o := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "more"}, "data": map[string]any{"a": "b"}}
			if err := b.cluster.Do(b.t.Context(), "POST", "/api/v1/namespaces/"+b.namespace+"/configmaps?fieldManager=nightwatch", o, nil); err != nil {
				b.t.Fatal(err)
			}
		}, "ConfigMap/more: it has been created since its plan was checked, by nightwatch"},
		"the release": {func(b *harness) {
			b.mustDeploy(b.request(service("1.0.5", nil), map[string]any{"greeting": "other"}))
		}, "it has changed since its saved plan was checked: the cluster has moved on"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(service("1.0.0", nil), nil))
			more := map[string]string{"templates/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"}
			req := b.request(service("1.1.0", more), map[string]any{"greeting": "hi", "image": "nginx:1.28"})
			req.OnConflict, req.OnFailure = deployer.TakeConflicts, deployer.Leave
			p := b.saved(req)
			tt.move(b)
			_, err := b.apply(t.Context(), p)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func (b *harness) remove(apiVersion, kind, name string) {
	b.t.Helper()
	ref := kube.Ref{APIVersion: apiVersion, Kind: kind, Namespace: b.namespace, Name: name}
	if err := b.cluster.Delete(b.t.Context(), ref, "", kube.Background); err != nil {
		b.t.Fatal(err)
	}
}

func TestRandomChartsCannotBeSaved(t *testing.T) {
	b := newHarness(t)
	random := map[string]string{"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: {{ randAlphaNum 20 | quote }}}\n"}
	p, err := b.engine.Plan(t.Context(), b.request(service("1.0.0", random), nil))
	if err != nil {
		t.Fatal(err)
	}
	err = b.engine.Repeatable(t.Context(), p)
	if !errors.Is(err, deployer.ErrRandom) || !strings.Contains(err.Error(), "service/templates/secret.yaml") {
		t.Error(err)
	}
}

func TestAutoscaledSavedPlan(t *testing.T) {
	b := newHarness(t)
	chart := service("1.0.0", map[string]string{"templates/hpa.yaml": autoscaler})
	b.mustDeploy(b.request(chart, nil))
	b.scale("web", 3)
	p := b.saved(b.request(chart, map[string]any{"image": "nginx:1.28"}))
	b.scale("web", 2)
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if n := b.replicas("web"); n != 2 {
		t.Errorf("%d replicas", n)
	}
}

func TestClusterIsKnown(t *testing.T) {
	b := newHarness(t)
	id, err := b.engine.Cluster(t.Context())
	if err != nil || id.UID == "" || !strings.HasPrefix(id.Server, "https://") || !id.Same(id) {
		t.Error(fmt.Sprint(id), err)
	}
}
