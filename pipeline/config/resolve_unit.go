package config

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// resolver fills in one unit.
type resolver struct {
	c           *Config
	at          string // the unit's path in the file
	environment string
	env         Environment       // zero in a build that is deployed nowhere
	values      map[string]string // of the placeholders
	ref         Ref
	origins     map[string]string
}

func (c *Config) resolver(section, name, environment string, ref Ref) *resolver {
	values := map[string]string{"project": c.Project, "environment": environment, "service": name}
	if ref.Tag == "" && ref.Branch != "" {
		values["branch"] = slug(ref.Branch)
	}
	r := &resolver{c: c, at: child(section, name), environment: environment, values: values, ref: ref, origins: map[string]string{}}
	if e, ok := c.Environments[environment]; ok {
		r.env = *e
	}
	return r
}

func (c *Config) resolveService(name, environment string, ref Ref) (Unit, error) {
	s, r := c.Services[name], c.resolver("services", name, environment, ref)
	u, err := c.serviceUnit(name, s, r)
	if err != nil {
		return u, err
	}
	if u.Release, err = r.filled("release", r.at+".release", s.Release, maxRelease); err != nil {
		return u, err
	}
	if u.Namespace, err = r.namespace(s.Namespace); err != nil {
		return u, err
	}
	u.Values, err = r.files(s.Path, s.Values)
	r.deploy(&u, s.Timeout, s.OnConflict, s.Downgrade)
	return u, err
}

// serviceUnit is what a service comes down to wherever it goes.
func (c *Config) serviceUnit(name string, s *Service, r *resolver) (Unit, error) {
	r.note("chart", r.at+".chart")
	set, err := r.set(s.Set)
	return Unit{
		Name: name, Service: true, Path: s.Path, Watch: cleaned(s.Watch), Image: s.Image, Test: *s.Test,
		Images: imagePlaces(s.Images), Files: slices.Clone(s.Files),
		TagPrefix: c.tagPrefix(name), Chart: path.Clean(s.Chart), Needs: slices.Clone(s.Needs), Set: set,
	}, err
}

func (c *Config) resolveRelease(name, environment string, ref Ref) (Unit, error) {
	s, r := c.Releases[name], c.resolver("releases", name, environment, ref)
	u := Unit{
		Name: name, Chart: s.Chart, ChartVersion: s.Version, Release: name,
		Needs: slices.Clone(s.Needs),
	}
	if !strings.Contains(u.Chart, "://") {
		u.Chart = path.Clean(u.Chart)
	}
	r.note("chart", r.at+".chart")
	var err error
	if u.Set, err = r.set(s.Set); err != nil {
		return u, err
	}
	if u.Namespace, err = r.namespace(s.Namespace); err != nil {
		return u, err
	}
	u.Values, err = r.files(".", s.Values)
	r.deploy(&u, s.Timeout, s.OnConflict, s.Downgrade)
	return u, err
}

func cleaned(paths []string) []string {
	var clean []string
	for _, p := range paths {
		clean = append(clean, path.Clean(p))
	}
	return clean
}

// note keeps which path decided a setting, when the file says that path.
func (r *resolver) note(setting, at string) bool {
	if !r.c.source.says(at) {
		return false
	}
	r.origins[setting] = at
	return true
}

// set returns the inline values with the placeholders that are known filled
// in; other braces are the user's own.
func (r *resolver) set(tree map[string]any) (map[string]any, error) {
	if tree == nil {
		return nil, nil
	}
	if _, ok := r.values["branch"]; !ok && r.environment != "" && mentions(tree, "{branch}") {
		at := r.at + ".set"
		return nil, r.c.Problem(at, fmt.Sprintf("%s: {branch} needs a branch, and this is %s", at, r.ref),
			`pass --branch, or say it in a values file "values-{environment}.yaml" instead`)
	}
	return fillTree(tree, r.values).(map[string]any), nil
}

// filled fills in a text that must become a name of at most limit characters.
func (r *resolver) filled(setting, at, text string, limit int) (string, error) {
	r.note(setting, at)
	if slices.Contains(placeholders(text), "branch") && r.values["branch"] == "" {
		return "", r.c.Problem(at, fmt.Sprintf("%s: %q needs a branch, and this is %s", at, text, r.ref),
			"pass --branch, or deploy a branch to this environment")
	}
	return shorten(fill(text, r.values), limit), nil
}

// namespace returns the namespace: the unit's, else the environment's.
func (r *resolver) namespace(own string) (string, error) {
	if own != "" {
		return r.filled("namespace", r.at+".namespace", own, maxLabel)
	}
	at := child("environments", r.environment)
	return r.filled("namespace", at+".namespace", r.env.Namespace, maxLabel)
}

// deploy fills in how the unit is deployed.
func (r *resolver) deploy(u *Unit, own time.Duration, onConflict, downgrade string) {
	d, e := r.c.Deploy, r.env
	u.Timeout = d.Timeout
	r.note("timeout", "deploy.timeout")
	if e.Timeout > 0 {
		u.Timeout = e.Timeout
		r.note("timeout", child("environments", r.environment)+".timeout")
	}
	if own > 0 {
		u.Timeout = own
		r.note("timeout", r.at+".timeout")
	}
	u.RollbackTimeout = u.Timeout
	if r.note("rollbackTimeout", "deploy.rollbackTimeout") {
		u.RollbackTimeout = d.RollbackTimeout
	}
	u.OnFailure, u.OnFailedInstall, u.OnCancel, u.History = d.OnFailure, d.OnFailedInstall, d.OnCancel, d.History
	u.OnImmutable, u.Adopt, u.AdoptList = d.OnImmutable, d.Adopt, d.AdoptList
	u.CRDs, u.RequireRollback = d.CRDs, d.RequireRollback
	u.Supersede = d.Supersede
	u.OnConflict = cmp.Or(onConflict, d.OnConflict)
	u.Downgrade = cmp.Or(downgrade, e.Downgrade, d.Downgrade, Refuse)
	u.Origins = r.origins
}

// files returns the values files of the environment, then the unit's own,
// each once, at its last place. A file with a placeholder is left out where it
// is missing.
func (r *resolver) files(folder string, own []string) ([]string, error) {
	var files []string
	take := func(at, folder string, list []string) error {
		for i, file := range list {
			name := path.Join(folder, fill(file, r.values))
			place := fmt.Sprintf("%s.values[%d]", at, i)
			names := placeholders(file)
			switch {
			case slices.Contains(names, "branch") && r.values["branch"] == "":
			case slices.Contains(names, "environment") && r.environment == "":
			case !fsValid(name):
				return r.c.Problem(place, fmt.Sprintf("%s: %q is not inside of the repository", place, name), "")
			case isFile(r.c.fsys, name):
				files = slices.DeleteFunc(files, func(f string) bool { return f == name })
				files = append(files, name)
			case len(names) == 0:
				return r.c.Problem(place, fmt.Sprintf("%s: there is no values file %s", place, name), "")
			}
		}
		return nil
	}
	if err := take(child("environments", r.environment), ".", r.env.Values); err != nil {
		return nil, err
	}
	if err := take(r.at, folder, own); err != nil {
		return nil, err
	}
	return files, nil
}
