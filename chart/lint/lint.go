// Package lint judges a chart as it will be deployed: Helm's own rules
// (facts/helm-format.md 4.18), the schemas of Kubernetes' objects and what bites
// in production. It looks at the chart's files and at what they render to; it
// refuses to know a cluster, and it never changes a chart. Findings of subcharts
// are their owners' business and are left out unless they are asked for.
package lint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	goyaml "go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/internal/kubeschema"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// Severity says how much a finding matters.
type Severity string

// The severities, gravest first.
const (
	Error   Severity = "error"   // the deployment fails, or does harm
	Warning Severity = "warning" // it works, until it does not
	Info    Severity = "info"
)

// Options say how the chart will be deployed and what to look for.
type Options struct {
	Values      map[string]any             // the user's values
	Origin      func(path []string) string // where the user gave a value, as render.Options.Origin; may be nil
	Files       func(name string) string   // where a file of the chart is, as render.Options.Path, for messages; may be nil
	ReleaseName string                     // default test-release, Helm's
	Namespace   string
	KubeVersion string             // the cluster's version; empty means the newest known
	APIVersions []string           // that the cluster serves besides
	Schema      *kubeschema.Schema // the cluster's own; nil means the one that ships for KubeVersion

	Disabled      []string            // ids, or patterns of ids: image/*
	Severity      map[string]Severity // by id or pattern, in place of the rule's; an exact id wins
	WithSubcharts bool                // judge the subcharts too

	SkipSchemaValidation bool // do not hold values against values.schema.json

	Limits *render.Limits // of the renders; nil means the defaults
}

// Finding is one thing to look at.
type Finding struct {
	ID       string   `json:"id"` // of the Rule
	Severity Severity `json:"severity"`
	Path     string   `json:"path"`              // relative to the chart, with slashes; empty for the chart as a whole
	Line     int      `json:"line,omitempty"`    // of Path, 1-based; 0 if unknown
	Message  string   `json:"message"`           // one line
	Fix      string   `json:"fix,omitempty"`     // what to do
	Outside  bool     `json:"outside,omitempty"` // Path is no file of the chart, but as the user named it
}

// String is the finding on one line.
func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s: %s [%s]", f.Place(), f.Severity, f.Message, f.ID)
	if f.Fix != "" {
		text += ": " + f.Fix
	}
	return text
}

// Place is the path, with the line if that is known; "chart" without a path.
func (f Finding) Place() string {
	if f.Line > 0 {
		return fmt.Sprintf("%s:%d", f.Path, f.Line)
	}
	return cmp.Or(f.Path, "chart")
}

// Unloadable is the finding about a chart that cannot be loaded, and why. It
// has a path only if a file of the chart is at fault.
func Unloadable(err error) Finding {
	rule := ruleOf("chart/load")
	f := Finding{ID: rule.ID, Severity: rule.Severity, Message: strings.Join(strings.Fields(err.Error()), " "), Fix: rule.Fix}
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		f.Path, f.Line = syntax.File, syntax.Line
	} else if _, ok := errors.AsType[*chart.MetadataError](err); ok {
		f.Path = chartYAML
	}
	return f
}

// linter collects findings about one chart.
type linter struct {
	chart    *chart.Chart
	opts     Options
	schema   *kubeschema.Schema
	files    map[string][]string // lines of the templates, by their paths from the chart
	objects  []*object           // everything that the chart and its subcharts render to
	findings []Finding
}

// Lint returns what is to be found in c, sorted by path and line. A chart that
// does not render has a finding of severity Error that says why. When ctx ends
// first, the findings so far are returned.
func Lint(ctx context.Context, c *chart.Chart, o Options) []Finding {
	l := &linter{chart: c, opts: o, files: map[string][]string{}}
	l.lines(c, "")
	files := &linter{chart: c, opts: o}
	var beside sync.WaitGroup
	beside.Go(func() { files.chartFiles(c, "") })
	l.rendered(ctx)
	beside.Wait()
	l.findings = append(files.findings, l.findings...)
	l.silence(c, "")
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.ID, b.ID))
	})
	return slices.Compact(l.findings)
}

