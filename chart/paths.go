package chart

import (
	"os"
	"path/filepath"
	"strings"
)

// FilePaths names the files of a chart that was loaded from a folder by their
// paths, for messages: web/values.yaml is services/web/chart/values.yaml. Those of
// a subchart that is an archive keep the name that they have in manifests, and so
// do all if folder is none: nil then.
func (c *Chart) FilePaths(folder string) func(name string) string {
	if !isFolder(folder) {
		return nil
	}
	return func(name string) string {
		rest, ok := strings.CutPrefix(name, c.Name()+"/")
		file := filepath.Join(folder, filepath.FromSlash(rest))
		if !ok || !isFolder(filepath.Dir(file)) {
			return name
		}
		return file
	}
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
