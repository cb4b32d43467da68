package config

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/versioning"
)

// validator finds what is wrong with a decoded file, and goes on after each
// finding.
type validator struct {
	*source
	c    *Config
	fsys fs.FS
}

// reportDir is what may be written into a shell line of a CI file.
var reportDir = lazyregexp.New(`^[\w./-]+$`)

// validate checks the file against itself.
func (v *validator) validate() {
	if v.says("project") {
		v.dnsLabel("project", v.c.Project)
	}
	v.version()
	v.registry()
	if v.says("services") && len(v.c.Services) == 0 && !v.doubtful("services") {
		v.bad("services", "leave the key out for the convention services/NAME/chart, or name a service", "is empty")
	}
	for _, name := range v.inOrder("services", slices.Collect(maps.Keys(v.c.Services))) {
		v.service(name, v.c.Services[name])
	}
	for _, name := range v.inOrder("releases", slices.Collect(maps.Keys(v.c.Releases))) {
		v.release(name, v.c.Releases[name])
	}
	v.versionFiles()
	v.environments()
	v.needs()
	v.collisions()
	v.deploy()
	v.lint()
	v.limits()
	v.readiness()
	if v.says("report.dir") {
		v.inside("report.dir", v.c.Report.Dir)
		if !reportDir.MatchString(v.c.Report.Dir) || path.Clean(v.c.Report.Dir) == "." {
			v.bad("report.dir", "write "+defaultReport, "%q must be a folder of its own, of letters, digits, . _ - and /", v.c.Report.Dir)
		}
	}
}

// inOrder sorts names as the file has them below section; what the file does
// not have stands behind, by name.
func (v *validator) inOrder(section string, names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		p, q := v.keys[child(section, a)], v.keys[child(section, b)]
		return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column), cmp.Compare(a, b))
	})
	return names
}

// dnsLabel checks a value that must be a DNS label.
func (v *validator) dnsLabel(path, value string) {
	if !label.MatchString(value) {
		v.bad(path, "write "+labelLike(value), "%q is no DNS label: a-z, 0-9 and -, at most 63", value)
	}
}

// name checks the name of a service, a release or an environment.
func (v *validator) name(section, name string) {
	if !label.MatchString(name) {
		at := child(section, name)
		v.add(v.key(at), "write "+labelLike(name), "%s: the name %q is no DNS label: a-z, 0-9 and -, at most 63", section, name)
	}
}

// labelLike returns the DNS label that is most like s.
func labelLike(s string) string {
	l := strings.Trim(unsluggable.ReplaceAllString(strings.ToLower(s), "-"), "-")
	return cmp.Or(strings.TrimRight(l[:min(len(l), maxLabel)], "-"), "a name")
}

// tagText is what a tag may be made of, beyond git's own rules for names: what is no trouble in a shell line.
var tagText = lazyregexp.New(`^[A-Za-z0-9@][A-Za-z0-9._/@+=-]*$`)

// tagSample is a tag as a template names it; templates have braces, which names of tags may have only in places.
func tagSample(template string) string {
	return placeholder.ReplaceAllString(fill(template, map[string]string{"version": "1.0.0"}), "name")
}

func (v *validator) version() {
	tag := v.c.Version.Tag
	const hint = `write "v{version}" for one version of all, or "{service}/v{version}" for one a service`
	for _, name := range placeholders(tag) {
		if name != "service" && name != "version" {
			v.bad("version.tag", suggest(name, []string{"service", "version"}), "unknown placeholder {%s}", name)
		}
	}
	switch {
	case !tagText.MatchString(tagSample(tag)) || !versioning.RefName(tagSample(tag)):
		v.bad("version.tag", hint, "%q cannot be the name of a git tag", tag)
	case strings.Count(tag, "{version}") != 1 || !strings.HasSuffix(tag, "{version}"):
		v.bad("version.tag", hint, "%q must end with {version}", tag)
	}
	v.oneOf("version.fetch", v.c.Version.Fetch, FetchAuto, FetchNever)
	v.semver("version.initial", v.c.Version.Initial)
	if v.says("version.next") {
		v.semver("version.next", v.c.Version.Next)
	}
	for i, branch := range v.c.Version.Trunk {
		at := fmt.Sprintf("version.trunk[%d]", i)
		if (branch == "" || !literal(branch)) && !v.doubtful(at) {
			v.bad(at, "write each branch by its name: [main, develop]", "%q is no name of a branch", branch)
		}
	}
	v.labels()
}

func (v *validator) semver(path, value string) {
	if _, err := semver.StrictNewVersion(value); err != nil && !v.doubtful(path) {
		v.bad(path, "write it whole, without a v: 2.0.0", "%q is no version", value)
	}
}

