package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Resolve returns the chart as it takes part in a release: dependencies that
// tags or conditions disable are gone, aliases are names, and values that
// import-values ask for are in Values (facts/helm-format.md 4.12). c is not
// changed; the result shares files and values with it.
func (c *Chart) Resolve(user map[string]any) (*Chart, []Warning, error) {
	r := &resolver{merger: merger{shares: true}}
	out := c.clone()
	if err := r.enable(out, user, ""); err != nil {
		return nil, nil, err
	}
	if err := r.importAll(out); err != nil {
		return nil, nil, err
	}
	return out, r.warnings, nil
}

type resolver struct {
	merger
	charts, bytes int // of values
	imports       int
	sizes         map[*File]int // bytes of values.yaml, by the first of a chart's files
}

// count books charts that a chart uses, each as often as it has aliases.
// Aliases of aliases multiply.
func (r *resolver) count(charts []*Chart) error {
	for _, c := range charts {
		r.charts++
		r.bytes += r.size(c.Raw)
	}
	if r.charts > maxResolved || r.bytes > maxResolvedBytes {
		return fmt.Errorf("%w: dependencies stand for more than %d charts or %d MiB of values", ErrTooLarge, maxResolved, maxResolvedBytes>>20)
	}
	return nil
}

// size is how many bytes values.yaml has.
func (r *resolver) size(files []*File) int {
	if len(files) == 0 {
		return 0
	}
	size, ok := r.sizes[files[0]]
	if !ok {
		for _, f := range files {
			if f.Name == "values.yaml" {
				size = len(f.Data)
			}
		}
		if r.sizes == nil {
			r.sizes = map[*File]int{}
		}
		r.sizes[files[0]] = size
	}
	return size
}

// clone copies what resolving changes: the tree and the metadata.
func (c *Chart) clone() *Chart {
	out := *c
	out.Metadata = c.Metadata.clone()
	out.Dependencies = make([]*Chart, len(c.Dependencies))
	for i, d := range c.Dependencies {
		out.Dependencies[i] = d.clone()
	}
	return &out
}

func (md *Metadata) clone() *Metadata {
	out := *md
	if md.Dependencies != nil {
		out.Dependencies = make([]*Dependency, len(md.Dependencies))
		for i, d := range md.Dependencies {
			dep := *d
			out.Dependencies[i] = &dep
		}
	}
	return &out
}

// enable removes the disabled dependencies of c, and of what is left. path is
// where the values of c stand in values: "" or "sub.". A chart that lists no
// dependencies keeps all of charts/, and theirs stay as they are too.
func (r *resolver) enable(c *Chart, values map[string]any, path string) error {
	if c.Metadata.Dependencies == nil {
		return nil
	}
	for _, m := range c.Mismatches() {
		r.warn("dependency/version", "dependency %s of %s: %s", m.Name, c.Name(), m)
	}
	c.Dependencies = matchDependencies(c)
	if err := r.count(c.Dependencies); err != nil {
		return err
	}
	nameAliases(c.Metadata.Dependencies)
	for _, d := range c.Metadata.Dependencies {
		if d.Alias != "" {
			d.Name = d.Alias
		}
		d.Enabled = true
	}
	values = fork(c, values)
	if err := r.chart(c, values, "", false); err != nil {
		return err
	}
	r.applyTags(c.Metadata.Dependencies, values)
	r.applyConditions(c.Metadata.Dependencies, values, path)
	dropDisabled(c)
	for _, sub := range c.Dependencies {
		if err := r.enable(sub, values, path+sub.Name()+"."); err != nil {
			return err
		}
	}
	return nil
}

// nameAliases lets DependsOn say the aliases of dependencies that it calls by
// their charts' names, which they are about to lose.
func nameAliases(deps []*Dependency) {
	aliases := map[string][]string{}
	for _, d := range deps {
		if d.Alias != "" {
			aliases[d.Name] = append(aliases[d.Name], d.Alias)
		}
	}
	for _, d := range deps {
		var named []string
		for _, name := range d.DependsOn {
			if others := aliases[name]; others != nil {
				named = append(named, others...)
				continue
			}
			named = append(named, name)
		}
		d.DependsOn = named
	}
}

