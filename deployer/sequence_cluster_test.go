package deployer_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// The group that needs another is not created before that is ready, and the
// annotation that Kubernetes would refuse never reaches it.
func TestGroupsComeOneAfterAnother(t *testing.T) {
	b := newBench(t)
	slow := kubetest.Image(t, "group-slow:1", kubetest.Script{ReadyAfter: 700 * time.Millisecond})
	pod := func(name, annotations string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", annotations: {" + annotations + "}}\nspec: {containers: [{name: main, image: \"" + slow + "\"}]}\n"
	}
	c := service("1.0.0", map[string]string{
		"templates/deployment.yaml": "",
		"templates/app.yaml":        pod("app", `helm.sh/resource-group: app, helm.sh/depends-on/resource-groups: '["db"]'`),
		"templates/db.yaml":         pod("db", "helm.sh/resource-group: db"),
		"templates/rest.yaml":       pod("rest", ""),
	})
	b.mustDeploy(b.request(c, nil))
	var order []string
	for _, e := range b.events {
		if e.Kind == event.Object && e.Status == event.Passed && strings.HasPrefix(e.Object, "Pod/") && !slices.Contains(order, e.Object) {
			order = append(order, e.Object)
		}
	}
	if got := strings.Join(order, " "); got != "Pod/db Pod/app Pod/rest" {
		t.Errorf("ready in the order %s", got)
	}
	times := map[string]time.Time{}
	for _, name := range []string{"db", "app", "rest"} {
		o, err := b.cluster.Get(t.Context(), kube.Ref{APIVersion: "v1", Kind: "Pod", Namespace: b.namespace, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		times[name] = o.GetCreationTimestamp().Time
		if o.GetAnnotations()["helm.sh/depends-on/resource-groups"] != "" {
			t.Error("the annotation reached the cluster")
		}
	}
	if times["app"].Before(times["db"]) || times["rest"].Before(times["app"]) {
		t.Errorf("created %v", times)
	}

	out := b.mustDeploy(b.request(c, nil))
	if out.Status != event.Unchanged {
		t.Errorf("the same again: %+v", out)
	}

	broken := service("1.1.0", map[string]string{"templates/app.yaml": pod("app", `helm.sh/resource-group: app, helm.sh/depends-on/resource-groups: '["dbs"]'`)})
	if _, err := b.engine.Plan(t.Context(), b.request(broken, nil)); err == nil || !strings.Contains(err.Error(), `needs group "dbs", which no object is in`) {
		t.Errorf("%v", err)
	}
}
