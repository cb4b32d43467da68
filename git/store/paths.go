package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Rel turns a path of the file system into one relative to the repository's root, with slashes; "." is the root. The
// path may be absolute or relative to the working folder, lead through symbolic links, and need not exist. Errors: a
// path outside the repository, a bare repository.
func (r *Repository) Rel(path string) (string, error) {
	if r.root == "" {
		return "", fmt.Errorf("path %s: the repository is bare and has no files", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := realPath(abs)
	if err != nil {
		return "", err
	}
	root, err := filepath.EvalSymlinks(r.root)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("path %s is outside the repository %s", path, r.root)
	}
	return filepath.ToSlash(rel), nil
}

// Abs turns a path relative to the root, with slashes, into one of the file system. Error: a path that leaves the
// repository by its letters; a symbolic link may still lead out, which Rel of the result finds.
func (r *Repository) Abs(rel string) (string, error) {
	local := filepath.FromSlash(rel)
	if r.root == "" || !filepath.IsLocal(local) {
		return "", fmt.Errorf("path %q is outside the repository %s", rel, r.root)
	}
	return filepath.Join(r.root, local), nil
}

// realPath resolves the symbolic links of the part of a path that exists.
func realPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("path %s is a broken symbolic link", path)
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path, nil
	}
	above, err := realPath(parent)
	if err != nil {
		return "", err
	}
	return filepath.Join(above, filepath.Base(path)), nil
}
