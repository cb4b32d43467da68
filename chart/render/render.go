// Package render turns a chart and values into Kubernetes manifests exactly as Helm v4.3.1 does. It is pure: the
// cluster is a lookup function in Options, and it reads no file, no environment and no network.
package render

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/yaml"
)

const notesFile = "NOTES.txt"

// Render renders a chart with user-supplied values. It neither changes c nor values and may be called concurrently. A
// chart that fails is an *Error, a *SchemaError or a *chart.ValuesError; a hostile one is ErrLimit within bounded time
// and memory, as far as text/template lets one see to it.
func Render(ctx context.Context, c *chart.Chart, values map[string]any, opts Options) (*Result, error) {
	if err := check(c, opts); err != nil {
		return nil, err
	}
	var r *Result
	err := within(ctx, opts, func(opts Options) (err error) {
		r, err = renderOnce(ctx, c, values, opts)
		return err
	})
	return r, err
}

func renderOnce(ctx context.Context, c *chart.Chart, values map[string]any, opts Options) (*Result, error) {
	caps, err := newCapabilities(opts)
	if err != nil {
		return nil, err
	}
	if err := checkKubeVersion(c, caps); err != nil {
		return nil, err
	}
	resolved, warnings, err := c.Resolve(values)
	if err != nil {
		return nil, err
	}
	e := newEngine(ctx, opts)
	e.begin(resolved, func(string) bool { return true })
	defer e.parsing.Wait()
	merged, more, err := chart.Coalesce(resolved, values)
	if err != nil {
		return nil, err
	}
	r := &Result{Chart: resolved, Config: values, Values: merged, includeCRDs: opts.IncludeCRDs}
	r.CRDs = crds(resolved, resolved.Name())
	r.addWarnings(append(warnings, more...))
	if !opts.SkipSchemaValidation {
		if err := r.validate(ctx, opts, resolved, merged); err != nil {
			return nil, err
		}
	}
	return r, r.execute(opts, caps, e)
}

func checkKubeVersion(c *chart.Chart, caps *capabilities) error {
	need := c.Metadata.KubeVersion
	switch {
	case need == "" || chart.SatisfiesVersion(need, caps.KubeVersion.String()):
		return nil
	case !chart.IsConstraint(need):
		return fmt.Errorf("chart %s: kubeVersion %q in Chart.yaml is no constraint: write it like >=1.29.0-0",
			c.Name(), need)
	}
	return fmt.Errorf("chart %s needs Kubernetes %s, but this is %s", c.Name(), need, caps.KubeVersion.Version)
}

// check refuses what cannot become a release. A chart that is only linted may be a library and lack dependencies.
func check(c *chart.Chart, opts Options) error {
	if !chart.IsReleaseName(opts.ReleaseName) {
		return fmt.Errorf("release name %q: at most 53 of a-z, 0-9, - and ., beginning and ending with a letter or digit",
			opts.ReleaseName)
	}
	if opts.Lint {
		return nil
	}
	if t := c.Metadata.Type; t != "" && t != "application" {
		return fmt.Errorf("chart %s is a %s chart: it can be a dependency, not a release", c.Name(), t)
	}
	if missing := c.MissingDependencies(); len(missing) > 0 {
		return &DependenciesError{
			Chart: c.Name(), Missing: missing, Ignored: c.IgnoredDependencies(missing), Command: fetchCommand(c, opts),
		}
	}
	return nil
}

// DependenciesError says that a chart's dependencies are not in its charts/.
type DependenciesError struct {
	Chart   string
	Missing []string // their names
	Ignored string   // which pattern of .helmignore hides them, if one does
	Command string   // that fetches them
}

// fetchCommand is the command that fetches a chart's dependencies.
func fetchCommand(c *chart.Chart, opts Options) string {
	folder := "."
	if opts.Path != nil {
		folder = path.Dir(filepath.ToSlash(opts.Path(c.Name() + "/Chart.yaml")))
	}
	return c.FetchCommand(folder)
}

// Error is one line.
func (e *DependenciesError) Error() string {
	text := fmt.Sprintf("chart %s depends on %s, which charts/ lacks: ", e.Chart, strings.Join(e.Missing, ", "))
	switch {
	case e.Ignored != "":
		return text + e.Ignored
	case len(e.Missing) > 1:
		return text + "fetch them with " + strconv.Quote(e.Command)
	}
	return text + "fetch it with " + strconv.Quote(e.Command)
}

func (r *Result) addWarnings(list []chart.Warning) {
	for _, w := range list {
		if f := Finding(w); !slices.Contains(r.Findings, f) {
			r.Findings = append(r.Findings, f)
		}
	}
}

