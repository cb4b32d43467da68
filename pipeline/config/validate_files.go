package config

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/files"
)

// files checks the file against what it names: charts, folders, values.
func (v *validator) files() {
	for _, name := range v.inOrder("services", slices.Collect(maps.Keys(v.c.Services))) {
		if at := child("services", name); !v.doubtful(at) {
			v.serviceFiles(at, name, v.c.Services[name])
		}
	}
	for _, name := range v.inOrder("releases", slices.Collect(maps.Keys(v.c.Releases))) {
		r, at := v.c.Releases[name], child("releases", name)
		if v.doubtful(at) {
			continue
		}
		if local := !strings.Contains(r.Chart, "://") && r.Chart != "" && fsValid(r.Chart); local && !v.refused(at+".chart", r.Chart) && !v.isChart(r.Chart) {
			v.bad(at+".chart", v.chartHint(path.Dir(path.Clean(r.Chart))), "there is no chart in %s (no Chart.yaml)", r.Chart)
		}
		v.valuesFiles(at, name, ".", r.Values)
	}
	v.filesOfVersion("version.files", v.c.Version.Files)
	for _, name := range v.inOrder("environments", slices.Collect(maps.Keys(v.c.Environments))) {
		v.environmentFiles(name, v.c.Environments[name])
	}
	if v.c.Empty() && strings.Contains(v.c.Version.Tag, "{service}") && !v.says("services") && !v.doubtful("services") && !v.doubtful("releases") {
		v.add(Position{File: v.file, Line: 1, Column: 1}, `add services: {NAME: {chart: FOLDER}}, or run "pintle init" to see what is found`,
			"there is one version a service, and no services: none in services, and no services/NAME/chart")
	}
}

func (v *validator) serviceFiles(at, name string, s *Service) {
	switch {
	case !fsValid(s.Path) || !fsValid(s.Chart):
		return
	case v.refused(at+".path", s.Path) || v.refused(at+".chart", s.Chart):
		return
	case !isDir(v.fsys, s.Path) && (v.says(at+".path") || !v.says(at+".chart")):
		v.bad(at+".path", v.folderHint(s.Path, v.says(at+".path")), "there is no folder %s", s.Path)
		return
	case !v.isChart(s.Chart):
		v.bad(at+".chart", v.chartHint(s.Path), "there is no chart in %s (no Chart.yaml)", s.Chart)
	}
	for i, folder := range s.Watch {
		if fsValid(folder) && !isDir(v.fsys, path.Clean(folder)) {
			v.bad(fmt.Sprintf("%s.watch[%d]", at, i), v.folderHint(folder, true), "there is no folder %s", folder)
		}
	}
	v.valuesFiles(at, name, s.Path, s.Values)
	v.filesOfVersion(at+".files", s.Files)
}

// refused records that a file or folder is not the project's to name: it leads
// out of the repository, or into .git.
func (v *validator) refused(at, name string) bool {
	_, err := fs.Stat(v.fsys, path.Clean(name))
	reason := files.Refused(err)
	if reason != nil {
		v.bad(at, "name what is in the repository", "%s %v", name, reason)
	}
	return reason != nil
}

func (v *validator) isChart(folder string) bool {
	return isFile(v.fsys, path.Join(folder, "Chart.yaml"))
}

// folderHint names the folder that a missing one was most likely meant to be.
func (v *validator) folderHint(folder string, said bool) string {
	dir := path.Dir(path.Clean(folder))
	if best := Nearest(path.Base(folder), v.list(dir, fs.DirEntry.IsDir)); best != "" {
		return "did you mean " + path.Join(dir, best) + "?"
	}
	if !said {
		return "write path: FOLDER"
	}
	return "write a folder, from the folder of " + v.file
}

// chartHint names a chart below folder, or tells how to make one.
func (v *validator) chartHint(folder string) string {
	for _, name := range v.list(folder, fs.DirEntry.IsDir) {
		if below := path.Join(folder, name); v.isChart(below) {
			return "write chart: " + below
		}
		for _, next := range v.list(path.Join(folder, name), fs.DirEntry.IsDir) {
			if below := path.Join(folder, name, next); v.isChart(below) {
				return "write chart: " + below
			}
		}
	}
	return `write chart: FOLDER, or put a chart there`
}

// list returns the names in a folder that keep says yes to, at most 1000.
func (v *validator) list(folder string, keep func(fs.DirEntry) bool) []string {
	entries, err := fs.ReadDir(v.fsys, path.Clean(folder))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries[:min(len(entries), 1000)] {
		if keep(e) {
			names = append(names, e.Name())
		}
	}
	return names
}

