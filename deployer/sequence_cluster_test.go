package deployer_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/test/peer"
)

// The group that needs another is not created before that is ready, and the annotation that Kubernetes would refuse
// never reaches it.
func TestGroupsComeOneAfterAnother(t *testing.T) {
	b := newHarness(t)
	slow := kubetest.Image(t, "group-slow:1", kubetest.Script{ReadyAfter: 700 * time.Millisecond})
	pod := func(name, annotations string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", annotations: {" + annotations + "}}\nspec: {containers: [{name: main, image: \"" + slow + "\"}]}\n"
	}
	c := service("1.0.0", map[string]string{
		"templates/deployment.yaml": "",
		"templates/app.yaml":        pod("app", `helm.sh/resource-group: app, helm.sh/depends-on/resource-groups: '["db"]'`),
		"templates/db.yaml":         pod("db", "helm.sh/resource-group: db"),
		"templates/rest.yaml":       pod("rest", ""),
		"templates/hook.yaml":       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hooked, annotations: {helm.sh/hook: pre-install, helm.sh/depends-on/resource-groups: '[\"db\"]'}}\n",
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

// subcharts is a service with two subcharts, of which the second needs the first, by the name that its alias replaces,
// and one that is switched off; all of the service itself comes after the second.
func subcharts(t *testing.T) *chart.Chart {
	t.Helper()
	slow := kubetest.Image(t, "subchart-slow:1", kubetest.Script{ReadyAfter: 500 * time.Millisecond})
	c := service("1.0.0", map[string]string{
		"templates/deployment.yaml": "",
		"templates/own.yaml":        "apiVersion: v1\nkind: Pod\nmetadata: {name: own, finalizers: [pintle.dev/test]}\nspec: {containers: [{name: main, image: \"" + slow + "\"}]}\n",
	})
	for _, name := range []string{"postgres", "api", "extra"} {
		c.Dependencies = append(c.Dependencies, &chart.Chart{
			Metadata:  &chart.Metadata{APIVersion: "v2", Name: name, Version: "0.1.0"},
			Templates: []*chart.File{{Name: "templates/pod.yaml", Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Chart.Name }}}\nspec: {containers: [{name: main, image: \"" + slow + "\"}]}\n")}},
		})
	}
	c.Metadata.Annotations = map[string]string{"helm.sh/depends-on/subcharts": `["api"]`}
	c.Metadata.Dependencies = []*chart.Dependency{
		{Name: "postgres", Version: "0.1.0", Alias: "db"},
		{Name: "api", Version: "0.1.0", DependsOn: []string{"postgres", "extra"}},
		{Name: "extra", Version: "0.1.0", Condition: "extra.enabled"},
	}
	return c
}

// Subcharts come in the order of their needs, and go in the reverse one: nothing is deleted before what needs it is
// gone.
func TestSubchartsComeAndGoInOrder(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(subcharts(t), map[string]any{"extra": map[string]any{"enabled": false}}))
	told := func(status event.Status, change string) string {
		var order []string
		for _, e := range b.events {
			if e.Kind == event.Object && e.Status == status && e.Change == change && strings.HasPrefix(e.Object, "Pod/") && !slices.Contains(order, e.Object) {
				order = append(order, e.Object)
			}
		}
		return strings.Join(order, " ")
	}
	if got := told(event.Passed, "create"); got != "Pod/db Pod/api Pod/own" {
		t.Errorf("ready in the order %s", got)
	}
	uninstall := func(timeout time.Duration) (err error) {
		b.events = nil
		log := event.NewLog(nil, func(e event.Event) { b.events = append(b.events, e) })
		log.Step("web", "uninstall", func(s event.Span) event.Result {
			_, err = b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace, Timeout: timeout}, s)
			return event.Result{}
		})
		return err
	}
	if err := uninstall(4 * time.Second); err == nil {
		t.Fatal("what has a finalizer is gone")
	}
	if !b.exists("v1", "Pod", "db") || !b.exists("v1", "Pod", "api") {
		t.Error("what is needed went before what needs it")
	}
	if err := b.cluster.JSONPatch(t.Context(), kube.Ref{APIVersion: "v1", Kind: "Pod", Namespace: b.namespace, Name: "own"}, []byte(`[{"op": "remove", "path": "/metadata/finalizers"}]`)); err != nil {
		t.Fatal(err)
	}
	if err := uninstall(time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := told(event.Passed, "delete"); !strings.HasSuffix(got, "Pod/api Pod/db") || b.exists("v1", "Pod", "db") {
		t.Errorf("deleted in the order %s", got)
	}
}

// Helm 4.3.1 knows no order. A release that says its order by names that are legal in Kubernetes goes back and forth
// between the two; with HIP-0025's own name Helm reads, replaces and uninstalls it, but can apply no such manifest
// itself.
func TestHelmGoesOnWithOrderedReleases(t *testing.T) {
	peer.Helm(t)
	pod := func(name, notes string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", annotations: {" + notes + "}}\n"
	}
	ordered := func(version, note string) *chart.Chart {
		return service(version, map[string]string{
			"templates/first.yaml":  pod("first", "helm.sh/resource-group: one"),
			"templates/second.yaml": pod("second", "helm.sh/resource-group: two, "+note+`: '["one"]'`),
		})
	}
	b := newHarness(t)
	b.mustDeploy(b.request(ordered("1.0.0", "pintle.dev/depends-on"), nil))
	if !b.tryHelm("upgrade", "web", write(t, ordered("1.1.0", "pintle.dev/depends-on")), "--wait") || !b.tryHelm("rollback", "web", "1", "--wait") {
		t.Error("helm does not go on with a legal name")
	}
	b.mustDeploy(b.request(ordered("1.2.0", "helm.sh/depends-on/resource-groups"), nil))
	if !b.tryHelm("get", "all", "web") || !b.tryHelm("upgrade", "web", write(t, service("1.3.0", nil)), "--wait") || b.exists("v1", "ConfigMap", "second") {
		t.Error("helm does not replace a revision of HIP-0025")
	}
	if b.tryHelm("rollback", "web", "4") {
		t.Error("helm applies an annotation that Kubernetes refuses: say so in docs/waiting.md")
	}
	if _, err := b.engine.Rollback(t.Context(), b.request(nil, nil), 4, event.Span{}); err != nil || !b.exists("v1", "ConfigMap", "second") {
		t.Errorf("our rollback to it: %v", err)
	}
	b.helm("uninstall", "web", "--wait")
	if b.exists("v1", "ConfigMap", "second") || b.history() != "" {
		t.Error("helm's uninstall left something")
	}
}
