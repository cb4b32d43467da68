package config

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Ref is what is being built.
type Ref struct {
	Branch string // of a tag build: empty
	Tag    string // of a branch build: empty
}

// String names the ref for a message.
func (r Ref) String() string {
	switch {
	case r.Tag != "":
		return "tag " + r.Tag
	case r.Branch != "":
		return "branch " + r.Branch
	}
	return "a commit without a branch or tag"
}

// NoEnvironmentError says that nothing is deployed from a ref, or that there
// is no environment of the name asked for.
type NoEnvironmentError struct {
	Name  string   // the name asked for; empty when the ref was to choose
	Ref   Ref      //
	Known []string // each environment with what it takes, in order of the file
	Why   string   // the ref must not choose; empty when it may
}

// Error names what was looked for and lists what there is.
func (e *NoEnvironmentError) Error() string {
	known := "pintle.yaml has no environments"
	if len(e.Known) > 0 {
		known = "pintle.yaml has " + strings.Join(e.Known, ", ")
	}
	if e.Why != "" {
		return fmt.Sprintf("no environment is chosen: %s; name it with --environment, or say what is built with --branch or --tag", e.Why)
	}
	if e.Name != "" {
		return fmt.Sprintf("no environment %q: %s", e.Name, known)
	}
	return fmt.Sprintf("no environment takes %s: %s; name one with --environment", e.Ref, known)
}

// Is reports whether target is ErrConfig.
func (e *NoEnvironmentError) Is(target error) bool { return target == ErrConfig }

// EnvironmentFor returns the environment of that name, or without a name the
// one that takes ref: for a version tag the one whose tags take it (another
// tag, as "nightly", is no release and goes nowhere), for a branch the one that
// names it; else the first in the file with a pattern that matches. The error
// is a *NoEnvironmentError.
func (c *Config) EnvironmentFor(name string, ref Ref) (string, error) {
	if name != "" {
		if _, ok := c.Environments[name]; ok {
			return name, nil
		}
		return "", &NoEnvironmentError{Name: name, Ref: ref, Known: c.environmentList()}
	}
	names := c.EnvironmentNames()
	takes := func(test func(e *Environment) bool) string {
		i := slices.IndexFunc(names, func(n string) bool { return test(c.Environments[n]) })
		if i < 0 {
			return ""
		}
		return names[i]
	}
	found := ""
	if ref.Tag != "" {
		found = c.environmentOfTag(ref.Tag)
	} else if ref.Branch != "" {
		found = takes(func(e *Environment) bool {
			return slices.ContainsFunc(e.Branches, func(p string) bool { return literal(p) && p == ref.Branch })
		})
		if found == "" {
			found = takes(func(e *Environment) bool { return slices.ContainsFunc(e.Branches, matches(ref.Branch)) })
		}
	}
	if found == "" {
		return "", &NoEnvironmentError{Ref: ref, Known: c.environmentList()}
	}
	return found, nil
}

func matches(branch string) func(pattern string) bool {
	return func(pattern string) bool {
		ok, err := MatchBranch(pattern, branch)
		return err == nil && ok
	}
}

// EnvironmentNames returns the environments in the order of the file.
func (c *Config) EnvironmentNames() []string {
	v := validator{source: c.source, c: c}
	return v.inOrder("environments", slices.Collect(maps.Keys(c.Environments)))
}

func (c *Config) environmentList() []string {
	var list []string
	for _, name := range c.EnvironmentNames() {
		e := c.Environments[name]
		takes := slices.Clone(e.Branches)
		if e.Tags != NoTags {
			takes = append(takes, e.Tags.String())
		}
		if len(takes) == 0 {
			takes = []string{"only by name"}
		}
		list = append(list, fmt.Sprintf("%s (%s)", name, strings.Join(takes, ", ")))
	}
	return list
}

// Resolved is what a file comes down to for one ref in one environment.
type Resolved struct {
	Project     string
	Environment string // its name; empty in a build that is deployed nowhere
	Ref         Ref

	KubeContext     string // empty: the current one
	CreateNamespace bool
	Approve         bool
	TTL             time.Duration
	Parallel        int    // services at the same time
	ReportDir       string // from the folder of pintle.yaml

	Units []Unit // services, then releases, each in the order of the file
}

// UnknownUnitError is a name that no service and no release has.
type UnknownUnitError struct {
	Name  string
	Known []string // the units that there are
}

