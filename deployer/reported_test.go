package deployer_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/report"
	"github.com/pintle-ci/pintle/secret"
)

// reported is what a job comes to that applies a plan, and its reports as the
// files that people and CI servers read.
type reported struct {
	outcome     deployer.Outcome
	err         error
	code        int
	junit, html string
}

// applyReported applies a plan as the pipeline does and writes every report.
func (b *harness) applyReported(p *deployer.Prepared) (r reported) {
	b.t.Helper()
	var events []event.Event
	log := event.NewLog(nil, func(e event.Event) { events = append(events, e) })
	r.code = pipeline.Operate(b.t.Context(), log, &config.Resolved{}, "deploy", []config.Unit{{Name: "web"}},
		func(config.Unit) *secret.Set { return secret.NewSet() },
		func(ctx context.Context, _ config.Unit, span event.Span) (deployer.Outcome, error) {
			r.outcome, r.err = b.engine.Apply(ctx, p, span)
			return r.outcome, r.err
		})
	dir := b.t.TempDir()
	if err := report.WriteAll(dir, report.Fold(events)); err != nil {
		b.t.Fatal(err)
	}
	for name, into := range map[string]*string{report.JUnitFile: &r.junit, report.HTMLFile: &r.html} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.t.Fatal(err)
		}
		*into = string(text)
	}
	return r
}

// tell checks that every report says how the deploy ended and, where told is not
// empty, of the outage in between: how long it took, and what it was.
func (b *harness) tell(r reported, end, told string) {
	b.t.Helper()
	const crash = `Deployment/web: container main exited with code 1`
	code, junit, html := exitcode.OK, []string{`<testsuites [^>]*failures="0"`}, []string{`</span> Passed</p>`, `revision 2 deployed`}
	if end == "rolled back" {
		code = exitcode.RolledBack
		junit = []string{
			`(?s)<testcase [^>]*name="deploy"[^>]*>\s*<failure message="` + crash + `[^"]*; rolled back to revision 1"`,
			`<failure message="container main exited with code 1`, // of the Deployment itself
		}
		html = []string{`</span> Rolled back</p>`, crash + `[^<]*; rolled back to revision 1</p>`}
	}
	if told != "" {
		warning := `the API server did not answer for [0-9]+s: [^\n<]*` + told
		junit, html = append(junit, `warning: `+warning), append(html, warning)
	}
	if r.code != code {
		b.t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, want := range []struct {
		name, text string
		patterns   []string
	}{{"JUnit", r.junit, junit}, {"HTML", r.html, html}} {
		for _, pattern := range want.patterns {
			if !regexp.MustCompile(pattern).MatchString(want.text) {
				b.t.Errorf("%s does not say %q:\n%s", want.name, pattern, want.text)
			}
		}
		if end == "deployed" && strings.Contains(want.text, "<failure ") {
			b.t.Errorf("%s tells a failure:\n%s", want.name, want.text)
		}
	}
}
