package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Locked is an error while another git command writes the index, or when one that was killed has left its lock.
func (r *Repository) Locked(ctx context.Context) error {
	out, err := r.run(ctx, "", "rev-parse", "--git-path", "index.lock")
	if err != nil {
		return err
	}
	lock := strings.TrimRight(out, "\r\n")
	if !filepath.IsAbs(lock) {
		lock = filepath.Join(r.dir, lock)
	}
	if _, err := os.Lstat(lock); err == nil {
		return fmt.Errorf("%s exists: another git command is at work here; remove the file if that one was killed", lock)
	}
	return nil
}

// Staged lists the files that differ between HEAD and the index, relative to the root, with slashes.
func (r *Repository) Staged(ctx context.Context) ([]string, error) {
	return r.list(ctx, "diff", "--cached", "--name-only", "--no-renames", "--no-ext-diff", "-z")
}

// Modified lists those of the files that differ between HEAD and the work tree.
func (r *Repository) Modified(ctx context.Context, files []string) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	return r.list(ctx, append([]string{"diff", "HEAD", "--name-only", "--no-renames", "--no-ext-diff", "-z", "--"}, files...)...)
}

func (r *Repository) list(ctx context.Context, args ...string) ([]string, error) {
	out, err := r.run(ctx, "", args...)
	if err != nil {
		return nil, err
	}
	var files []string
	for name := range strings.SplitSeq(out, "\x00") {
		if name != "" {
			files = append(files, name)
		}
	}
	return files, nil
}

// Commit commits the files as they stand in the work tree, and nothing else, and returns the commit's full hash. The
// author is whom git's configuration names; hooks run, and the commit is signed where commit.gpgSign says so.
func (r *Repository) Commit(ctx context.Context, message string, files []string) (string, error) {
	args := append([]string{"commit", "--quiet", "--only", "--cleanup=whitespace", "--file=-", "--"}, files...)
	if _, err := r.run(ctx, message, args...); err != nil {
		return "", err
	}
	out, err := r.run(ctx, "", "rev-parse", "--verify", "HEAD")
	return strings.TrimSpace(out), err
}