// fork copies the parts of values that merging the defaults of c would change.
func fork(c *Chart, values map[string]any) map[string]any {
	out := make(map[string]any, len(values)+len(c.Values))
	maps.Copy(out, values)
	copyKey := func(key string) {
		if v, ok := values[key]; ok {
			out[key] = copyValue(v)
		}
	}
	copyKey(GlobalKey)
	for key := range c.Values {
		copyKey(key)
	}
	for _, d := range c.Dependencies {
		copyKey(d.Name())
	}
	return out
}

// matchDependencies pairs charts/ with the dependencies in Chart.yaml: first
// the charts that are not listed, then the listed ones in Chart.yaml's order,
// once for each alias.
func matchDependencies(c *Chart) []*Chart {
	var out []*Chart
	for _, sub := range c.Dependencies {
		listed := false
		for _, d := range c.Metadata.Dependencies {
			listed = listed || sub.satisfies(d)
		}
		if !listed {
			out = append(out, sub)
		}
	}
	for _, d := range c.Metadata.Dependencies {
		for _, sub := range c.Dependencies {
			if !sub.satisfies(d) {
				continue
			}
			use := sub.clone() // a chart may serve several aliases
			if d.Alias != "" {
				use.Metadata.Name = d.Alias
			}
			out = append(out, use)
			break
		}
	}
	return out
}

func (c *Chart) satisfies(d *Dependency) bool {
	return c.Name() == d.Name && SatisfiesVersion(d.Version, c.Metadata.Version)
}

// SatisfiesVersion reports whether a version fulfils a SemVer constraint. What
// does not parse does not fulfil.
func SatisfiesVersion(constraint, version string) bool {
	if plainVersion(constraint) && plainVersion(version) {
		return constraint == version
	}
	v, err := semver.NewVersion(version)
	if err != nil {
		return false
	}
	c, err := semver.NewConstraint(constraint)
	if err != nil {
		return false
	}
	return c.Check(v)
}

// IsConstraint reports whether s is a SemVer constraint.
func IsConstraint(s string) bool {
	_, err := semver.NewConstraint(s)
	return err == nil
}

// plainVersion reports whether s is MAJOR.MINOR.PATCH and nothing else, as most
// dependencies ask for; as a constraint it stands for itself.
func plainVersion(s string) bool {
	parts := 0
	for part := range strings.SplitSeq(s, ".") {
		parts++
		if part == "" || len(part) > 9 || part[0] == '0' && len(part) > 1 || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return parts == 3
}

// applyTags switches dependencies by values.tags: off if some tag is false and
// none is true.
func (r *resolver) applyTags(deps []*Dependency, values map[string]any) {
	tags, ok := lookupTable(values, "tags")
	if !ok {
		return
	}
	for _, d := range deps {
		on, off := false, false
		for _, tag := range d.Tags {
			switch v := tags[tag].(type) {
			case bool:
				on, off = on || v, off || !v
			case nil:
			default:
				r.warn("dependencies/no-bool", "tag %s of dependency %s is %s, not true or false", tag, d.Name, describe(v))
			}
		}
		d.Enabled = on || !off
	}
}

// applyConditions switches dependencies by the first path of their condition
// that leads to a bool.
func (r *resolver) applyConditions(deps []*Dependency, values map[string]any, path string) {
	for _, d := range deps {
		for condition := range strings.SplitSeq(strings.TrimSpace(d.Condition), ",") {
			if condition == "" {
				continue
			}
			v, ok := lookupScalar(values, path+condition)
			if !ok {
				continue
			}
			if on, ok := v.(bool); ok {
				d.Enabled = on
				break
			}
			r.warn("dependencies/no-bool", "condition %s of dependency %s is %s, not true or false", path+condition, d.Name, describe(v))
		}
	}
}

func dropDisabled(c *Chart) {
	disabled := map[string]bool{}
	for _, d := range c.Metadata.Dependencies {
		if !d.Enabled {
			disabled[d.Name] = true
		}
	}
	var listed []*Dependency
	for _, d := range c.Metadata.Dependencies {
		if !disabled[d.Name] {
			d.DependsOn = slices.DeleteFunc(d.DependsOn, func(name string) bool { return disabled[name] })
			listed = append(listed, d)
		}
	}
	c.Metadata.Dependencies = listed
	var charts []*Chart
	for _, sub := range c.Dependencies {
		if !disabled[sub.Name()] {
			charts = append(charts, sub)
		}
	}
	c.Dependencies = charts
}
