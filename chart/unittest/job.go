package unittest

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

const (
	defaultRelease   = "RELEASE-NAME"
	defaultNamespace = "NAMESPACE"
)

// job is one test with what it takes to run it.
type job struct {
	plan     *Plan
	suite    *Suite
	test     *Test
	selected func(template string) bool
	files    *valuesFiles
	book     *snapshotBook
	unasked  int       // assertions that found no document to ask, which is fine
	nulls    bool      // the chart's null defaults are kept
	warnings []Problem // what assertions let pass, but should not
}

// rendered is what a test rendered.
type rendered struct {
	docs   map[string][]*document // by template; a failed render has none
	names  []string               // of all templates that wrote something, also such as cannot be tested
	failed *failedRender
}

// reason says why the test is not run; empty means that it is.
func (j *job) reason() string { return cmp.Or(j.suite.Skip.reason(), j.test.Skip.reason()) }

// run renders and checks. An error is one of the test itself: it could not be
// run, or its render failed though no assertion expects that.
func (j *job) run(ctx context.Context) ([]Failure, *comparer, error) {
	snapshot := &comparer{known: j.book.known[j.test.Name], update: j.plan.opts.Update}
	if !j.suite.PostRenderer.IsZero() || !j.test.PostRenderer.IsZero() {
		return nil, snapshot, errors.New("postRenderer is not supported, because tests run no programs; assert what the templates render")
	}
	out, err := j.render(ctx)
	if err != nil {
		return nil, snapshot, err
	}
	if out.failed != nil && !j.expectsFailure() {
		return nil, snapshot, out.failed.err
	}
	var failures []Failure
	for _, a := range j.test.Assertions {
		for _, f := range j.assert(a, out, snapshot) {
			f.File, f.Line, f.Assertion = j.suite.File, a.Line, a.Type
			if a.Not {
				f.Assertion = "not " + a.Type
			}
			failures = append(failures, f)
		}
		if len(failures) > 0 && j.plan.opts.FailFast {
			break
		}
	}
	return failures, snapshot, nil
}

func (j *job) expectsFailure() bool {
	return slices.ContainsFunc(j.test.Assertions, func(a *Assertion) bool { return a.kind.failure })
}

// render executes the templates. A failed render is no error.
func (j *job) render(ctx context.Context) (*rendered, error) {
	values, err := j.userValues(j.files)
	if err != nil {
		return nil, err
	}
	opts, err := j.options()
	if err != nil {
		return nil, err
	}
	texts, err := render.Texts(ctx, j.plan.Chart, values, opts, render.Unit{
		Select:       j.selected,
		KeepNulls:    j.nulls,
		Shared:       &j.plan.shared,
		ChartVersion: cmp.Or(j.test.Chart.Version, j.suite.Chart.Version),
		AppVersion:   cmp.Or(j.test.Chart.AppVersion, j.suite.Chart.AppVersion),
	})
	if stop := context.Cause(ctx); stop != nil {
		return nil, stop
	}
	out := &rendered{docs: map[string][]*document{}}
	if err != nil {
		out.failed = newFailedRender(err)
		if f := out.failed.file; f != "" {
			out.names = []string{f}
		}
		return out, nil
	}
	for _, t := range texts {
		if err := out.add(t.Name, t.Text); err != nil {
			return nil, err
		}
	}
	return out, j.addCRDs(out, values)
}

func (r *rendered) add(name, text string) error {
	docs, ok, err := readText(name, text)
	if err != nil {
		return fmt.Errorf("%s renders to invalid YAML: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	r.names = append(r.names, name)
	if ok {
		r.docs[name] = docs
	}
	return nil
}

// addCRDs adds the files in crds/ of the chart and its dependencies.
func (j *job) addCRDs(out *rendered, values map[string]any) error {
	if !j.suite.IncludeCRDs {
		return nil
	}
	resolved, _, err := j.plan.Chart.Resolve(values)
	if err != nil {
		return err
	}
	var add func(c *chart.Chart, place string) error
	add = func(c *chart.Chart, place string) error {
		for _, f := range c.Files {
			ext := path.Ext(f.Name)
			if !strings.HasPrefix(f.Name, "crds/") || ext != ".yaml" && ext != ".yml" && ext != ".json" {
				continue
			}
			docs, err := parseDocuments(string(f.Data))
			if err != nil {
				return fmt.Errorf("%s: %w", path.Join(place, f.Name), err)
			}
			name := path.Join(place, f.Name)
			out.names = append(out.names, name)
			out.docs[name] = docs
		}
		for _, d := range c.Dependencies {
			if err := add(d, path.Join(place, "charts", d.Name())); err != nil {
				return err
			}
		}
		return nil
	}
	return add(resolved, resolved.Name())
}

// options are those of the test over those of the suite.
func (j *job) options() (render.Options, error) {
	t, s := j.test, j.suite
	lookup, err := t.Cluster.over(s.Cluster).lookup()
	if err != nil {
		return render.Options{}, err
	}
	version, err := kubeVersion(cmp.Or(t.Capabilities.Major, s.Capabilities.Major), cmp.Or(t.Capabilities.Minor, s.Capabilities.Minor))
	if err != nil {
		return render.Options{}, err
	}
	return render.Options{
		ReleaseName: cmp.Or(t.Release.Name, s.Release.Name, defaultRelease),
		Namespace:   cmp.Or(t.Release.Namespace, s.Release.Namespace, defaultNamespace),
		Revision:    cmp.Or(t.Release.Revision, s.Release.Revision),
		IsUpgrade:   t.Release.Upgrade || s.Release.Upgrade,
		KubeVersion: version, APIVersions: apiVersions(t, s), Discovered: true,
		Lookup: lookup, Origin: j.origin, Path: j.plan.Chart.FilePaths(j.plan.Dir), SkipSchemaValidation: j.plan.opts.SkipSchemas,
		Limits: j.plan.opts.Limits,
	}, nil
}
