package config

import (
	"cmp"
	"path"
	"time"
)

// Defaults; the comments of the fields name them too.
const (
	defaultTag       = "v{version}"
	defaultInitial   = "0.1.0"
	defaultNamespace = "{project}-{environment}"
	defaultTimeout   = 5 * time.Minute
	defaultHistory   = 10
	defaultParallel  = 4
	defaultReport    = "build/pintle"
	defaultRepoPath  = "image.repository"
	defaultTagPath   = "image.tag"
	defaultCommit    = "chore(release): {version} [skip ci]"
	defaultChangelog = "CHANGELOG.md"

	maxDuration = 8760 * time.Hour
)

// defaults fills in what the file does not say. What depends on the
// environment stays empty until Resolve.
func (v *validator) defaults() {
	c := v.c
	c.Version.Tag = cmp.Or(c.Version.Tag, defaultTag)
	c.Version.Initial = cmp.Or(c.Version.Initial, defaultInitial)
	c.Version.Fetch = cmp.Or(c.Version.Fetch, FetchAuto)
	c.Version.Commit = cmp.Or(c.Version.Commit, defaultCommit)
	c.Changelog.File = cmp.Or(c.Changelog.File, defaultChangelog)
	if !v.says("version.trunk") {
		c.Version.Trunk = []string{"main", "master", "develop"}
	}
	c.Deploy.Timeout = cmp.Or(c.Deploy.Timeout, defaultTimeout)
	c.Deploy.OnFailure = cmp.Or(c.Deploy.OnFailure, Rollback)
	c.Deploy.OnFailedInstall = cmp.Or(c.Deploy.OnFailedInstall, Remove)
	if !v.says("deploy.history") {
		c.Deploy.History = defaultHistory
	}
	if !v.says("deploy.parallel") {
		c.Deploy.Parallel = defaultParallel
	}
	c.Report.Dir = cmp.Or(c.Report.Dir, defaultReport)
	if !v.says("services") && !v.tainted["services"] {
		c.Services = map[string]*Service{}
		for _, name := range Discover(v.fsys) {
			c.Services[name] = &Service{}
		}
	}
	for name, s := range c.Services {
		v.serviceDefaults(name, s)
	}
	for _, e := range c.Environments {
		e.Namespace = cmp.Or(e.Namespace, defaultNamespace)
		e.CreateNamespace = cmp.Or(e.CreateNamespace, new(true))
	}
}

func (v *validator) serviceDefaults(name string, s *Service) {
	s.Path = path.Clean(cmp.Or(s.Path, path.Join("services", name)))
	if s.Chart == "" && fsValid(s.Path) {
		s.Chart = cmp.Or(chartBelow(v.fsys, s.Path), path.Join(s.Path, "chart"))
	}
	s.Release = cmp.Or(s.Release, "{service}")
	s.Test = cmp.Or(s.Test, new(true))
	if s.Image.None {
		return
	}
	if s.Image.Repository == "" && v.c.Registry.Images != "" {
		s.Image.Repository = v.c.Registry.Images + "/" + name
	}
	s.Image.RepositoryPath = cmp.Or(s.Image.RepositoryPath, defaultRepoPath)
	s.Image.TagPath = cmp.Or(s.Image.TagPath, defaultTagPath)
}