// Error names what was meant, or lists what there is.
func (e *UnknownUnitError) Error() string {
	hint := "there are " + strings.Join(e.Known, ", ")
	if near := Nearest(e.Name, e.Known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	if len(e.Known) == 0 {
		hint = "there are none"
	}
	return fmt.Sprintf("no service or release %q in pintle.yaml: %s", e.Name, hint)
}

// Is reports whether target is ErrConfig.
func (e *UnknownUnitError) Is(target error) bool { return target == ErrConfig }

// Choose returns the units of these names, in the order of the file; all when
// there is no name. The error is an *UnknownUnitError.
func (r *Resolved) Choose(names []string) ([]Unit, error) {
	if len(names) == 0 {
		return r.Units, nil
	}
	var known []string
	for _, u := range r.Units {
		known = append(known, u.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, &UnknownUnitError{Name: n, Known: known}
		}
	}
	return slices.DeleteFunc(slices.Clone(r.Units), func(u Unit) bool { return !slices.Contains(names, u.Name) }), nil
}

// Unit is one node of the graph of a run: a service that is built here, or a
// third-party release. Everything is filled in. Paths are slash paths from
// the folder of pintle.yaml.
type Unit struct {
	Name    string
	Service bool // built from this repository; else a third-party release

	Path      string   // of a service: its folder
	Watch     []string // of a service: other folders that make a new version
	TagPrefix string   // of a service: what stands before the version in its tags
	Image     Image    // of a service
	Images    []ImagePlace
	Files     []VersionFile // of a service: other files that hold its version
	Test      bool          // of a service: run the test hooks; false for releases

	Chart        string // a folder, or oci://HOST/PATH/NAME
	ChartVersion string // of a third-party chart: a version or a constraint

	Release         string // the name of the release
	Namespace       string
	Needs           []string       // names of units
	Values          []string       // files that are there, later ones over earlier ones
	Set             map[string]any // values over the files
	Timeout         time.Duration
	RollbackTimeout time.Duration
	OnFailure       string // Rollback or Leave
	OnFailedInstall string // Remove or Leave
	OnCancel        string // Rollback, Leave or Finish; empty means as after a failure
	OnImmutable     map[string]string
	OnConflict      string // Fail, Force or Keep; empty means Fail
	Downgrade       string // Refuse or Allow
	Adopt           string // AdoptNever, AdoptUnowned, AdoptListed or AdoptAll; empty means AdoptNever
	AdoptList       []string
	CRDs            string // CRDsApply, CRDsCreate or CRDsSkip; empty means CRDsApply
	RequireRollback bool
	Supersede       bool // stop for a newer build of the branch, and ask an older one to
	History         int

	// Origins tells which path of the file decided "namespace", "timeout",
	// "release", "chart" and "rollbackTimeout"; a setting that is missing here
	// is a default.
	Origins map[string]string
}

// Resolve returns what every service and release comes down to for a ref in
// an environment. Later layers win: the defaults, deploy, the environment,
// the service or release. The only thing it looks at is which values files
// with placeholders are there.
func (c *Config) Resolve(environment string, ref Ref) (*Resolved, error) {
	e, ok := c.Environments[environment]
	if !ok {
		return nil, &NoEnvironmentError{Name: environment, Ref: ref, Known: c.environmentList()}
	}
	r := &Resolved{
		Project: c.Project, Environment: environment, Ref: ref,
		KubeContext: e.KubeContext, CreateNamespace: *e.CreateNamespace, Approve: e.Approve, TTL: e.TTL,
		Parallel: c.Deploy.Parallel, ReportDir: path.Clean(c.Report.Dir),
	}
	v := validator{source: c.source, c: c}
	for _, name := range v.inOrder("services", slices.Collect(maps.Keys(c.Services))) {
		u, err := c.resolveService(name, environment, ref)
		if err != nil {
			return nil, err
		}
		r.Units = append(r.Units, u)
	}
	for _, name := range v.inOrder("releases", slices.Collect(maps.Keys(c.Releases))) {
		u, err := c.resolveRelease(name, environment, ref)
		if err != nil {
			return nil, err
		}
		r.Units = append(r.Units, u)
	}
	return r, c.clash(r)
}

// clash finds two units that would be one release, which can happen when
// placeholders make two names equal.
func (c *Config) clash(r *Resolved) error {
	owner := map[string]string{}
	for _, u := range r.Units {
		key := u.Namespace + "/" + u.Release
		if other, ok := owner[key]; ok {
			return c.Problem(u.path(), fmt.Sprintf("%s is the release %s in namespace %s, and so is %s", u.Name, u.Release, u.Namespace, other),
				"give one of them another name or namespace")
		}
		owner[key] = u.Name
	}
	return nil
}

// path returns where the unit stands in the file.
func (u Unit) path() string {
	if u.Service {
		return child("services", u.Name)
	}
	return child("releases", u.Name)
}
