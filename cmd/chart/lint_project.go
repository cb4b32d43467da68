package chart

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart/lint"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// lintProjects are the configurations that were read, by their paths; nil for one that is wrong.
type lintProjects map[string]*config.Config

// options adds what pintle.yaml says of findings to o, when the chart is that of a service, so that the verdict is the
// pipeline's. strict says that warnings fail. A wrong pintle.yaml is the business of pintle check: it is warned of, and
// the chart is judged without it.
func (p lintProjects) options(e cli.Env, ref string, o lint.Options) (own lint.Options, strict bool) {
	if strings.Contains(ref, "://") || !cli.IsFolder(ref) {
		return o, false
	}
	path, load := e.Getenv("PINTLE_FILE"), config.LoadFile
	if path == "" {
		var err error
		if path, err = config.Find(ref); err != nil {
			return o, false
		}
		load = config.LoadNearest
	}
	cfg, read := p[path]
	if !read {
		var err error
		if cfg, err = load(path); err != nil {
			e.Log.Warnf("what %s says of lint is not applied: %v", path, err)
			cfg = nil
		}
		p[path] = cfg
	}
	if cfg == nil {
		return o, false
	}
	services := servicesOf(cfg, ref)
	if len(services) == 0 {
		return o, false
	}
	service := ""
	if len(services) == 1 { // of a chart that several share only what is said for all counts
		service = services[0]
	}
	e.Log.Debugf("%s: judged as %s says of the chart of %s", ref, path, strings.Join(services, ", "))
	said := pipeline.LintOptions(cfg, service)
	o.Disabled = slices.Concat(said.Disabled, o.Disabled)
	o.Severity = said.Severity
	if o.Schema == nil {
		o.KubeVersion = cmp.Or(o.KubeVersion, said.KubeVersion)
	}
	return o, cfg.Lint.Strict
}

// servicesOf are the names of the services whose chart is in that folder.
func servicesOf(cfg *config.Config, folder string) []string {
	here, err := os.Stat(folder)
	if err != nil {
		return nil
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(cfg.Services)) {
		chart := cfg.Services[name].Chart
		if info, err := os.Stat(filepath.Join(cfg.Dir, filepath.FromSlash(chart))); err == nil && chart != "" && os.SameFile(here, info) {
			names = append(names, name)
		}
	}
	return names
}
