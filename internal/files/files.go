// Package files opens what a project names: values, charts, templates, reports.
// A project may be somebody else's merge request, so it reads and writes within
// its git work tree only, outside of .git, and regular files only. What the
// command line or the job's environment names is opened wherever it is, by
// ReadNamed and WriteFile. It knows no format and no pintle.yaml.
//
// A hard link to a file elsewhere cannot be told from a file; git makes none.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Reasons why a file is not opened.
var (
	ErrOutside    = errors.New("is outside of the repository")
	ErrGit        = errors.New("is in .git")
	ErrLink       = errors.New("is a link: remove it")
	ErrNotRegular = errors.New("is not a regular file")
	ErrTooLarge   = errors.New("is too large")
)

// Refused is the reason for which a file is not opened though it may be there;
// nil for every other error.
func Refused(err error) error {
	for _, reason := range []error{ErrOutside, ErrGit, ErrLink, ErrNotRegular} {
		if errors.Is(err, reason) {
			return reason
		}
	}
	return nil
}

// Tree is a folder and what is below it.
type Tree struct {
	root    string  // absolute, without links
	aliases []alias // other ways to name folders of it
}

// alias is a folder as somebody names it, and where it is below root.
type alias struct{ named, rel string }

// Around is the git work tree that a folder or a file is in, or the folder itself,
// or the file's, where there is none. Links in path are followed: somebody who may
// has named it.
func Around(path string) (Tree, error) {
	t, err := At(path)
	if err != nil {
		return Tree{}, err
	}
	named, real := t.aliases[0].named, filepath.Join(t.root, t.aliases[0].rel)
	root := workTree(t.root)
	if root == "" {
		return t, nil
	}
	below, err := filepath.Rel(root, real)
	if err != nil {
		return Tree{}, err
	}
	t = Tree{root: root, aliases: []alias{{named, below}}}
	// the root by the same way, for paths with ".."
	if above, ok := strings.CutSuffix(named, string(filepath.Separator)+below); ok && above != "" {
		if target, err := filepath.EvalSymlinks(above); err == nil && target == root {
			t.aliases = append(t.aliases, alias{above, "."})
		}
	}
	return t, nil
}

// At is the tree of a folder itself, or of the one that a file is in. Links in
// path are followed.
func At(path string) (Tree, error) {
	named, err := filepath.Abs(path)
	if err != nil {
		return Tree{}, err
	}
	real, err := filepath.EvalSymlinks(named)
	if err != nil {
		return Tree{}, err
	}
	if info, err := os.Stat(real); err == nil && !info.IsDir() {
		return Tree{root: filepath.Dir(real), aliases: []alias{{named, filepath.Base(real)}}}, nil
	}
	return Tree{root: real, aliases: []alias{{named, "."}}}, nil
}

// Root is the folder, absolute and without links.
func (t Tree) Root() string { return t.root }

// workTree is the folder that holds .git: dir or the next one above it.
func workTree(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// IsGit reports whether a file or folder of that name is git's own, on any file
// system: some tell no case apart, and some have short names.
func IsGit(name string) bool {
	return strings.EqualFold(name, ".git") || strings.EqualFold(name, "git~1")
}

// HasGit reports whether a path has a part that is git's own.
func HasGit(path string) bool {
	for part := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if IsGit(part) {
			return true
		}
	}
	return false
}

// Resolve follows the links of a path and returns where it leads, from the root.
// The error is that of the file system, ErrOutside or ErrGit.
func (t Tree) Resolve(path string) (rel string, err error) {
	if t.root == "" {
		return "", ErrOutside
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(abs)
	if err != nil {
		// what is not there must not tell what is outside
		if rel, named := t.rel(abs); named != nil {
			return "", named
		} else if outside := t.leaves(rel); outside != nil {
			return "", outside
		}
		return "", unnamed(err)
	}
	return t.below(target)
}

// leaves follows a path that leads to nothing as far as it goes.
func (t Tree) leaves(rel string) error {
	for at := rel; at != "."; at = filepath.Dir(at) {
		target, err := filepath.EvalSymlinks(filepath.Join(t.root, at))
		if err == nil {
			_, err = t.below(target)
			return err
		}
		link, err := os.Readlink(filepath.Join(t.root, at))
		if err != nil {
			continue
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(t.root, filepath.Dir(at), link)
		}
		if _, err := t.below(filepath.Clean(link)); err != nil {
			return err
		}
	}
	return nil
}

// below is a path without links, from the root.
func (t Tree) below(target string) (string, error) {
	rel, err := filepath.Rel(t.root, target)
	switch {
	case err != nil || !filepath.IsLocal(rel):
		return "", ErrOutside
	case HasGit(rel):
		return "", ErrGit
	}
	return rel, nil
}

// rel is a path by its letters, from the root.
func (t Tree) rel(abs string) (string, error) {
	if rel, err := t.below(abs); !errors.Is(err, ErrOutside) {
		return rel, err
	}
	for _, a := range t.aliases {
		if rel, err := filepath.Rel(a.named, abs); err == nil && filepath.IsLocal(rel) {
			return t.below(filepath.Join(t.root, a.rel, rel))
		}
	}
	return "", ErrOutside
}

// unnamed is an error of the file system without the path, which the caller names.
func unnamed(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// Open opens a regular file for reading. Links may lead to it, within the tree.
// It waits for nobody: not for the writer of a pipe, not for a device.
func (t Tree) Open(path string) (*os.File, error) {
	rel, err := t.Resolve(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(t.root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	return OpenIn(root, rel)
}

// OpenIn opens a regular file below root for reading, and waits for nobody.
func OpenIn(root *os.Root, rel string) (*os.File, error) {
	return opened(root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0))
}

// opened refuses an open file that is none: only what is open tells for sure.
func opened(f *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, unnamed(err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("is a folder, not a file")
	} else if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// ReadFile reads a regular file of at most limit bytes, as Open opens it.
// More is ErrTooLarge.
func (t Tree) ReadFile(path string, limit int64) ([]byte, error) {
	f, err := t.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrTooLarge, limit>>20)
	}
	return data, err
}
