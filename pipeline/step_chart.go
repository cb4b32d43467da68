package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/lint"
	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/registry"
)

// lint looks for what is wrong with the chart as it will be deployed: with the
// values of the environment.
func (j *job) lint(ctx context.Context, span event.Span) event.Result {
	values, err := j.values()
	if err != nil {
		return failed(err)
	}
	j.learnChart(values)
	o := LintOptions(j.Config, j.unit.Name)
	o.Values, o.Origin, o.ReleaseName, o.Namespace = values, j.origin, j.unit.Release, j.unit.Namespace
	o.Files, o.Limits, o.SkipSchemaValidation = j.chartFiles(), j.Limits, j.SkipSchemaValidation
	findings := lint.Lint(ctx, j.chart, o)
	var bad []string
	mild := 0
	for _, f := range findings {
		if o.Files != nil && !f.Outside {
			f.Path = path.Join(j.unit.Chart, f.Path)
		}
		switch {
		case f.Severity == lint.Error, f.Severity == lint.Warning && j.Config.Lint.Strict:
			bad = append(bad, f.String())
		case f.Severity == lint.Warning:
			mild++
			span.Warn(f.String())
		}
	}
	if len(bad) > 0 {
		message := bad[0]
		if len(bad) > 1 {
			message = fmt.Sprintf("%s; and %d more", oneLine(bad[0]), len(bad)-1)
		}
		return event.Result{Status: event.Failed, Message: oneLine(message), Details: strings.Join(bad, "\n")}
	}
	return event.Result{Status: event.Passed, Message: warnings(mild)}
}

// chartFiles names the files of a chart in the repository by their paths there; it
// is nil for a chart that is elsewhere.
func (j *job) chartFiles() func(name string) string {
	paths := j.chart.FilePaths(j.Path(j.unit.Chart))
	if paths == nil {
		return nil
	}
	return func(name string) string {
		return strings.TrimPrefix(paths(name), j.Config.Dir+string(filepath.Separator))
	}
}

// LintOptions are what pintle.yaml says of findings, for all and for the service,
// if there is one of that name: Disabled, Severity and KubeVersion.
func LintOptions(c *config.Config, service string) lint.Options {
	all := c.Lint
	o := lint.Options{KubeVersion: all.KubeVersion, Severity: map[string]lint.Severity{}}
	own := config.ServiceLint{}
	if s := c.Services[service]; s != nil {
		own = s.Lint
	}
	o.Disabled = slices.Concat(all.Disable, own.Disable)
	for _, list := range []map[string]string{all.Severity, own.Severity} {
		for id, severity := range list {
			o.Severity[id] = lint.Severity(severity)
		}
	}
	return o
}

// values are what the user gives to the chart.
func (j *job) values() (map[string]any, error) { return j.requests.values(j.unit) }

// origin says who set the value at path, for the message of a template's error.
func (j *job) origin(path []string) string {
	if holds(j.unit.Set, path) {
		return "set of " + j.unit.Name + " in pintle.yaml"
	}
	return chart.ValueSources{Files: j.unit.Values}.Origin(path, j.requests.readValues)
}

func holds(tree map[string]any, path []string) bool {
	value, ok := tree[path[0]]
	if !ok || len(path) == 1 {
		return ok
	}
	below, ok := value.(map[string]any)
	return ok && holds(below, path[1:])
}

// pack makes the archive that is pushed and deployed.
func (j *job) pack(ctx context.Context, _ event.Span) event.Result {
	archive, name, err := chart.Package(ctx, j.chart, chart.PackageOptions{Time: j.version.Time})
	if err != nil {
		return failed(err)
	}
	j.archive = archive
	if err := files.WriteBelow(j.ReportDir, "charts/"+name, archive); err != nil {
		return failed(fmt.Errorf("write %s: %w", name, err))
	}
	// What is deployed is read back from what is published, so they cannot differ.
	if j.chart, err = chart.LoadArchive(ctx, bytes.NewReader(archive)); err != nil {
		return failed(err)
	}
	return event.Result{Status: event.Passed, Message: fmt.Sprintf("%s, %d bytes", name, len(archive)), Version: j.version.Number}
}

