package deployer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/secret"
)

func TestReleaseTests(t *testing.T) {
	b := newHarness(t)
	pod := func(image string) map[string]string {
		return map[string]string{"templates/tests/probe.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: probe, annotations: {helm.sh/hook: test}}\nspec: {restartPolicy: Never, containers: [{name: probe, image: \"" + image + "\"}]}\n"}
	}
	good := kubetest.Image(t, "probe-ok:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	bad := kubetest.Image(t, "probe-bad:1", kubetest.Script{ExitAfter: 10 * time.Millisecond, ExitCode: 1, Log: []string{"got 500, want 200"}})
	b.mustDeploy(b.request(service("1.0.0", pod(good)), nil))
	req := deployer.TestRequest{Release: "web", Namespace: b.namespace, Timeout: 30 * time.Second}
	if out, err := b.engine.Test(t.Context(), req, event.Span{}); err != nil || out.Status != event.Passed {
		t.Errorf("%+v %v", out, err)
	}
	b.mustDeploy(b.request(service("1.1.0", pod(bad)), nil))
	out, err := b.engine.Test(t.Context(), req, event.Span{})
	if _, ok := errors.AsType[*deployer.FailedError](err); !ok {
		t.Fatalf("%T %v", err, err)
	}
	if out.Status != event.Failed || !strings.Contains(out.Details, "got 500, want 200") {
		t.Errorf("%+v", out)
	}
}

// TestReleaseTestsMaskSecrets lets a test and an uninstall hook print what the release's Secrets hold.
func TestReleaseTestsMaskSecrets(t *testing.T) {
	b := newHarness(t)
	line := "login with battery-staple and token-of-hook at correct-place"
	leak := kubetest.Image(t, "leak-test:1", kubetest.Script{ExitAfter: 10 * time.Millisecond, ExitCode: 1, Log: []string{line}})
	extra := map[string]string{
		"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: battery-staple}\n",
		"templates/hook.yaml":   "apiVersion: v1\nkind: Secret\nmetadata: {name: probe, annotations: {helm.sh/hook: test, helm.sh/hook-weight: \"-1\"}}\ndata: {token: {{ b64enc \"token-of-hook\" }}}\n",
		"templates/probe.yaml":  "apiVersion: v1\nkind: Pod\nmetadata: {name: probe, annotations: {helm.sh/hook: test}}\nspec: {restartPolicy: Never, containers: [{name: probe, image: \"" + leak + "\"}]}\n",
		"templates/last.yaml":   job("last", leak, "helm.sh/hook: pre-delete"),
	}
	b.mustDeploy(b.request(service("1.0.0", extra), nil))
	var told strings.Builder
	log := event.NewLog(nil, func(e event.Event) { told.WriteString(e.Message + e.Details + "\n") })
	log.Step("web", "test", func(s event.Span) event.Result {
		req := deployer.TestRequest{Release: "web", Namespace: b.namespace, Timeout: 30 * time.Second, Logs: true, Secrets: secret.NewSet("correct-place")}
		out, err := b.engine.Test(t.Context(), req, s)
		if err == nil || !strings.Contains(out.Details, "login with *** and *** at ***") {
			t.Errorf("test: %v\n%s", err, out.Details)
		}
		told.WriteString(out.Message + out.Details)
		return event.Result{}
	})
	log.Step("web", "uninstall", func(s event.Span) event.Result {
		req := deployer.UninstallRequest{Release: "web", Namespace: b.namespace, Timeout: 30 * time.Second, Secrets: secret.NewSet("correct-place")}
		out, err := b.engine.Uninstall(t.Context(), req, s)
		if err == nil || !strings.Contains(out.Details, "login with *** and *** at ***") {
			t.Errorf("uninstall: %v\n%s", err, out.Details)
		}
		told.WriteString(out.Message + out.Details)
		return event.Result{}
	})
	for _, s := range []string{"battery-staple", "token-of-hook", "correct-place"} {
		if strings.Contains(told.String(), s) {
			t.Errorf("%s is told", s)
		}
	}
}
