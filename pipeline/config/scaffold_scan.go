package config

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of the walk over a repository.
const (
	maxScanEntries = 50_000
	maxScanDepth   = 6
)

// Found is what Scan saw in a repository. Paths are slash paths from its root.
type Found struct {
	Charts      []FoundChart // the charts that would be services, in order of path
	Parts       []string     // charts left out: libraries, and parts of an umbrella
	Dockerfiles []string
	Existing    []string // of the files that Scaffold writes, those that are there
	Config      *Config  // the pintle.yaml that is there already; else nil
	Cut         bool     // the repository is larger than the walk
}

// FoundChart is a chart with the service that it most likely belongs to.
type FoundChart struct {
	Folder  string // of the chart
	Name    string // of the service, a DNS label
	Path    string // of the service
	Watch   []string
	Image   Image    // where its values.yaml holds the image; None where it holds none
	Values  []string // patterns of values files for environments, from Path
	Targets []string // the environments that those values files are for
}

// chartFile is what Scan reads of a Chart.yaml.
type chartFile struct {
	Name         string `yaml:"name"`
	Type         string `yaml:"type"`
	Dependencies []struct {
		Repository string `yaml:"repository"`
	} `yaml:"dependencies"`
}

// Scan looks at a repository: its charts, Dockerfiles and CI files. It follows
// no links, stays out of hidden folders and of folders that hold no sources,
// and stops at a bound. The error is that of an existing pintle.yaml which
// does not load, or of the file system.
func Scan(fsys fs.FS) (Found, error) {
	var found Found
	for _, name := range []string{FileName, jenkinsfile, gitlabFile} {
		if isFile(fsys, name) {
			found.Existing = append(found.Existing, name)
		}
	}
	if isFile(fsys, FileName) {
		c, err := Load(fsys, FileName)
		if err != nil {
			return found, err
		}
		found.Config = c
	}
	folders, err := walk(fsys, &found)
	if err != nil {
		return found, fmt.Errorf("look for charts: %w", err)
	}
	found.add(fsys, folders)
	return found, nil
}

// walk returns the folders of all charts that are no subcharts.
func walk(fsys fs.FS, found *Found) ([]string, error) {
	var folders []string
	entries := 0
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if entries++; entries > maxScanEntries {
			found.Cut = true
			return fs.SkipAll
		}
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			return fs.SkipDir
		case e.IsDir() && skipped(fsys, name):
			return fs.SkipDir
		case e.IsDir():
		case e.Name() == "Chart.yaml":
			folders = append(folders, path.Dir(name))
		case e.Name() == "Dockerfile" || strings.HasSuffix(e.Name(), ".Dockerfile"):
			found.Dockerfiles = append(found.Dockerfiles, name)
		}
		return nil
	})
	slices.Sort(folders)
	return folders, err
}

// skipped reports whether a folder holds nothing that Scan looks for.
func skipped(fsys fs.FS, name string) bool {
	base := path.Base(name)
	switch {
	case name == ".":
		return false
	case strings.HasPrefix(base, ".") || strings.Count(name, "/") >= maxScanDepth:
		return true
	case slices.Contains([]string{"node_modules", "vendor", "build", "dist", "target", "testdata", "__pycache__"}, base):
		return true
	}
	inChart := slices.Contains([]string{"charts", "templates", "crds"}, base)
	return inChart && isFile(fsys, path.Join(path.Dir(name), "Chart.yaml"))
}

// add sorts charts into services and parts of others.
func (found *Found) add(fsys fs.FS, folders []string) {
	charts := map[string]chartFile{}
	part := map[string]bool{}
	local := map[string][]string{} // chart -> the charts of this repository that it depends on
	for _, folder := range folders {
		charts[folder] = readChart(fsys, folder)
	}
	for _, folder := range folders {
		for _, d := range charts[folder].Dependencies {
			if file, ok := strings.CutPrefix(d.Repository, "file://"); ok {
				if target := path.Join(folder, file); slices.Contains(folders, target) {
					part[target] = true
					local[folder] = append(local[folder], target)
				}
			}
		}
	}
	taken := map[string]bool{}
	for _, folder := range folders {
		if part[folder] || charts[folder].Type == "library" {
			found.Parts = append(found.Parts, folder)
			continue
		}
		c := service(fsys, folder, charts[folder].Name)
		if taken[c.Name] {
			c.Name = nameLike(folder)
		}
		if taken[c.Name] { // charts/a-b beside charts/a/b
			c.Name = shorten(c.Name, maxRelease-7) + "-" + hash(folder)
		}
		taken[c.Name] = true
		for _, dependency := range local[folder] {
			if dependency != c.Path && !strings.HasPrefix(dependency, c.Path+"/") && c.Path != "." {
				c.Watch = append(c.Watch, dependency)
			}
		}
		c.Image = imageIn(fsys, path.Join(folder, "values.yaml"))
		c.Values, c.Targets = valuesIn(fsys, c.Path, folder)
		found.Charts = append(found.Charts, c)
	}
}

// nameLike returns the name of a service that is most like s, which may be of
// characters that no DNS label has.
func nameLike(s string) string {
	if l := labelLike(s); label.MatchString(l) {
		return shorten(l, maxRelease)
	}
	return slug(s)
}

// readChart reads a Chart.yaml; of one that is no YAML nothing is known.
func readChart(fsys fs.FS, folder string) chartFile {
	var c chartFile
	data, err := read(fsys, path.Join(folder, "Chart.yaml"), maxFile)
	if err != nil || yaml.Unmarshal(data, &c) != nil {
		return chartFile{}
	}
	return c
}

// wrappers are names of folders that say nothing about whose chart is inside.
var wrappers = []string{"chart", "charts", "helm", "deploy", "deployment", "deployments", "k8s", "kubernetes", "infra"}

// service tells which service a chart most likely belongs to: that of the
// folder around it, or the folder of the chart's name beside it.
func service(fsys fs.FS, folder, chart string) FoundChart {
	around := folder
	for around != "." && slices.Contains(wrappers, path.Base(around)) {
		around = path.Dir(around)
	}
	if around == "." {
		return FoundChart{Folder: folder, Name: nameLike(cmp.Or(chart, "app")), Path: "."}
	}
	c := FoundChart{Folder: folder, Name: nameLike(path.Base(around)), Path: around}
	if around != folder {
		return c
	}
	above := path.Dir(folder)
	for above != "." && slices.Contains(wrappers, path.Base(above)) {
		above = path.Dir(above)
	}
	candidates := []string{above}
	for _, parent := range []string{".", "services", "apps", "cmd", "src", "packages"} {
		candidates = append(candidates, path.Join(parent, path.Base(folder)))
	}
	for _, candidate := range candidates {
		if path.Base(candidate) == path.Base(folder) && candidate != folder && isDir(fsys, candidate) {
			c.Path = candidate
			break
		}
	}
	return c
}
