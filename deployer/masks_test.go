package deployer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/secret"
)

func TestSecretsStayMasked(t *testing.T) {
	b := newHarness(t)
	withSecret := func(v string) map[string]string {
		return map[string]string{"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: " + v + "}\n"}
	}
	b.mustDeploy(b.request(service("1.0.0", withSecret("correct-horse")), nil))
	leak := kubetest.Image(t, "leak:1", kubetest.Script{CrashAfter: time.Millisecond, Log: []string{"login with battery-staple failed, was correct-horse"}})
	req := b.request(service("1.1.0", withSecret("battery-staple")), map[string]any{"image": leak})
	req.Settle = 0
	p, err := b.engine.Plan(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := p.WriteText(&text, true); err != nil {
		t.Fatal(err)
	}
	out, err := b.apply(t.Context(), p)
	if err == nil || !strings.Contains(out.Details, "login with *** failed, was ***") {
		t.Errorf("%v\n%s", err, out.Details)
	}
	all := text.String() + out.Details + err.Error()
	for _, e := range b.events {
		all += e.Message + e.Details
	}
	for _, s := range []string{"correct-horse", "battery-staple", "Y29ycmVjdC1ob3JzZQ", "YmF0dGVyeS1zdGFwbGU"} {
		if strings.Contains(all, s) {
			t.Errorf("%s is told", s)
		}
	}
	if !strings.Contains(text.String(), "data.password") {
		t.Errorf("the plan hides that the password changes:\n%s", &text)
	}
}

// TestReleaseTestsMaskSecrets lets a test and an uninstall hook print what the
// release's Secrets hold.
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
