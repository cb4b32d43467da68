package deployer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
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
