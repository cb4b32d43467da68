package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// A build leaves the archives of all services, and tells their versions.
func TestRunBuild(t *testing.T) {
	r := shopRepo(t, "", nil)
	r.Tag("cart/v1.0.0")
	reports := filepath.Join(t.TempDir(), "reports")
	out, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBuild, ReportDir: reports})
	if out.ExitCode != exitcode.OK || len(out.Versions) != 2 || len(out.Plans) != 0 {
		t.Errorf("exit code %d, %+v", out.ExitCode, out.Versions)
	}
	got.expect(t, map[string]string{
		"cart version": "passed: tag cart/v1.0.0", "cart bump": "passed: wrote Chart.yaml and values.yaml", "cart lint": "passed: ...",
		"cart package": "passed: cart-1.0.0.tgz, ...", "web version": "passed: between releases", "web package": "passed: web-...",
		"redis pull": "no such step", "cart push": "no such step",
	})
	if _, err := os.Stat(filepath.Join(reports, "charts", "cart-1.0.0.tgz")); err != nil {
		t.Error(err)
	}
}

// A run of a branch that nothing takes builds, publishes, and deploys nowhere.
func TestRunWithoutAnEnvironment(t *testing.T) {
	r := shopRepo(t, chartRegistry(t), nil)
	out, got := take(t, Options{Project: open(t, r, versioning.Ref{Branch: "feature/x"}, ""), Goal: GoalRun, Services: []string{"cart"}})
	if out.ExitCode != exitcode.OK {
		t.Errorf("%+v", out)
	}
	got.expect(t, map[string]string{
		"cart push": "passed: ...", "cart compare": "no such step", "cart plan": "skipped: no environment takes ...",
		"cart deploy": "skipped: no environment takes ...", "cart test": "skipped: no environment takes ...",
	})
}

// Nothing is begun for a service that is not there, or a saved plan that nothing here fits.
func TestRunRefuses(t *testing.T) {
	p := open(t, shopRepo(t, "", nil), onMain, "")
	begun := event.NewLog(nil, func(e event.Event) { t.Errorf("%+v", e) })
	out, err := Run(t.Context(), begun, Options{Project: p, Goal: GoalBuild, Services: []string{"nobody"}})
	if err == nil || out.ExitCode != exitcode.Usage {
		t.Errorf("%+v, %v", out, err)
	}
	p.Config.Readiness = map[string]*config.Readiness{"ConfigMap": {Ready: "("}}
	if out, err = Run(t.Context(), begun, Options{Project: p, Goal: GoalBuild}); err == nil || out.ExitCode != exitcode.Usage {
		t.Errorf("a rule that does not compile: %+v, %v", out, err)
	}
}

// A broken chart fails its own step, and nobody publishes.
func TestRunOfABrokenChart(t *testing.T) {
	r := shopRepo(t, chartRegistry(t), map[string]string{"services/cart/chart/templates/bad.yaml": "{{ .Values.motd.nothing.here }}\n"})
	out, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalPublish})
	if out.ExitCode != exitcode.Failed {
		t.Errorf("exit code %d", out.ExitCode)
	}
	got.expect(t, map[string]string{
		"cart lint": "failed: ...", "cart package": "skipped: lint failed", "cart push": "skipped: ...",
		"web push": "skipped: nothing is released: lint of cart failed",
	})
	if e := got.ends["cart lint"]; !strings.Contains(e.Message+e.Details, "services/cart/chart/templates/bad.yaml") {
		t.Errorf("the place is not told: %s\n%s", e.Message, e.Details)
	}
}
