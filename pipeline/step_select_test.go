package pipeline

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/versioning"
)

// A tag deploys what carries it. What it needs must be there.
func TestSelect(t *testing.T) {
	r := shopRepo(t, "", nil)
	r.Tag("cart/v1.0.0")
	r.Commit("feat: pages", "services/web/src")
	r.Tag("web/v2.0.0")
	p := open(t, r, versioning.Ref{Tag: "web/v2.0.0"}, "prod")
	out, got := planOn(t, p, &cluster{})
	got.expect(t, map[string]string{
		"prod cluster select": "failed: web needs cart, which is not deployed in prod and not in this run: pass --with-missing to install it at 1.0.0, or ...",
	})
	if out.ExitCode != exitcode.Failed {
		t.Errorf("exit code %d", out.ExitCode)
	}
	there := &cluster{records: map[string][]map[string]string{"shop": {record("cart", "1"), record("redis", "1")}}}
	_, got = planOn(t, p, there)
	got.expect(t, map[string]string{
		"prod cluster select": "passed: ...", "cart plan": "skipped: tag web/v2.0.0 is of another service",
		"cart compare": "skipped: tag web/v2.0.0 is of another service", "redis pull": "skipped: tag web/v2.0.0 leaves releases as they are",
		"web compare": "passed: nothing is deployed",
	})
	if e := got.ends["prod cluster select"]; !strings.Contains(e.Details, "cart") {
		t.Errorf("what is left is not told: %q", e.Details)
	}
}
