package config

import (
	"io/fs"
	"path"
	"strings"

	"github.com/pintle-ci/pintle/internal/files"
)

// maxServices bounds what the convention finds.
const maxServices = 1000

// Discover returns the services of a repository by convention: every folder
// services/NAME that holds chart/Chart.yaml, or Chart.yaml itself.
func Discover(fsys fs.FS) []string {
	entries, err := fs.ReadDir(fsys, "services")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || len(names) == maxServices {
			continue
		}
		if chartBelow(fsys, path.Join("services", e.Name())) != "" {
			names = append(names, e.Name())
		}
	}
	return names
}

// chartBelow returns the chart of a service's folder, or "".
func chartBelow(fsys fs.FS, folder string) string {
	for _, chart := range []string{path.Join(folder, "chart"), folder} {
		if isFile(fsys, path.Join(chart, "Chart.yaml")) {
			return chart
		}
	}
	return ""
}

// isFile reports whether a file is there. One that may not be read counts: who
// reads it says why not, where "there is no such file" would be untrue.
func isFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && !info.IsDir() || files.Refused(err) != nil
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}
