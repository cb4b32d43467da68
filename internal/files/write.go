package files

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// WriteFile writes data to path in one step: a reader sees the old file or the
// whole new one. A link at path is replaced, not followed; links above it are
// followed, since the command line or the job names path. An existing file keeps
// its mode, a new one gets perm.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err == nil {
		err = replace(root, filepath.Base(path), data, perm)
		_ = root.Close()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, unnamed(err))
	}
	return nil
}

// WritePrivate is WriteFile for a file that its owner alone may read, whatever was
// there before.
func WritePrivate(path string, data []byte) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err == nil {
		err = replace(root, filepath.Base(path), data, private)
		_ = root.Close()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, unnamed(err))
	}
	return nil
}

// WriteBelow writes a file below dir, a folder that the command line names or that
// was checked: none of the parts of name is a link. It makes the folders.
func WriteBelow(dir, name string, data []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tree, err := At(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(tree.root, filepath.FromSlash(name))
	if filepath.Dir(path) != tree.root {
		if _, err := tree.Make(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return tree.WriteFile(path, data, 0o644)
}

// WriteFile is the function of that name for a file that the project names: no
// part of its path below the root is a link, or git's own. A link at path itself
// is replaced. Folders above it must be there.
func (t Tree) WriteFile(path string, data []byte, perm fs.FileMode) error {
	return t.in(path, false, func(dir *os.Root, name string) error { return replace(dir, name, data, perm) })
}

// Make makes a folder and those above it, none of which may be a link, and is
// the tree of it.
func (t Tree) Make(path string) (Tree, error) {
	err := t.in(filepath.Join(path, "x"), true, func(*os.Root, string) error { return nil })
	if err != nil {
		return Tree{}, err
	}
	return At(path)
}

// Check is the error that writing to a path would end with, ErrLink, ErrGit or
// ErrOutside, as far as the path is there.
func (t Tree) Check(path string) error {
	err := t.in(path, false, func(dir *os.Root, name string) error {
		info, err := dir.Lstat(name)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return named(path, ErrLink)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Create opens a regular file for reading and writing, and makes it where there
// is none. Its content stays.
func (t Tree) Create(path string, perm fs.FileMode) (f *os.File, err error) {
	err = t.in(path, false, func(dir *os.Root, name string) error {
		before, err := dir.Lstat(name)
		switch {
		case err == nil && before.Mode()&fs.ModeSymlink != 0:
			return named(path, ErrLink)
		case err == nil && !before.Mode().IsRegular():
			return named(path, ErrNotRegular)
		case errors.Is(err, fs.ErrNotExist):
			f, err = opened(dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm))
			return err
		case err != nil:
			return err
		}
		if f, err = opened(dir.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0)); err != nil {
			return err
		}
		if info, err := f.Stat(); err != nil || !os.SameFile(before, info) {
			_ = f.Close()
			return named(path, errors.New("it was replaced meanwhile"))
		}
		return nil
	})
	return f, err
}

// Remove removes a file, or a link itself.
func (t Tree) Remove(path string) error {
	return t.in(path, false, func(dir *os.Root, name string) error { return dir.Remove(name) })
}

// Edit is new content for a file that is there.
type Edit struct {
	Path string
	Data []byte
}

// Edit replaces files of the tree. One that is a link stays one: the file that it
// leads to is replaced, if that is in the tree. All new files are complete on disk
// before the first old one is replaced.
func (t Tree) Edit(edits []Edit) (err error) {
	type written struct {
		dir        *os.Root
		temp, name string
		done       bool
	}
	var all []*written
	defer func() {
		for _, w := range all {
			if !w.done {
				_ = w.dir.Remove(w.temp)
			}
			_ = w.dir.Close()
		}
	}()
	for _, e := range edits {
		rel, err := t.Resolve(e.Path)
		if err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
		dir, err := t.open(filepath.Dir(rel), false)
		if err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
		w := &written{dir: dir, name: filepath.Base(rel)}
		if w.temp, err = writeTemp(dir, w.name, e.Data, 0o644); err != nil {
			_ = dir.Close()
			return fmt.Errorf("write %s: %w", e.Path, unnamed(err))
		}
		all = append(all, w)
	}
	for _, w := range all {
		if err := w.dir.Rename(w.temp, w.name); err != nil {
			return fmt.Errorf("write %s: %w", w.name, unnamed(err))
		}
		w.done = true
	}
	return nil
}

// in does something with a file in its folder, on the way to which no part is a
// link or git's own.
func (t Tree) in(path string, mkdir bool, do func(dir *os.Root, name string) error) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	rel, err := t.rel(abs)
	if err != nil {
		return named(path, err)
	}
	dir, err := t.open(filepath.Dir(rel), mkdir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := do(dir, filepath.Base(rel)); err != nil {
		if e, ok := errors.AsType[*pathError](err); ok {
			return e
		}
		return named(path, unnamed(err))
	}
	return nil
}

// open opens a folder part by part. Each is looked at before it is opened and
// compared with what was opened, so that nobody can put a link there meanwhile.
func (t Tree) open(rel string, mkdir bool) (*os.Root, error) {
	dir, err := os.OpenRoot(t.root)
	if err != nil || rel == "." {
		return dir, err
	}
	at := t.root
	for part := range strings.SplitSeq(rel, string(filepath.Separator)) {
		at = filepath.Join(at, part)
		if mkdir {
			if err := dir.Mkdir(part, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				_ = dir.Close()
				return nil, named(at, unnamed(err))
			}
		}
		next, err := enter(dir, part)
		_ = dir.Close()
		if err != nil {
			return nil, named(at, err)
		}
		dir = next
	}
	return dir, nil
}

// enter opens a folder in a folder, unless it is a link.
func enter(dir *os.Root, part string) (*os.Root, error) {
	before, err := dir.Lstat(part)
	switch {
	case err != nil:
		return nil, unnamed(err)
	case before.Mode()&fs.ModeSymlink != 0:
		return nil, ErrLink
	case !before.IsDir():
		return nil, syscall.ENOTDIR
	}
	next, err := dir.OpenRoot(part)
	if err != nil {
		return nil, unnamed(err)
	}
	if after, err := next.Stat("."); err != nil || !os.SameFile(before, after) {
		_ = next.Close()
		return nil, errors.New("it was replaced meanwhile")
	}
	return next, nil
}

// replace writes a file beside the one of that name, and then in its place.
func replace(dir *os.Root, name string, data []byte, perm fs.FileMode) error {
	temp, err := writeTemp(dir, name, data, perm)
	if err != nil {
		return err
	}
	if err := dir.Rename(temp, name); err != nil {
		_ = dir.Remove(temp)
		return err
	}
	return nil
}

// private is the mode of a file that keeps it, whatever was there before.
const private fs.FileMode = 0o600

// writeTemp writes a new file beside the one of that name, with its mode or
// perm, and leaves nothing behind when it fails.
func writeTemp(dir *os.Root, name string, data []byte, perm fs.FileMode) (temp string, err error) {
	if info, err := dir.Lstat(name); err == nil && info.Mode().IsRegular() && perm != private {
		perm = info.Mode().Perm()
	}
	temp = "." + name + "." + rand.Text()[:10]
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(perm), f.Close()); err != nil {
		_ = dir.Remove(temp)
		return "", err
	}
	return temp, nil
}

// pathError names the path that is at fault, which may be a folder above the one
// that was asked for.
type pathError struct {
	path string
	err  error
}

// Error implements error.
func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }

// Unwrap returns the cause.
func (e *pathError) Unwrap() error { return e.err }

func named(path string, err error) error { return &pathError{path, err} }
