package files

import (
	"io/fs"
	"os"
	"path/filepath"
)

// FS is the folder dir of the tree as a file system. Its links may lead anywhere
// in the tree, and what is not a regular file is not opened.
func (t Tree) FS(dir string) fs.FS { return folder{t, dir} }

type folder struct {
	tree Tree
	dir  string
}

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	path, err := f.path("open", name)
	if err != nil {
		return nil, err
	}
	rel, err := f.tree.Resolve(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	root, err := os.OpenRoot(f.tree.root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	if info, err := root.Stat(rel); err == nil && info.IsDir() {
		return root.Open(rel)
	}
	file, err := OpenIn(root, rel)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return file, nil
}

// Stat implements fs.StatFS.
func (f folder) Stat(name string) (fs.FileInfo, error) {
	path, err := f.path("stat", name)
	if err != nil {
		return nil, err
	}
	rel, err := f.tree.Resolve(path)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return os.Lstat(filepath.Join(f.tree.root, rel))
}

// ReadDir implements fs.ReadDirFS.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	path, err := f.path("readdir", name)
	if err != nil {
		return nil, err
	}
	rel, err := f.tree.Resolve(path)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return os.ReadDir(filepath.Join(f.tree.root, rel))
}

func (f folder) path(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return filepath.Join(f.dir, filepath.FromSlash(name)), nil
}
