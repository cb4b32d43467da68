package versioning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// dirty fills in the modified files for the queries that ask, with one look at the work tree.
func (a *answer) dirty(ctx context.Context, queries []Query, facts []Facts) error {
	if !slices.ContainsFunc(queries, func(q Query) bool { return q.Dirty }) {
		return nil
	}
	files, err := a.repository.Modified(ctx)
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

// within tells whether a file is one of the paths or below one. No paths are the whole repository.
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
	if r.root == "" {
		return nil, nil
	}
	binary, err := exec.LookPath("git")
	if err != nil {
		return r.modifiedByIndex(ctx)
	}
	root, err := filepath.EvalSymlinks(r.root) // safe.directory is compared with the real path
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, "-c", "safe.directory="+root, "-c", "core.fsmonitor=false", "-C", root,
		"status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty")
	cmd.Env = gitEnv(os.Environ())
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.As(err, new(*exec.ExitError)) {
			err = errors.New(firstLine(problem.String()))
		}
		return nil, fmt.Errorf("look for modified files: git status: %w", err)
	}
	var files []string
	for record := range strings.SplitSeq(out.String(), "\x00") {
		if len(record) > 3 {
			files = append(files, record[3:])
		}
	}
	slices.Sort(files)
	return files, nil
}

// gitEnv is an environment in which git answers for the folder it is told, in English, without prompts, locks or fetches
// (GIT_NO_LAZY_FETCH is known from 2.45 on, and harmless before).
func gitEnv(environ []string) []string {
	env := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
			"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES"}, name)
	})
	return append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return short(line)
}
