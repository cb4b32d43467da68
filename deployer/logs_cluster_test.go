package deployer_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

// What the pods of a rollout print is told, each container once, whether they become ready or crash, and a hook's as
// well; the release's secrets are not.
func TestLogsOfARollout(t *testing.T) {
	b := newHarness(t)
	hook := kubetest.Image(t, "logs-hook:1", kubetest.Script{ExitAfter: 20 * time.Millisecond, Log: []string{"migrated"}})
	web := kubetest.Image(t, "logs-web:1", kubetest.Script{ReadyAfter: 500 * time.Millisecond, Log: []string{"listening", "password is s3cr3t-word"}})
	req := b.request(service("1.0.0", map[string]string{
		"templates/hook.yaml":   job("migrate", hook, "helm.sh/hook: pre-install"),
		"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}-word}\nstringData: {word: s3cr3t-word}\n",
	}), map[string]any{"image": web})
	req.Logs = true
	lines, warnings := b.logged(req)
	for _, want := range []string{"/main|migrated", "/main|listening", "/main|password is ***"} {
		if n := count(lines, want); n != 1 {
			t.Errorf("%q is told %d times: %q", want, n, lines)
		}
	}
	if len(warnings) > 0 {
		t.Errorf("warnings: %q", warnings)
	}
}

// Who may not read logs deploys without them, and hears it once.
func TestLogsForbidden(t *testing.T) {
	b := newHarness(t)
	forbid := func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/log") {
				resp.StatusCode = http.StatusForbidden
			}
			return resp, err
		})
	}
	b.engine = deployer.New(kubetest.Connect(t, forbid), deployer.Options{Holder: "logs"})
	web := kubetest.Image(t, "logs-web:2", kubetest.Script{ReadyAfter: 500 * time.Millisecond, Log: []string{"listening"}})
	req := b.request(service("1.0.0", nil), map[string]any{"image": web, "replicas": 3})
	req.Logs = true
	lines, warnings := b.logged(req)
	if len(lines) > 0 || len(warnings) != 1 || !strings.Contains(warnings[0], "no logs are shown") {
		t.Errorf("lines %q, warnings %q", lines, warnings)
	}
}

func count(lines []string, end string) (n int) {
	for _, l := range lines {
		if strings.HasSuffix(l, end) {
			n++
		}
	}
	return n
}

// logged deploys and returns the lines of logs and the warnings.
func (b *harness) logged(req deployer.Request) (lines, warnings []string) {
	b.t.Helper()
	log := event.NewLog(nil, func(e event.Event) {
		switch e.Kind {
		case event.PodLog:
			lines = append(lines, e.Object+"|"+e.Message)
		case event.Warning:
			warnings = append(warnings, e.Message)
		}
	})
	log.Step("web", "deploy", func(span event.Span) event.Result {
		p, err := b.engine.Plan(b.t.Context(), req)
		if err == nil {
			_, err = b.engine.Apply(b.t.Context(), p, span)
		}
		if err != nil {
			b.t.Error(err)
		}
		return event.Result{Status: event.Passed}
	})
	return slices.Clone(lines), warnings
}
