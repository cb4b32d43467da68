package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/event"
	"github.com/pintle-ci/pintle/versioning"
)

// bump writes the version and the image into the chart's files, and loads the
// chart. A run that only asks loads it as it would be.
func (j *job) bump(ctx context.Context, _ event.Span) event.Result {
	dir := j.path(j.unit.Chart)
	changes, err := chart.Bump(os.DirFS(dir), bumpOptions(j.unit, j.version.Number))
	if errors.Is(err, chart.ErrNoSuchKey) || errors.Is(err, fs.ErrNotExist) {
		return failed(fmt.Errorf("%s: %w; name the place with services.%s.image, or write \"image: none\"", j.unit.Chart, err, j.unit.Name))
	}
	if err != nil {
		return failed(fmt.Errorf("%s: %w", j.unit.Chart, err))
	}
	if j.Goal.writesTree() {
		err := chart.WriteChanges(dir, changes)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			return failed(fmt.Errorf("%s: %w; make the working tree writable, or only look with \"pintle plan\"", j.unit.Chart, err))
		}
		if err != nil {
			return failed(fmt.Errorf("%s: %w", j.unit.Chart, err))
		}
	}
	if j.chart, err = chart.LoadWith(ctx, dir, changes); err != nil {
		return failed(err)
	}
	if len(changes) == 0 {
		return event.Result{Status: event.Unchanged, Message: "Chart.yaml and values.yaml say so already", Version: j.version.Number}
	}
	var names []string
	for _, c := range changes {
		names = append(names, c.Name)
	}
	did := "wrote "
	if !j.Goal.writesTree() {
		did = "would write "
	}
	return event.Result{Status: event.Passed, Message: did + strings.Join(names, " and "), Version: j.version.Number}
}

// bumpOptions is what bump writes for a unit: the version and the image.
func bumpOptions(u config.Unit, version string) chart.BumpOptions {
	o := chart.BumpOptions{Version: version, AppVersion: version}
	if !u.Image.None {
		o.Image = &chart.BumpImage{
			Repository: u.Image.Repository, Tag: version,
			RepositoryPath: splitPath(u.Image.RepositoryPath), TagPath: splitPath(u.Image.TagPath),
		}
	}
	return o
}

func splitPath(dotted string) []string {
	if dotted == "" {
		return nil
	}
	return strings.Split(dotted, ".")
}

// bumped tells which of the modified files differ from HEAD in nothing but
// what bump writes, for any service: those of an earlier run in this checkout.
// A person's edit in the same file is none of ours.
func (r *shared) bumped(facts []versioning.Facts) map[string]bool {
	owner := map[string]config.Unit{}
	for _, u := range r.Resolved.Units {
		if dir, err := r.Repository.Rel(r.path(u.Chart)); u.Service && err == nil {
			owner[dir] = u
		}
	}
	own := map[string]bool{}
	for _, f := range facts {
		for _, file := range f.Dirty {
			if _, known := own[file]; known {
				continue
			}
			u, ours := owner[path.Dir(file)]
			own[file] = ours && r.onlyBumped(u, file)
		}
	}
	return own
}

// onlyBumped bumps what HEAD has and what is there to the same version: equal
// results differed in nothing else.
func (r *shared) onlyBumped(u config.Unit, file string) bool {
	committed, err := r.Repository.File(file)
	if err != nil {
		return false
	}
	present, err := os.ReadFile(filepath.Join(r.Repository.Root(), filepath.FromSlash(file)))
	if err != nil {
		return false
	}
	o := bumpOptions(u, "0.0.0")
	a, errA := chart.BumpFile(path.Base(file), unixLines(committed), o)
	b, errB := chart.BumpFile(path.Base(file), unixLines(present), o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// unixLines leaves out what git may have added on checkout (core.autocrlf).
func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