func (v *validator) environmentFiles(name string, e *Environment) {
	at := child("environments", name)
	if v.doubtful(at) {
		return
	}
	for i, file := range e.Values {
		place := fmt.Sprintf("%s.values[%d]", at, i)
		names := placeholders(file)
		switch {
		case !fsValid(file):
		case len(names) == 0:
			v.valuesFile(place, ".", path.Clean(file), file)
		case !slices.Contains(names, "branch") && !slices.Contains(names, "service"):
			v.optionalValues(place, ".", file, []map[string]string{v.fillings(name, "")})
		}
	}
}

// fillings returns the values of the placeholders that do not depend on a
// branch; an empty service stays open.
func (v *validator) fillings(environment, service string) map[string]string {
	values := map[string]string{"project": v.c.Project, "environment": environment}
	if service != "" {
		values["service"] = service
	}
	return values
}

// valuesFiles checks the values files of a service or a release: a file
// without placeholders must be there; one with placeholders, where it is.
func (v *validator) valuesFiles(at, name, folder string, files []string) {
	for i, file := range files {
		place := fmt.Sprintf("%s.values[%d]", at, i)
		names := placeholders(file)
		switch {
		case !fsValid(path.Join(folder, file)):
		case len(names) == 0:
			v.valuesFile(place, folder, path.Join(folder, file), file)
		case !slices.Contains(names, "branch"):
			var fillings []map[string]string
			for _, environment := range sortedKeys(v.c.Environments) {
				fillings = append(fillings, v.fillings(environment, name))
			}
			v.optionalValues(place, folder, file, fillings)
		}
	}
}

// optionalValues checks a values file with placeholders under each of its
// fillings, and warns when none of them is there.
func (v *validator) optionalValues(place, folder, file string, fillings []map[string]string) {
	var missing []string
	for _, values := range fillings {
		candidate := path.Join(folder, fill(file, values))
		if fsValid(candidate) && isFile(v.fsys, candidate) {
			v.checkValues(place, candidate)
			continue
		}
		missing = append(missing, candidate)
	}
	if len(missing) > 0 && len(missing) == len(fillings) {
		v.warn(place, "", "no environment has such a file: %s", strings.Join(missing[:min(len(missing), 5)], ", "))
	}
}

// valuesFile checks a values file that must be there.
func (v *validator) valuesFile(place, folder, name, written string) {
	if isFile(v.fsys, name) {
		v.checkValues(place, name)
		return
	}
	hint := "write a path from " + folderName(folder)
	isYAML := func(e fs.DirEntry) bool { return !e.IsDir() && strings.Contains(e.Name(), ".y") }
	if best := Nearest(path.Base(name), v.list(path.Dir(name), isYAML)); best != "" {
		hint = "did you mean " + path.Join(path.Dir(written), best) + "?"
	} else if file := path.Join("chart", written); isFile(v.fsys, path.Join(folder, file)) {
		hint = "write " + file
	} else if isFile(v.fsys, path.Clean(written)) {
		hint = "it is " + folderName(folder) + " that the path begins at: write " + strings.Repeat("../", strings.Count(folder, "/")+1) + written
	}
	v.bad(place, hint, "there is no values file %s", name)
}

// checkValues checks that a values file is a mapping. Its problems stand in
// that file.
func (v *validator) checkValues(place, name string) {
	data, err := read(v.fsys, name, maxValuesFile)
	if err != nil {
		v.bad(place, "", "the values file %s %v", name, err)
		return
	}
	text, s := decodeText(name, data)
	if len(s.problems) == 0 {
		var root yaml.Node
		if err := yaml.Unmarshal(text, &root); err != nil {
			s.syntax(text, err)
		} else if len(root.Content) > 0 && root.Content[0].Kind != yaml.MappingNode && !isNull(root.Content[0]) {
			n := root.Content[0]
			s.add(Position{File: name, Line: n.Line, Column: n.Column}, "write KEY: VALUE, as in the chart's values.yaml",
				"a values file must be a mapping, not %s", kindOf(n))
		}
	}
	for _, p := range s.problems {
		p.Message += " (" + place + ")"
		if !slices.ContainsFunc(v.problems, func(q Problem) bool { return q.Position == p.Position }) {
			v.problems = append(v.problems, p)
		}
	}
}