// lines splits the templates of a chart, which stands at place.
func (l *linter) lines(c *chart.Chart, place string) {
	for _, t := range c.Templates {
		l.files[place+t.Name] = strings.Split(string(t.Data), "\n")
	}
	for _, d := range c.Dependencies {
		l.lines(d, place+"charts/"+d.Name()+"/")
	}
}

// chartFiles judges the files of a chart, which stands at place, as they are.
func (l *linter) chartFiles(c *chart.Chart, place string) {
	if place == "" || l.opts.WithSubcharts {
		f := fileLinter{linter: l, chart: c, place: place}
		f.chartFile()
		f.dependencies()
		f.valuesFile()
		f.knownSecrets()
		f.templateFiles()
		f.crds()
		f.values()
	}
	for _, d := range c.Dependencies {
		l.chartFiles(d, place+"charts/"+d.Name()+"/")
	}
}

// fileLinter judges the files of one chart.
type fileLinter struct {
	*linter
	chart *chart.Chart
	place string // of the chart below the root: charts/redis/

	defaults *goyaml.Node // the first document of values.yaml, once that was looked at
}

// add notes a finding about one of the chart's own files.
func (f *fileLinter) add(id, file string, line int, format string, args ...any) {
	f.linter.add(id, f.place+file, line, format, args...)
}

// raw is the text of one of the chart's files, as written.
func (f *fileLinter) raw(name string) ([]byte, bool) {
	for _, file := range f.chart.Raw {
		if file.Name == name {
			return file.Data, true
		}
	}
	return nil, false
}

// add notes a finding of the rule id, unless that is disabled.
func (l *linter) add(id, file string, line int, format string, args ...any) {
	l.note(Finding{ID: id, Path: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// note adds a finding, unless its rule is disabled. The severity is the rule's,
// and so is a fix that it lacks.
func (l *linter) note(f Finding) {
	if matches(l.opts.Disabled, f.ID) {
		return
	}
	rule := ruleOf(f.ID)
	f.Severity, f.Fix = l.severity(rule), cmp.Or(f.Fix, rule.Fix)
	f.Message = strings.Join(strings.Fields(f.Message), " ")
	l.findings = append(l.findings, f)
}

func matches(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, id)
		return ok && err == nil
	})
}

func (l *linter) severity(rule Rule) Severity {
	if s, ok := l.opts.Severity[rule.ID]; ok {
		return s
	}
	severity := rule.Severity
	longest := -1 // the most specific pattern wins
	for pattern, s := range l.opts.Severity {
		if len(pattern) > longest && matches([]string{pattern}, rule.ID) {
			severity, longest = s, len(pattern)
		}
	}
	return severity
}

// rendered renders the chart and judges the objects.
func (l *linter) rendered(ctx context.Context) {
	opts := render.Options{
		ReleaseName: l.releaseName(), Namespace: cmp.Or(l.opts.Namespace, "default"),
		Revision: 1, KubeVersion: l.opts.KubeVersion, APIVersions: l.opts.APIVersions,
		SkipSchemaValidation: l.opts.SkipSchemaValidation, Lint: true, Origin: l.opts.Origin, Path: l.opts.Files, Limits: l.opts.Limits,
	}
	result, err := render.Render(ctx, l.chart, l.opts.Values, opts)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		l.renderError(err)
		return
	}
	for _, f := range result.Findings {
		if f.ID != "dependency/version" { // said of Chart.yaml, with its line
			l.add(f.ID, "templates", 0, "%s", f.Message)
		}
	}
	if l.collect(ctx, result) != nil {
		return
	}
	long := l.renderLong(ctx, opts)
	l.loadSchema(ctx)
	for _, o := range l.objects {
		if o.linted {
			l.object(o)
		}
	}
	l.together()
	l.longNames(<-long)
}

func (l *linter) releaseName() string { return cmp.Or(l.opts.ReleaseName, "test-release") }

func (l *linter) renderError(err error) {
	var template *render.Error
	var invalid *render.SchemaError
	switch {
	case errors.As(err, &invalid):
		l.invalidValues(invalid)
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