// execute renders the templates and sorts what comes out.
func (r *Result) execute(opts Options, caps *capabilities, e *engine) error {
	rendered, err := e.run(r.roots(opts, caps, max(opts.Revision, 1)))
	r.Findings = append(r.Findings, e.findings...)
	if err != nil {
		return r.withHint(opts, e, err)
	}
	slices.SortFunc(rendered, func(a, b *rendering) int { return strings.Compare(a.name, b.name) })
	rendered = r.takeNotes(rendered, opts.SubchartNotes)
	return r.located(opts, e, r.takeManifests(rendered))
}

// roots are the root objects by basePath. What all charts see is the same; the rest is their own.
func (r *Result) roots(opts Options, caps *capabilities, revision int) map[string]values {
	roots := map[string]values{}
	top := map[string]any{
		"Values":       values(r.Values),
		"Capabilities": caps,
		"Release": map[string]any{
			"Name":      opts.ReleaseName,
			"Namespace": opts.Namespace,
			"IsUpgrade": opts.IsUpgrade,
			"IsInstall": !opts.IsUpgrade,
			"Revision":  revision,
			"Service":   "Helm",
		},
	}
	collect(r.Chart, r.Chart.Name(), nil, top, roots)
	return roots
}

// withHint adds to an error what the values hold where a template failed.
func (r *Result) withHint(opts Options, e *engine, err error) error {
	if failed, ok := errors.AsType[*Error](err); ok {
		failed.path = opts.Path
		if failed.Advice == "" {
			r.explain(opts, e, failed)
		}
	}
	return err
}

// located adds to an error about a rendered document which template wrote it.
func (r *Result) located(opts Options, e *engine, err error) error {
	if invalid, ok := errors.AsType[*Error](err); ok {
		e.locate(invalid)
		invalid.hideSecret()
		invalid.path = opts.Path
		r.explain(opts, e, invalid)
	}
	return err
}

// takeNotes removes the notes from the renderings and keeps the root chart's, or all of them.
func (r *Result) takeNotes(rendered []*rendering, all bool) []*rendering {
	own := path.Join(r.Chart.Name(), "templates", notesFile)
	var notes []string
	rest := rendered[:0]
	for _, f := range rendered {
		switch {
		case !strings.HasSuffix(f.name, notesFile):
			rest = append(rest, f)
		case all || f.name == own:
			notes = append(notes, f.text)
		}
	}
	r.Notes = strings.Join(notes, "\n")
	return rest
}

// takeManifests splits the renderings into manifests and hooks.
func (r *Result) takeManifests(rendered []*rendering) error {
	for _, f := range rendered {
		if f.err != nil {
			return f.err
		}
		for _, doc := range f.docs {
			r.addDocument(f.name, doc)
		}
	}
	sortManifests(r.Manifests)
	sortHooks(r.Hooks)
	return nil
}

func (r *Result) addDocument(source string, doc document) {
	h := doc.head
	m := Manifest{
		Source: source, APIVersion: h.apiVersion, Kind: h.kind, Name: h.name, Namespace: h.namespace, Content: doc.text,
	}
	if _, ok := h.annotations[hookAnnotation]; !ok {
		r.Manifests = append(r.Manifests, m)
		return
	}
	hook, ok := newHook(m, h.annotations)
	if !ok {
		r.Findings = append(r.Findings, Finding{
			ID: "manifest/unknown-hook",
			Message: fmt.Sprintf("%s: %s %s is left out: no such hook: %s",
				source, h.kind, h.name, h.annotations[hookAnnotation]),
		})
		return
	}
	r.Hooks = append(r.Hooks, hook)
}

// crds lists crds/ of a chart and of its dependencies.
func crds(c *chart.Chart, place string) []CRD {
	var out []CRD
	for _, f := range c.Files {
		ext := strings.ToLower(path.Ext(f.Name))
		if strings.HasPrefix(f.Name, "crds/") && (ext == ".yaml" || ext == ".yml" || ext == ".json") {
			out = append(out, CRD{Source: path.Join(place, f.Name), Data: f.Data})
		}
	}
	for _, d := range c.Dependencies {
		out = append(out, crds(d, path.Join(place, "charts", d.Name()))...)
	}
	return out
}

// yamlError shows the rendered lines around the place that does not parse, or those that a document begins with.
func yamlError(f *rendering, doc document, err error) error {
	const around = 3
	at, message := yaml.ErrorLine(err)
	lines := strings.Split(f.text, "\n")
	out := &Error{Template: f.name, Cause: errors.New("invalid YAML: " + message)}
	out.RenderedLine = min(doc.line+max(at, 1)-1, len(lines))
	first := max(out.RenderedLine-around, 1)
	last := min(out.RenderedLine+around, len(lines))
	out.Rendered, out.RenderedFirst = slices.Clone(lines[first-1:last]), first
	out.secret = secretKind.MatchString(doc.text)
	return out
}