// push publishes the archive. The same content under the same version is no
// error, because a commit may be built twice; other content is refused.
func (j *job) push(ctx context.Context, span event.Span) event.Result {
	ref := j.Config.Registry.Charts
	if ref == "" {
		return event.Result{Status: event.Skipped, Message: "pintle.yaml has no registry.charts"}
	}
	pushed, err := oci.Push(ctx, ref, j.archive, oci.PushOptions{Access: j.access(span), Created: j.version.Time})
	if _, conflict := errors.AsType[*oci.ConflictError](err); conflict && j.version.Unchanged {
		return j.usePublished(ctx, span, ref)
	}
	if err != nil {
		return failed(err)
	}
	if pushed.AlreadyPublished {
		return event.Result{Status: event.Unchanged, Message: "already published: " + pushed.Ref, Version: j.version.Number}
	}
	return event.Result{Status: event.Passed, Message: pushed.Ref + "@" + pushed.Digest, Version: j.version.Number}
}

// usePublished takes the chart as it was published: the service has not changed
// since, so what differs is what pintle.yaml writes into it, and that alone
// makes no new version.
func (j *job) usePublished(ctx context.Context, span event.Span, ref string) event.Result {
	archive, pulled, err := oci.Pull(ctx, ref+"/"+j.chart.Metadata.Name, oci.PullOptions{Access: j.access(span), Version: j.version.Number})
	if err != nil {
		return failed(err)
	}
	if j.chart, err = chart.LoadArchive(ctx, bytes.NewReader(archive)); err != nil {
		return failed(fmt.Errorf("%s: %w", pulled.Ref, err))
	}
	span.Warn(fmt.Sprintf("would be packaged otherwise today (registry.images or image in pintle.yaml changed?), but it has not changed since %s: "+
		"the published chart is used; a new tag publishes it anew", j.version.Tag))
	return event.Result{Status: event.Unchanged, Message: "already published: " + pulled.Ref, Version: j.version.Number}
}

// pull gets a third-party chart.
func (j *job) pull(ctx context.Context, span event.Span) event.Result {
	if !strings.HasPrefix(j.unit.Chart, registry.Scheme) {
		c, err := chart.LoadFrom(ctx, j.Config.Tree(), j.Path(j.unit.Chart))
		if err != nil {
			return failed(err)
		}
		j.chart = c
		return event.Result{Status: event.Passed, Message: c.Metadata.Name + " " + c.Metadata.Version, Version: c.Metadata.Version}
	}
	archive, pulled, err := oci.Pull(ctx, j.unit.Chart, oci.PullOptions{Access: j.access(span), Version: j.unit.ChartVersion})
	if err != nil {
		return event.Result{Status: event.Failed, Message: oneLine(j.blame(j.unit, "chart", err))}
	}
	if j.chart, err = chart.LoadArchive(ctx, bytes.NewReader(archive)); err != nil {
		return failed(fmt.Errorf("%s: %w", pulled.Ref, err))
	}
	if text := pulled.Odd(j.chart); text != "" {
		span.Warn(text)
	}
	return event.Result{Status: event.Passed, Message: pulled.Ref + "@" + pulled.Digest, Version: pulled.Version}
}

// access is how registries are reached. What pintle.yaml says of plain HTTP may be
// a fork's word, so no credentials go by it.
func (j *job) access(span event.Span) registry.Access {
	a := j.Registry
	a.Untrusted = j.Config.Registry.PlainHTTP && !a.PlainHTTP
	a.PlainHTTP = a.PlainHTTP || j.Config.Registry.PlainHTTP
	a.Warn = func(text string) { span.Warn(text) }
	return a
}
