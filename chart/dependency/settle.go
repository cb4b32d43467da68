package dependency

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/registry"
)

// settle moves what has arrived into charts/ and removes the archives there
// that are no dependencies any more. Folders, files that are no charts and
// dependencies without a repository stay, as Helm leaves them.
func (u *update) settle(ctx context.Context, list []arrived, charts string) error {
	byFile, local := map[string]arrived{}, map[string]bool{}
	for _, a := range list {
		if a.File == "" {
			local[a.Name] = true
			continue
		}
		if other, ok := byFile[a.File]; ok && other.sum != a.sum {
			return fmt.Errorf("dependencies %s of %s and %s of %s are different but both are %s: rename one chart",
				other.Name, registry.Shown(other.Repository), a.Name, registry.Shown(a.Repository), a.File)
		}
		byFile[a.File] = a
	}
	before, err := os.ReadDir(charts)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for file, a := range byFile {
		if err := os.Rename(a.temp, filepath.Join(charts, file)); err != nil {
			return err
		}
	}
	for _, e := range before {
		if _, used := byFile[e.Name()]; used {
			continue
		}
		if e.IsDir() {
			u.beside(e.Name(), byFile)
			continue
		}
		if err := u.removeOutdated(ctx, filepath.Join(charts, e.Name()), local); err != nil {
			return err
		}
	}
	return nil
}

// removeOutdated removes a file of charts/, if it is a chart that nothing needs.
func (u *update) removeOutdated(ctx context.Context, path string, local map[string]bool) error {
	old, err := chart.LoadFrom(ctx, u.tree, path)
	if err != nil || local[old.Metadata.Name] {
		return ctx.Err() // a file that is no chart is none of ours
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	u.result.Removed = append(u.result.Removed, filepath.Base(path))
	return nil
}

// beside warns about a folder in charts/ that an archive stands beside: both
// are loaded.
func (u *update) beside(folder string, byFile map[string]arrived) {
	for file, a := range byFile {
		if a.Name == folder {
			u.warn("charts/%s and charts/%s are the same chart, and both are used: remove one", folder, file)
		}
	}
}
