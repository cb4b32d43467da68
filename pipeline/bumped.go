package pipeline

import (
	"bytes"
	"context"
	"maps"
	"path"
	"path/filepath"
	"slices"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/parallel"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// versionFilesJob is the job of the files that hold the one version for all. A run for some services leaves them alone.
func (r *shared) versionFilesJob() (*job, bool) {
	if len(r.Config.Version.Files) == 0 || len(r.Services) > 0 || !slices.Contains(r.Goal.steps(), "bump") || r.perService() {
		return nil, false
	}
	return &job{shared: r, unit: config.Unit{Service: true, TagPrefix: r.Config.TagPrefixes()[0], Files: r.Config.Version.Files}}, true
}

// decideVersion is the version of a build, or that of the release that was asked for. A service that is only depended on is
// not released with those that were named.
func (r *shared) decideVersion(u config.Unit, facts versioning.Facts, rules versioning.Rules) (versioning.Version, error) {
	if r.Release == "" || len(r.Services) > 0 && !slices.Contains(r.Services, u.Name) {
		return versioning.Next(facts, rules)
	}
	released, err := versioning.Release(facts, rules, r.Release)
	if err != nil {
		return versioning.Version{}, err
	}
	return versioning.Version{
		Number: released.Number, Commit: released.Commit, Time: facts.Head.Time, Explain: released.Explain,
		Exact: released.Present, Unchanged: released.Unchanged, Tag: map[bool]string{true: released.Tag}[released.Present || released.Unchanged],
	}, nil
}

// neutral is the version that stands for every version in a comparison of files.
const neutral = "0.0.0"

// bumped tells which of the modified files differ from HEAD in nothing but
// what bump writes, for any service: those of an earlier run in this checkout.
// A person's edit in the same file is none of ours.
func (r *shared) bumped(ctx context.Context, facts []versioning.Facts) (map[string]bool, error) {
	editors := r.editors()
	committed := map[string][]byte{}
	for _, f := range facts {
		for _, file := range f.Dirty {
			if _, known := committed[file]; known || len(editors[file]) == 0 {
				continue
			}
			if text, err := r.Repository.File(file); err == nil {
				committed[file] = text
			}
		}
	}
	files := slices.Collect(maps.Keys(committed))
	same := make([]bool, len(files))
	err := parallel.Each(ctx, len(files), func(_, i int) error {
		same[i] = r.onlyBumped(editors[files[i]], files[i], committed[files[i]])
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

// editors are those of every file that bump may write for any service, by their names from the root.
func (r *shared) editors() map[string][]editor {
	all := map[string][]editor{}
	add := func(file string, e editor) {
		if rel, err := r.Repository.Rel(r.path(file)); err == nil {
			all[rel] = append(all[rel], e)
		}
	}
	addFiles := func(files []config.VersionFile) {
		for _, f := range files {
			add(path.Clean(f.File), func(src []byte) ([]byte, error) { return setVersion(src, f, neutral) })
		}
	}
	for _, u := range r.Resolved.Units {
		if !u.Service {
			continue
		}
		o, err := r.bumpOptions(u, func(string) (string, error) { return neutral, nil })
		if err != nil {
			continue
		}
		names := []string{"Chart.yaml", "values.yaml"}
		if len(o.Dependencies) > 0 {
			names = append(names, "Chart.lock")
		}
		for _, name := range names {
			add(path.Join(u.Chart, name), func(src []byte) ([]byte, error) { return chart.NeutralBump(name, src, o) })
		}
		addFiles(u.Files)
	}
	addFiles(r.Config.Version.Files)
	return all
}

// onlyBumped bumps what HEAD has and what is there to the same version: equal
// results differed in nothing else.
func (r *shared) onlyBumped(editors []editor, file string, committed []byte) bool {
	present, err := r.Config.Tree().ReadFile(filepath.Join(r.Repository.Root(), filepath.FromSlash(file)), chart.MaxFile)
	if err != nil {
		return false
	}
	a, b := unixLines(committed), unixLines(present)
	for _, edit := range editors {
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
