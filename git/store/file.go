package store

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// File returns what HEAD has in a file, byte for byte as it is stored: without filters and line ending conversion. The
// name is relative to the root, with slashes. Of a symbolic link it is the target's name.
// Errors: fs.ErrNotExist when HEAD has no such file, ErrNoCommits, *MissingObjectError, *CorruptObjectError, a file of
// more than 4 MiB.
func (r *Repository) File(name string) ([]byte, error) {
	_, hash, err := r.Refs.Head()
	if err != nil {
		return nil, err
	}
	head := r.Graph.Node(hash)
	if err := r.Graph.Load(head); err != nil {
		return nil, fmt.Errorf("read HEAD: %w", err)
	}
	at := head.Tree
	for step := range strings.SplitSeq(path.Clean(name), "/") {
		if at, err = r.below(at, step); err != nil {
			return nil, fmt.Errorf("read %s at HEAD: %w", name, err)
		}
	}
	kind, content, err := r.Objects().Read(at)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s at HEAD: %w", name, err)
	case kind != plumbing.BlobObject:
		return nil, fmt.Errorf("read %s at HEAD: %w: it is a folder", name, fs.ErrNotExist)
	case content == nil:
		return nil, fmt.Errorf("read %s at HEAD: it has more than %d bytes", name, blobLimit)
	}
	return content, nil
}

// below finds a name in a tree object.
func (r *Repository) below(tree plumbing.Hash, name string) (plumbing.Hash, error) {
	kind, content, err := r.Objects().Read(tree)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if kind != plumbing.TreeObject {
		return plumbing.ZeroHash, fs.ErrNotExist
	}
	if err := checkTree(content); err != nil {
		return plumbing.ZeroHash, &CorruptObjectError{Hash: tree.String(), Err: err}
	}
	for len(content) > 0 {
		var e TreeEntry
		if e, content = NextEntry(content); bytes.Equal(e.Name, []byte(name)) {
			return e.hash, nil
		}
	}
	return plumbing.ZeroHash, fs.ErrNotExist
}
