// Package lint judges a chart as it will be deployed: Helm's own rules
// (facts/helm-format.md 4.18) and what bites in production. It looks at the
// chart's files and at what they render to; it refuses to know a cluster, and
// it never changes a chart. Findings of subcharts are their owners' business
// and are left out.
package lint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// Severity says how much a finding matters.
type Severity string

// The severities, gravest first.
const (
	Error   Severity = "error"   // the deployment fails, or does harm
	Warning Severity = "warning" // it works, until it does not
	Info    Severity = "info"
)

// Options say how the chart will be deployed.
type Options struct {
	Values      map[string]any // the user's values
	ReleaseName string         // default test-release, Helm's
	Namespace   string
	KubeVersion string   // the cluster's version; empty means the newest
	Disabled    []string // ids, or patterns of ids: image/*
}

// Finding is one thing to look at.
type Finding struct {
	ID       string   `json:"id"` // of the Rule
	Severity Severity `json:"severity"`
	Path     string   `json:"path"`           // relative to the chart, with slashes
	Line     int      `json:"line,omitempty"` // of Path, 1-based; 0 if unknown
	Message  string   `json:"message"`        // one line
	Fix      string   `json:"fix,omitempty"`  // what to do
}

// String is the finding on one line.
func (f Finding) String() string {
	place := f.Path
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", f.Path, f.Line)
	}
	text := fmt.Sprintf("%s: %s: %s [%s]", place, f.Severity, f.Message, f.ID)
	if f.Fix != "" {
		text += ": " + f.Fix
	}
	return text
}

// linter collects findings about one chart.
type linter struct {
	chart    *chart.Chart
	opts     Options
	findings []Finding
}

// Lint returns what is to be found in c, sorted by path and line. A chart that
// does not render has a finding of severity Error that says why. When ctx ends
// first, the findings so far are returned.
func Lint(ctx context.Context, c *chart.Chart, o Options) []Finding {
	l := &linter{chart: c, opts: o}
	l.chartFile()
	l.dependencies()
	l.valuesFile()
	l.templateFiles()
	l.crds()
	l.rendered(ctx)
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.ID, b.ID))
	})
	return slices.Compact(l.findings)
}

// add notes a finding of the rule id, unless that is disabled.
func (l *linter) add(id, file string, line int, format string, args ...any) {
	for _, pattern := range l.opts.Disabled {
		if ok, err := path.Match(pattern, id); ok && err == nil {
			return
		}
	}
	rule := ruleOf(id)
	message := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	l.findings = append(l.findings, Finding{ID: id, Severity: rule.Severity, Path: file, Line: line, Message: message, Fix: rule.Fix})
}

// rendered renders the chart and judges the objects.
func (l *linter) rendered(ctx context.Context) {
	result, err := render.Render(ctx, l.chart, l.opts.Values, render.Options{
		ReleaseName: cmp.Or(l.opts.ReleaseName, "test-release"), Namespace: cmp.Or(l.opts.Namespace, "default"),
		Revision: 1, KubeVersion: l.opts.KubeVersion, Lint: true,
	})
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		l.renderError(err)
		return
	}
	for _, f := range result.Findings {
		l.add(f.ID, "templates", 0, "%s", f.Message)
	}
	for _, m := range result.Manifests {
		l.manifest(m, false)
	}
	for _, h := range result.Hooks {
		l.manifest(h.Manifest, true)
	}
}

func (l *linter) renderError(err error) {
	var template *render.Error
	var schema *render.SchemaError
	switch {
	case errors.As(err, &schema):
		for _, p := range schema.Problems {
			for line := range strings.Lines(p.Message) {
				l.add("values/schema", valuesYAML, 0, "%s: %s", p.Chart, strings.TrimPrefix(strings.TrimSpace(line), "- "))
			}
		}
	case errors.As(err, &template) && template.Rendered != nil:
		l.add("template/yaml", l.own(template.Template), template.Line, "%v", err)
	case errors.As(err, &template):
		l.add("template/render", l.own(template.Template), template.Line, "%v", err)
	default:
		l.add("template/render", "templates", 0, "%v", err)
	}
}

// own is a rendered file's path relative to the chart.
func (l *linter) own(source string) string {
	return strings.TrimPrefix(source, l.chart.Name()+"/")
}

// raw is the text of one of the chart's files, as written.
func (l *linter) raw(name string) ([]byte, bool) {
	for _, f := range l.chart.Raw {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}
