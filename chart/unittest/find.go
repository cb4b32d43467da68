package unittest

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gobwas/glob"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/internal/files"
)

// DefaultFiles are the suite files of a chart, unless others are asked for.
const DefaultFiles = "tests/*_test.yaml"

// maxSuiteFiles bounds the suite files of a chart and its subcharts.
const maxSuiteFiles = 10_000

// Options say which suites to run, and how.
type Options struct {
	Files       []string // patterns of suite files from the chart's folder; DefaultFiles if empty. ** crosses folders
	TestChart   string   // a folder in the chart with a chart that renders to suites
	Values      []string // values files for all suites
	SkipSubs    bool     // leave the suites of the charts in charts/ out
	Strict      bool     // keys of suites and tests that nothing reads are problems, not warnings
	FailFast    bool     // what comes after the first failure is not run
	Update      bool     // take snapshots again instead of comparing with them
	SkipSchemas bool     // do not hold values against values.schema.json

	Limits *render.Limits // of the renders; nil means the defaults
}

// Plan is the suites of a chart, ready to run.
type Plan struct {
	Chart    *chart.Chart
	Dir      string
	Suites   []*Suite
	Warnings []Problem // keys that nothing reads, files without a suite

	// Unmatched are the patterns of Options.Files that no file matches.
	Unmatched []string

	tree      files.Tree // around Dir: what suites name is in it
	opts      Options
	shared    render.Shared  // by the renders of all tests
	templates []templateText // for messages
	nulls     bool           // nulls stand in the default values of the chart or its subcharts
}

// Load loads the chart in a folder and reads its suites. Suites that are wrong
// are a *SuiteError with all that is wrong.
func Load(ctx context.Context, dir string, opts Options) (*Plan, error) {
	c, err := chart.Load(ctx, dir)
	if err != nil {
		return nil, err
	}
	tree, err := files.Around(dir)
	if err != nil {
		return nil, err
	}
	p := &Plan{Chart: c, Dir: dir, tree: tree, opts: opts, templates: templatesBelow(c, c.Name()), nulls: hasNullDefaults(c)}
	defaults, err := p.defaultValues()
	if err != nil {
		return nil, err
	}
	f := &finder{plan: p, values: defaults, matched: map[string]bool{}}
	if err := f.chart(ctx, dir, c.Name(), c); err != nil {
		return nil, err
	}
	if opts.Strict {
		f.refuseWarnings()
	}
	if len(f.problems) > 0 {
		slices.SortStableFunc(f.problems, func(a, b Problem) int {
			return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
		return nil, &SuiteError{slices.Compact(f.problems), p.Warnings}
	}
	for _, pattern := range opts.Files {
		if !f.matched[pattern] {
			p.Unmatched = append(p.Unmatched, pattern)
		}
	}
	return p, nil
}

// defaultValues decide which subcharts take part: those of the chart with the
// values files of the options over them.
func (p *Plan) defaultValues() (map[string]any, error) {
	values := p.Chart.Values
	for _, name := range p.opts.Values {
		file, err := readValues(valuesFile{name: name})
		if err != nil {
			return nil, err
		}
		values = chart.MergeMaps(values, file)
	}
	return values, nil
}

// treeOf is where a suite file and what it names must be: around the chart, or
// around the folder of a file that is not below it, which the command line names.
func (p *Plan) treeOf(suite string) *files.Tree {
	if rel, err := filepath.Rel(p.Dir, suite); err != nil || !filepath.IsLocal(rel) {
		if tree, err := files.Around(filepath.Dir(suite)); err == nil {
			return &tree
		}
	}
	return &p.tree
}

// finder collects the suites of a chart and its subcharts.
type finder struct {
	plan     *Plan
	values   map[string]any
	problems []Problem
	files    int
	matched  map[string]bool // patterns that found files
}

func (f *finder) chart(ctx context.Context, dir, route string, c *chart.Chart) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := f.suiteFiles(dir, route); err != nil {
		return err
	}
	if f.plan.opts.TestChart != "" {
		if err := f.testChart(ctx, filepath.Join(dir, f.plan.opts.TestChart), route); err != nil {
			return err
		}
	}
	if f.plan.opts.SkipSubs {
		return nil
	}
	for _, sub := range c.Dependencies {
		folder := filepath.Join(dir, "charts", sub.Name())
		if info, err := os.Stat(folder); err != nil || !info.IsDir() || !enabled(c, sub, f.values) {
			continue
		}
		if err := f.chart(ctx, folder, route+"/charts/"+sub.Name(), sub); err != nil {
			return err
		}
	}
	return nil
}

// enabled reports whether the suites of a subchart are looked at: its first
// condition, else its tags, must not disable it by default.
func enabled(parent, sub *chart.Chart, values map[string]any) bool {
	for _, d := range parent.Metadata.Dependencies {
		if cmp.Or(d.Alias, d.Name) != sub.Name() {
			continue
		}
		if d.Condition != "" {
			return conditionHolds(d.Condition, values)
		}
		tags, ok := values["tags"].(map[string]any)
		return len(d.Tags) == 0 || !ok || slices.ContainsFunc(d.Tags, func(tag string) bool { return tags[tag] == true })
	}
	return true
}

func conditionHolds(path string, values map[string]any) bool {
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		next, ok := values[key].(map[string]any)
		if !ok {
			return true
		}
		values = next
	}
	return values[keys[len(keys)-1]] != false
}