func (v *validator) glob(path, pattern string) {
	if err := checkGlob(pattern); err != nil && !v.doubtful(path) {
		v.bad(path, `write a branch, or a pattern: feature/*`, "the pattern %q %v", pattern, err)
	}
}

func (v *validator) service(name string, s *Service) {
	at := child("services", name)
	v.name("services", name)
	v.inside(at+".path", s.Path)
	if v.says(at + ".chart") {
		v.inside(at+".chart", s.Chart)
	}
	if v.says(at+".image") && !s.Image.None {
		v.image(at+".image", s.Image)
	}
	v.common(at, unitFields{s.Values, s.Namespace, s.Path, s.OnConflict, s.Downgrade})
	v.template(at+".release", s.Release, known)
	v.releaseName(at+".release", name, s.Release)
	for i, folder := range s.Watch {
		v.inside(fmt.Sprintf("%s.watch[%d]", at, i), folder)
	}
	v.images(at, s)
	v.placesOfVersion(at+".files", s.Files)
}

// unitFields are the fields that services and releases have in common.
type unitFields struct {
	values    []string
	namespace string
	folder    string // that values files are relative to
	conflict  string
	downgrade string
}

func (v *validator) common(at string, f unitFields) {
	for i, file := range f.values {
		v.valuesPath(fmt.Sprintf("%s.values[%d]", at, i), f.folder, file)
	}
	if v.says(at + ".namespace") {
		v.namespace(at+".namespace", f.namespace)
	}
	v.onConflict(at+".onConflict", f.conflict)
	v.downgrade(at+".downgrade", f.downgrade)
}

func (v *validator) release(name string, r *Release) {
	at := child("releases", name)
	v.name("releases", name)
	v.releaseName(at, name, name)
	v.common(at, unitFields{r.Values, r.Namespace, ".", r.OnConflict, r.Downgrade})
	if v.says(at+".chart") && !v.doubtful(at+".chart") {
		v.releaseChart(at, r)
	}
	if r.Version != "" {
		if _, err := semver.NewConstraint(r.Version); err != nil {
			v.bad(at+".version", "write a version or a constraint: 20.1.3, ~20.1, ^2", "%q is no version", r.Version)
		}
	}
}

func (v *validator) releaseChart(at string, r *Release) {
	if !strings.Contains(r.Chart, "://") {
		v.inside(at+".chart", r.Chart)
		return
	}
	if v.oci(at+".chart", r.Chart, true) && r.Version == "" && !v.doubtful(at) {
		v.add(v.key(at), `add version: "~1.2"`, "%s: a chart from a registry needs a version", at)
	}
}

func (v *validator) environments() {
	owner := map[string]string{}
	tags := map[string]Tags{}
	for _, name := range v.inOrder("environments", slices.Collect(maps.Keys(v.c.Environments))) {
		e, at := v.c.Environments[name], child("environments", name)
		v.name("environments", name)
		if !v.says(at+".branches") && e.Tags == NoTags && !v.doubtful(at) {
			v.add(v.key(at), "add branches: [develop], or tags: true, or branches: [] to deploy it only by name",
				"%s: has neither branches nor tags", at)
		}
		for i, pattern := range e.Branches {
			path := fmt.Sprintf("%s.branches[%d]", at, i)
			v.glob(path, pattern)
			if other, ok := owner[pattern]; ok && pattern != "" {
				v.bad(path, "a branch goes to one environment: keep one", "%q belongs to the environment %s already", pattern, other)
			}
			owner[pattern] = name
		}
		v.tags(at+".tags", e.Tags, tags)
		tags[name] = e.Tags
		v.environment(at, e)
	}
}

func (v *validator) environment(at string, e *Environment) {
	v.namespace(at+".namespace", e.Namespace)
	v.downgrade(at+".downgrade", e.Downgrade)
	for i, file := range e.Values {
		v.valuesPath(fmt.Sprintf("%s.values[%d]", at, i), ".", file)
	}
	if e.TTL > 0 {
		v.warn(at+".ttl", "", "kept, but previews do not expire yet")
	}
}

func (v *validator) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) && !v.doubtful(path) {
		v.bad(path, suggest(value, allowed), "%q is none of %s", value, strings.Join(allowed, ", "))
	}
}

func (v *validator) between(path string, value, low, high int) {
	if (value < low || value > high) && !v.doubtful(path) {
		v.bad(path, fmt.Sprintf("write a number from %d to %d", low, high), "%d is out of range", value)
	}
}
