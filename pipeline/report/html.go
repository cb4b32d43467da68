package report

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/event"
)

//go:embed page.html.tmpl
var pageSource string

//go:embed pintle.css
var stylesheet []byte

// functions are what the templates may call. They format; they decide nothing.
var functions = template.FuncMap{
	"add":      func(a, b int) int { return a + b },
	"addf":     func(a, b float64) float64 { return a + b },
	"anchor":   anchor,
	"atLeast":  func(x, least float64) float64 { return max(x, least) },
	"brief":    func(s event.Status) string { return strings.ToLower(brief(s)) },
	"bad":      func(s event.Status) bool { return s.Bad() },
	"clock":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"diff":     diff,
	"duration": duration,
	"fill":     fill,
	"fit":      fit,
	"machine":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"short":    shortCommit,
	"plural":   plural,
	"svgW":     svgW,
	"svgX":     svgX,
	"svgY":     svgY,
	"symbol":   symbol,
	"title":    title,
	"words":    words,
	"sentence": func(s event.Status) string { return capital(words(s)) },
}

// page is what the template of index.html renders.
type page struct {
	Run
	Columns  []string
	Failures []Failure
	Timeline timeline
	Warnings []string
}

// HTML renders report/index.html. It works under Jenkins' default
// Content-Security-Policy (facts/git-ci-canary.md 3.4): no scripts, no inline
// styles, nothing from elsewhere; folding is <details>.
func HTML(run Run) ([]byte, error) {
	return execute(pageSource, page{run, run.columns(), run.Failures(), newTimeline(run), run.AllWarnings()})
}

// execute parses here and not at start: most commands never render a page.
func execute(source string, data any) ([]byte, error) {
	t, err := template.New("").Funcs(functions).Parse(source)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}

// maxUnfolded is how many services a page shows step by step without a click.
const maxUnfolded = 8

// Unfold reports whether the page shows a service's steps at once: those that
// failed, and the others of a small run that came out well.
func (p page) Unfold(s *Service) bool {
	return s.Status.Bad() || len(p.Failures) == 0 && len(p.counted()) <= maxUnfolded
}

// title is what the run was about, as in "shop to prod".
func title(run Run) string {
	switch {
	case run.Project != "" && run.Environment != "":
		return run.Project + " to " + run.Environment
	case run.Project+run.Environment != "":
		return run.Project + run.Environment
	}
	return "run"
}

func shortCommit(c string) string {
	if len(c) == 40 || len(c) == 64 {
		return c[:10]
	}
	return c
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// anchor is the id of a service or of a step in the page.
func anchor(parts ...string) string {
	return "s-" + strings.NewReplacer("%", "_", "+", "_").Replace(url.QueryEscape(strings.Join(parts, "--")))
}

// symbol is a status as one character; it never stands without the word.
func symbol(s event.Status) string {
	switch s {
	case event.Passed:
		return "✓"
	case event.Unchanged:
		return "="
	case event.Failed:
		return "✕"
	case event.RolledBack:
		return "↺"
	case event.Skipped:
		return "–"
	case event.Interrupted:
		return "■"
	}
	return "…"
}

// diffLine is a line of details with its class: added, removed or neither.
type diffLine struct{ Class, Text string }

// diff parts the details of a good step into lines, so that a plan's added and
// removed ones can be coloured. Evidence is not taken for a diff.
func diff(step *Step) []diffLine {
	var out []diffLine
	for text := range strings.Lines(step.Details) {
		l := diffLine{Text: text}
		switch trimmed := strings.TrimLeft(text, " "); {
		case step.Status.Bad():
		case strings.HasPrefix(trimmed, "+"):
			l.Class = "added"
		case strings.HasPrefix(trimmed, "-"):
			l.Class = "removed"
		}
		out = append(out, l)
	}
	return out
}