// suiteFiles reads the suite files that the patterns find in a chart's folder.
func (f *finder) suiteFiles(dir, route string) error {
	patterns := f.plan.opts.Files
	if len(patterns) == 0 {
		patterns = []string{DefaultFiles}
	}
	seen := map[string]bool{}
	for _, pattern := range patterns {
		names, err := matchFiles(dir, pattern)
		if err != nil {
			return err
		}
		f.matched[pattern] = f.matched[pattern] || len(names) > 0
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			if f.files++; f.files > maxSuiteFiles {
				return fmt.Errorf("%s: more than %d suite files", dir, maxSuiteFiles)
			}
			data, err := f.plan.treeOf(name).ReadFile(name, maxSuiteFile)
			if err != nil {
				f.problems = append(f.problems, Problem{File: name, Message: err.Error()})
				continue
			}
			suites, problems, warnings := ParseSuites(name, data)
			if len(suites) == 0 && len(problems) == 0 {
				warnings = []Problem{{File: name, Message: "the file has no suite"}}
			}
			f.add(suites, problems, warnings, route)
		}
	}
	return nil
}

func (f *finder) add(suites []*Suite, problems, warnings []Problem, route string) {
	for _, s := range suites {
		s.Route = route
	}
	f.plan.Suites = append(f.plan.Suites, suites...)
	f.plan.Warnings = append(f.plan.Warnings, warnings...)
	f.problems = append(f.problems, problems...)
}

// refuseWarnings makes problems of the warnings, but for those that are lenient.
func (f *finder) refuseWarnings() {
	all := f.plan.Warnings
	f.plan.Warnings = nil
	for _, w := range all {
		if w.lenient {
			f.plan.Warnings = append(f.plan.Warnings, w)
		} else {
			f.problems = append(f.problems, w)
		}
	}
}

// matchFiles lists the files that a pattern finds in a folder, sorted. An
// absolute path is a file itself.
func matchFiles(dir, pattern string) ([]string, error) {
	if filepath.IsAbs(pattern) {
		return []string{pattern}, nil
	}
	dir = filepath.Clean(dir)
	if rest, ok := strings.CutPrefix(pattern, dir+"/"); ok && dir != "." {
		pattern = rest // it is from the working folder
	}
	pattern = filepath.ToSlash(filepath.Clean(pattern))
	base := pattern
	if special := strings.IndexAny(pattern, `*?[{\`); special >= 0 {
		base = pattern[:special]
	}
	var globs []glob.Glob
	for _, alternative := range withoutFolders(pattern) {
		compiled, err := glob.Compile(alternative, '/')
		if err != nil {
			return nil, fmt.Errorf("suite files %s: %w", pattern, err)
		}
		globs = append(globs, compiled)
	}
	start := filepath.Join(dir, filepath.Dir(filepath.FromSlash(base+"x")))
	var out []string
	err := filepath.WalkDir(start, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // what cannot be read cannot be found
		}
		rel, err := filepath.Rel(dir, name)
		if err == nil && slices.ContainsFunc(globs, func(g glob.Glob) bool { return g.Match(filepath.ToSlash(rel)) }) {
			out = append(out, name)
		}
		return nil
	})
	return out, err
}

// withoutFolders lists a pattern with and without each of its first few **/,
// which stand for no folder too. An alternative in braces would say the same, but
// there the library matches nothing.
func withoutFolders(pattern string) []string {
	list := []string{""}
	for range 4 {
		before, after, found := strings.Cut(pattern, "**/")
		if !found {
			break
		}
		pattern = after
		for _, begin := range list {
			list = append(list, begin+before)
		}
		for i := range len(list) / 2 {
			list[i] += before + "**/"
		}
	}
	for i := range list {
		list[i] += pattern
	}
	return list
}

// testChart renders the chart in a folder: each template is a suite file. There
// need not be one.
func (f *finder) testChart(ctx context.Context, dir, route string) error {
	if _, err := os.Stat(filepath.Join(dir, "Chart.yaml")); err != nil {
		return nil //nolint:nilerr // no chart, no suites
	}
	c, err := chart.LoadFrom(ctx, f.plan.tree, dir)
	if err != nil {
		return err
	}
	texts, err := render.Texts(ctx, c, nil, render.Options{ReleaseName: "TEST-SUITE-RELEASE", Namespace: defaultNamespace, Revision: 1, Limits: f.plan.opts.Limits}, render.Unit{})
	if err != nil {
		return fmt.Errorf("test chart %s: %w", dir, err)
	}
	slices.SortFunc(texts, func(a, b render.Text) int { return strings.Compare(a.Name, b.Name) })
	for _, t := range texts {
		name := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(t.Name, c.Name()+"/")))
		suites, problems, warnings := ParseSuites(name, []byte(t.Text))
		if len(suites) == 0 && len(problems) == 0 {
			problems = []Problem{{File: name, Message: "the template renders to no suite"}}
		}
		for i, s := range suites {
			s.SnapshotID = cmp.Or(s.SnapshotID, fmt.Sprint(i))
			if s.Name == "" {
				problems = append(problems, Problem{File: name, Message: fmt.Sprintf("suite %d of a test chart must have a name: suite: ...", i+1)})
			}
		}
		f.add(suites, problems, warnings, route)
	}
	return nil
}
