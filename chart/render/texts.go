package render

import (
	"cmp"
	"context"

	"github.com/pintle-ci/pintle/chart"
)

// Text is what one template wrote, before anything reads it as YAML.
type Text struct {
	Name string // <chart>/templates/x, <chart>/charts/<sub>/templates/x
	Text string
}

// Unit is what a unit test of templates asks for beyond Options.
type Unit struct {
	// Select says which template files take part, by the names that Text has. The others are not even parsed. Partials,
	// whose names begin with _, always take part. Nil selects all.
	Select func(template string) bool

	// ChartVersion and AppVersion, if not empty, stand in for those of the chart and of its direct dependencies.
	ChartVersion, AppVersion string

	// KeepNulls shows templates the nulls in charts' default values, as Helm 3 does.
	KeepNulls bool

	// Shared, if not nil, takes what the renders of a chart have in common from one call to the next.
	Shared *Shared
}

// Texts executes the selected templates of a chart and returns what each of them wrote, in the order of execution.
// Unlike Render it makes no release of it: any release name and revision will do, the chart may be a library, may lack
// dependencies and may want another Kubernetes, and nothing reads the texts. The errors are those of Render. It may be
// called concurrently.
func Texts(ctx context.Context, c *chart.Chart, values map[string]any, opts Options, unit Unit) ([]Text, error) {
	var out []Text
	err := within(ctx, opts, func(opts Options) (err error) {
		out, err = textsOnce(ctx, c, values, opts, unit)
		return err
	})
	return out, err
}

func textsOnce(ctx context.Context, c *chart.Chart, values map[string]any, opts Options, unit Unit) ([]Text, error) {
	caps, err := newCapabilities(opts)
	if err != nil {
		return nil, err
	}
	resolved, _, err := c.Resolve(values)
	if err != nil {
		return nil, err
	}
	merged, _, err := chart.Coalesce(resolved, values)
	if err != nil {
		return nil, err
	}
	if unit.KeepNulls {
		keepNulls(resolved, merged, values)
	}
	r := &Result{Chart: resolved, Config: values, Values: merged, shared: unit.Shared}
	if !opts.SkipSchemaValidation {
		if err := r.validate(ctx, opts, resolved, merged); err != nil {
			return nil, err
		}
	}
	unit.rename(resolved)
	e := newEngine(ctx, opts)
	e.shared = unit.Shared
	e.begin(resolved, func(name string) bool { return unit.Select == nil || isPartial(name) || unit.Select(name) })
	rendered, err := e.run(r.roots(opts, caps, opts.Revision))
	if err != nil {
		return nil, r.withHint(opts, e, err)
	}
	out := make([]Text, len(rendered))
	for i, f := range rendered {
		out[i] = Text{f.name, f.text}
	}
	return out, nil
}

// rename changes the versions of a resolved chart, whose metadata is a copy.
func (u Unit) rename(c *chart.Chart) {
	set := func(md *chart.Metadata) {
		md.Version = cmp.Or(u.ChartVersion, md.Version)
		md.AppVersion = cmp.Or(u.AppVersion, md.AppVersion)
	}
	set(c.Metadata)
	for _, d := range c.Dependencies {
		set(d.Metadata)
	}
}
