package deployer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

// accountChart has what a chart may have beside workloads: hooks, a test, an object of a kind that scales.
func accountChart() map[string]string {
	return map[string]string{
		"templates/hook.yaml": `apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: {{ .Values.job }}}]}}
`,
		"templates/test.yaml": `apiVersion: v1
kind: Pod
metadata: {name: check, annotations: {helm.sh/hook: test}}
spec: {restartPolicy: Never, containers: [{name: main, image: {{ .Values.job }}}]}
`,
		"templates/hpa.yaml": `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 1, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
`,
	}
}

// TestAccountIsEnough does all that can be done to a release by an account that may do exactly what Account lists.
// Nothing is refused, but questions about what is the cluster's.
func TestAccountIsEnough(t *testing.T) {
	for name, extra := range map[string]map[string]string{"plain": nil, "with hooks": accountChart()} {
		t.Run(name, func(t *testing.T) { accountIsEnough(t, extra) })
	}
}

func accountIsEnough(t *testing.T, extra map[string]string) {
	b := newHarness(t)
	values := func(image string) map[string]any {
		return map[string]any{"image": image, "job": kubetest.Image(t, "job:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})}
	}
	good := kubetest.Image(t, "good:1", kubetest.Script{})
	crash := kubetest.Image(t, "crash:1", kubetest.Script{CrashAfter: time.Millisecond, Log: []string{"no config"}})
	first := b.request(service("1.0.0", extra), values(good))
	account, err := b.engine.Account(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	b.as()
	b.create(access.Roles("exactly", "system:serviceaccount:"+b.namespace+":ci", account.Permissions))
	if len(account.Grants) > 0 || account.Absent {
		t.Errorf("got %+v", account)
	}

	b.mustDeploy(first)
	second := b.request(service("1.1.0", extra), values(good))
	second.Evidence = func([]byte) error { return nil }
	b.mustDeploy(second)
	third := b.request(service("1.2.0", extra), values(crash))
	third.Evidence, third.Settle = second.Evidence, 0
	_, err = b.tryDeploy(third)
	if broken, ok := errors.AsType[*deployer.FailedError](err); !ok || !broken.Restored() || !strings.Contains(broken.Details(), "no config") {
		t.Errorf("%v", err)
	}
	if _, objects, err := b.engine.Status(t.Context(), deployer.StatusRequest{Release: "web"}); err != nil || len(objects) < 3 {
		t.Errorf("status: %d objects, %v", len(objects), err)
	}
	if _, err := b.engine.History(t.Context(), "web", ""); err != nil {
		t.Error(err)
	}
	for name, do := range map[string]func() (deployer.Outcome, error){
		"test": func() (deployer.Outcome, error) {
			return b.engine.Test(t.Context(), deployer.TestRequest{Release: "web"}, event.Span{})
		},
		"rollback": func() (deployer.Outcome, error) { return b.engine.Rollback(t.Context(), second, 1, event.Span{}) },
	} {
		if out, err := do(); err != nil {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	if out, err := b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web"}, event.Span{}); err != nil {
		t.Errorf("uninstall: %+v, %v", out, err)
	}
	for _, e := range b.events {
		if strings.Contains(e.Message, "may not") {
			t.Errorf("%+v", e)
		}
	}
	for _, request := range b.writes.refused {
		if request != "GET /api/v1/namespaces/"+b.namespace && request != "GET /api/v1/nodes/sandbox" { // what nobody needs
			t.Errorf("refused: %s", request)
		}
	}
}

// TestAccountIsNoMore takes one verb away: the deploy is refused before anything is touched.
func TestAccountIsNoMore(t *testing.T) {
	for _, tt := range [][2]string{{"secrets", "update"}, {"services", "delete"}, {"deployments", "patch"}, {"deployments", "watch"}, {"configmaps", "get"}} {
		t.Run(tt[1]+" "+tt[0], func(t *testing.T) {
			b := newHarness(t)
			req := b.request(service("1.0.0", nil), nil)
			account, err := b.engine.Account(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range account.Permissions {
				if p.Resource == tt[0] {
					account.Permissions[i].Verbs = slices.DeleteFunc(slices.Clone(p.Verbs), func(v string) bool { return v == tt[1] })
				}
			}
			b.as()
			b.create(access.Roles("less", "system:serviceaccount:"+b.namespace+":ci", account.Permissions))
			b.writes.take()
			_, err = b.tryDeploy(req)
			denied, ok := errors.AsType[*access.Error](err)
			if !ok || len(denied.Missing) != 1 || denied.Missing[0].Resource != tt[0] || !slices.Equal(denied.Missing[0].Verbs, []string{tt[1]}) {
				t.Errorf("got %v", err)
			}
			if seen := b.writes.take(); len(seen) > 0 {
				t.Errorf("touched: %q", seen)
			}
		})
	}
}
