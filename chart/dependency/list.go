package dependency

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/files"
)

// Status is a dependency of Chart.yaml and what charts/ has of it.
type Status struct {
	Name       string `json:"name"`
	Version    string `json:"version"` // as Chart.yaml wants it
	Repository string `json:"repository"`
	Found      string `json:"found,omitempty"` // the version in charts/
	Status     string `json:"status"`          // ok (an archive), unpacked (a folder), missing, wrong version, corrupt, several
}

// List compares the dependencies of head, the chart in the folder
// dir, with charts/. extra are the charts there that are no dependencies. What is
// not in the tree is not looked at.
func List(ctx context.Context, tree files.Tree, dir string, head *chart.Chart) (list []Status, extra []string, err error) {
	entries, err := fs.ReadDir(tree.FS(dir), "charts")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	var found []presentChart
	for _, e := range entries {
		if name := e.Name(); name[0] != '.' && name[0] != '_' && (e.IsDir() || filepath.Ext(name) == ".tgz") {
			found = append(found, lookAt(ctx, tree, filepath.Join(dir, "charts"), e))
		}
	}
	declared := map[string]bool{}
	for _, d := range head.Metadata.Dependencies {
		declared[d.Name] = true
		list = append(list, statusOf(d, found))
	}
	for _, p := range found {
		if p.name != "" && !declared[p.name] {
			extra = append(extra, p.file)
		}
	}
	return list, extra, ctx.Err()
}

// presentChart is a chart in charts/; one that does not load has no name.
type presentChart struct {
	file, name, version string
	packed              bool
}

func lookAt(ctx context.Context, tree files.Tree, charts string, e fs.DirEntry) presentChart {
	p := presentChart{file: e.Name(), packed: !e.IsDir()}
	load := chart.LoadHead
	if p.packed {
		load = chart.LoadFrom
	}
	if c, err := load(ctx, tree, filepath.Join(charts, e.Name())); err == nil {
		p.name, p.version = c.Metadata.Name, c.Metadata.Version
	}
	return p
}

func statusOf(d *chart.Dependency, found []presentChart) Status {
	s := Status{Name: d.Name, Version: d.Version, Repository: d.Repository, Status: "missing"}
	matches := 0
	for _, p := range found {
		switch {
		case p.name == "" && (p.file == d.Name || strings.HasPrefix(p.file, d.Name+"-")) && matches == 0:
			s.Status = "corrupt"
		case p.name != d.Name:
		default:
			matches++
			s.Found, s.Status = p.version, p.status(d)
		}
	}
	if matches > 1 {
		s.Status = "several"
	}
	return s
}

func (p presentChart) status(d *chart.Dependency) string {
	v, err := semver.NewVersion(p.version)
	constraint, wrong := semver.NewConstraint(d.Version)
	switch {
	case p.version == d.Version:
	case err != nil || wrong != nil || !constraint.Check(v):
		return "wrong version"
	}
	if p.packed {
		return "ok"
	}
	return "unpacked"
}
