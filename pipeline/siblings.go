package pipeline

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// sibling is a dependency of a service's chart on the chart of another service of the same repository.
type sibling struct {
	service          string
	name, repository string // as the dependency has them
}

// siblings are the dependencies of each service on others, read once.
func (p *Project) siblings() map[string][]sibling {
	p.once.Do(func() { p.found = p.findSiblings() })
	return p.found
}

// findSiblings reads which services' charts depend on each other: by file:// and the folder, or by the chart's name in
// the registry that this repository's charts are pushed to. A Chart.yaml that cannot be read has none; its own step
// says why.
func (p *Project) findSiblings() map[string][]sibling {
	found := map[string][]sibling{}
	names := map[string]string{} // of a chart -> its service
	dependent := map[string]*chart.Metadata{}
	for _, u := range p.Resolved.Units {
		if !u.Service {
			continue
		}
		text, err := p.Config.Tree().ReadFile(p.Path(path.Join(u.Chart, "Chart.yaml")), chart.MaxFile)
		if err != nil {
			continue
		}
		names[u.Name] = u.Name
		if !bytes.Contains(text, []byte("dependencies")) && p.Config.Registry.Charts == "" {
			continue // nothing else is asked of it
		}
		m, err := chart.ReadMetadata(text)
		if err != nil {
			continue
		}
		delete(names, u.Name)
		names[m.Name] = u.Name
		if len(m.Dependencies) > 0 {
			dependent[u.Name] = m
		}
	}
	for _, u := range p.Resolved.Units {
		m := dependent[u.Name]
		if m == nil || !u.Service {
			continue
		}
		for _, d := range m.Dependencies {
			if service := p.siblingOf(u, d, names); service != "" && service != u.Name {
				found[u.Name] = append(found[u.Name], sibling{service, d.Name, d.Repository})
			}
		}
	}
	return found
}

// siblingOf is the service whose chart a dependency is, or "".
func (p *Project) siblingOf(from config.Unit, d *chart.Dependency, names map[string]string) string {
	if folder, ok := strings.CutPrefix(d.Repository, "file://"); ok {
		for _, u := range p.Resolved.Units {
			if u.Service && !path.IsAbs(folder) && path.Join(from.Chart, folder) == u.Chart {
				return u.Name
			}
		}
		return ""
	}
	if ours := strings.TrimRight(p.Config.Registry.Charts, "/"); ours != "" && strings.TrimRight(d.Repository, "/") == ours {
		return names[d.Name]
	}
	return ""
}

// withSiblings adds the services that the charts of units depend on.
func (p *Project) withSiblings(units []config.Unit) []config.Unit {
	all := slices.Clone(units)
	for i := 0; i < len(all); i++ {
		for _, s := range p.siblings()[all[i].Name] {
			named := func(u config.Unit) bool { return u.Name == s.service }
			if !slices.ContainsFunc(all, named) {
				all = append(all, p.Resolved.Units[slices.IndexFunc(p.Resolved.Units, named)])
			}
		}
	}
	return all
}

// folders are those whose commits make a new version of a service: its own, the watched ones, and those of the services
// whose charts go into its chart.
func (p *Project) folders(u config.Unit) []string {
	var folders []string
	for _, one := range p.withSiblings([]config.Unit{u}) {
		folders = append(append(folders, one.Path, one.Chart), one.Watch...)
	}
	return folders
}
