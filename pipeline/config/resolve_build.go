package config

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// ResolveBuild returns what the services come down to in a build that is
// deployed nowhere: no environment, no namespace, no third-party releases, and
// only the values files that need no environment.
func (c *Config) ResolveBuild(ref Ref) (*Resolved, error) {
	r := &Resolved{Project: c.Project, Ref: ref, Parallel: c.Deploy.Parallel, ReportDir: path.Clean(c.Report.Dir)}
	v := validator{source: c.source, c: c}
	for _, name := range v.inOrder("services", slices.Collect(maps.Keys(c.Services))) {
		s, b := c.Services[name], c.resolver("services", name, "", ref)
		u, err := c.serviceUnit(name, s, b)
		if err != nil {
			return nil, err
		}
		u.Release, u.Namespace = name, "default"
		if u.Values, err = b.files(s.Path, s.Values); err != nil {
			return nil, err
		}
		r.Units = append(r.Units, u)
	}
	return r, nil
}

// TagPrefixes returns what stands before the version in a tag: one for all
// services, or one for each in the order of the file.
func (c *Config) TagPrefixes() []string {
	var prefixes []string
	v := validator{source: c.source, c: c}
	for _, name := range v.inOrder("services", slices.Collect(maps.Keys(c.Services))) {
		if p := c.tagPrefix(name); !slices.Contains(prefixes, p) {
			prefixes = append(prefixes, p)
		}
	}
	if len(prefixes) == 0 && !strings.Contains(c.Version.Tag, "{service}") {
		prefixes = append(prefixes, c.tagPrefix(""))
	}
	return prefixes
}

func (c *Config) tagPrefix(service string) string {
	return strings.TrimSuffix(fill(c.Version.Tag, map[string]string{"service": service}), "{version}")
}
