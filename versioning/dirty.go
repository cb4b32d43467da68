package versioning

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/git"
)

// dirty fills in the modified files for the queries that ask, with one look at the work tree.
func (rd *reader) dirty(ctx context.Context, queries []Query, facts []Facts) error {
	if !slices.ContainsFunc(queries, func(q Query) bool { return q.Dirty }) {
		return nil
	}
	files, err := rd.repository.Modified(ctx)
	if err != nil {
		return err
	}
	for i, query := range queries {
		for _, file := range files {
			if query.Dirty && !slices.Contains(query.Ignored, file) && within(file, query.Paths) {
				facts[i].Dirty = append(facts[i].Dirty, file)
			}
		}
	}
	return nil
}

// within reports whether a file is one of the paths or below one. No paths are the whole repository.
func within(file string, paths []string) bool {
	return len(paths) == 0 || slices.ContainsFunc(paths, func(p string) bool {
		p = path.Clean(p)
		return p == "." || file == p || strings.HasPrefix(file, p+"/")
	})
}

// Modified lists the tracked files that differ from HEAD, staged or not, sorted, relative to the root, with slashes.
// Untracked and ignored files do not count. It asks the git binary, which knows filters and line endings; without one it
// compares the index itself. A bare repository has none.
func (r *Repository) Modified(ctx context.Context) ([]string, error) {
	if r.Root() == "" {
		return nil, nil
	}
	if git.Nested(r.Root(), r.Common()) {
		return r.ModifiedByIndex(ctx) // its settings may name filters: programs
	}
	root, err := filepath.EvalSymlinks(r.Root()) // safe.directory is compared with the real path
	if err != nil {
		return nil, err
	}
	status := git.Command{Dir: root, Environ: git.ReadOnly(git.Environment(os.Environ())), Config: []string{"safe.directory=" + root}}
	out, err := status.Run(ctx, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty")
	switch {
	case errors.Is(err, git.ErrNoGit):
		return r.ModifiedByIndex(ctx)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("look for modified files: %w", err)
	}
	var files []string
	for record := range strings.SplitSeq(string(out), "\x00") {
		if len(record) > 3 {
			files = append(files, record[3:])
		}
	}
	slices.Sort(files)
	return files, nil
}
