package pipeline

import (
	"bytes"
	"context"
	"maps"
	"path"
	"path/filepath"
	"slices"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/bump"
	"github.com/pintle-ci/pintle/internal/parallel"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// neutral is the version that stands for every version in a comparison of files.
const neutral = "0.0.0"

// bumped are those of the modified files that differ from HEAD in nothing but
// what bump writes, for any service: those of an earlier run in this checkout.
// A person's edit in the same file is none of ours.
func (p *Project) bumped(ctx context.Context, facts []versioning.Facts) (map[string]bool, error) {
	edits := p.Edits()
	committed := map[string][]byte{}
	for _, f := range facts {
		for _, file := range f.Dirty {
			if _, known := committed[file]; known || !edits.Has(file) {
				continue
			}
			if text, err := p.Repository.File(file); err == nil {
				committed[file] = text
			}
		}
	}
	files := slices.Collect(maps.Keys(committed))
	same := make([]bool, len(files))
	err := parallel.Each(ctx, len(files), func(_, i int) error {
		same[i] = edits.Only(files[i], committed[files[i]])
		return nil
	})
	own := map[string]bool{}
	for i, file := range files {
		own[file] = same[i]
	}
	return own, err
}

// editor makes of a file what a bump to a version that stands for all makes of it.
type editor func(src []byte) ([]byte, error)

// Edits are what bump may write for any service, by file.
type Edits struct {
	project *Project
	editors map[string][]editor // by the files' names from the root
}

// Edits are those of the project.
func (p *Project) Edits() Edits {
	all := map[string][]editor{}
	add := func(file string, e editor) {
		if rel, err := p.Repository.Rel(p.Path(file)); err == nil {
			all[rel] = append(all[rel], e)
		}
	}
	addFiles := func(files []config.VersionFile) {
		for _, f := range files {
			add(path.Clean(f.File), func(src []byte) ([]byte, error) { return setVersion(src, f, neutral) })
		}
	}
	for _, u := range p.Resolved.Units {
		if !u.Service {
			continue
		}
		o, err := p.bumpOptions(u, func(string) (string, error) { return neutral, nil })
		if err != nil {
			continue
		}
		names := []string{"Chart.yaml", "values.yaml"}
		if len(o.Dependencies) > 0 {
			names = append(names, "Chart.lock")
		}
		for _, name := range names {
			add(path.Join(u.Chart, name), func(src []byte) ([]byte, error) { return bump.Neutral(name, src, o) })
		}
		addFiles(u.Files)
	}
	addFiles(p.Config.Version.Files)
	return Edits{p, all}
}

// Has reports whether bump may write the file of that name from the root.
func (e Edits) Has(file string) bool { return len(e.editors[file]) > 0 }

// Only reports whether a file differs from its committed text in nothing but what bump writes: both are bumped to the
// same version, and compared.
func (e Edits) Only(file string, committed []byte) bool {
	p := e.project
	present, err := p.Config.Tree().ReadFile(filepath.Join(p.Repository.Root(), filepath.FromSlash(file)), chart.MaxFile)
	if err != nil {
		return false
	}
	a, b := unixLines(committed), unixLines(present)
	for _, edit := range e.editors[file] {
		var errA, errB error
		a, errA = edit(a)
		b, errB = edit(b)
		if errA != nil || errB != nil {
			return false
		}
	}
	return bytes.Equal(a, b)
}

// unixLines leaves out what git may have added on checkout (core.autocrlf).
func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
