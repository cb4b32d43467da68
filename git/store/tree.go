package store

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// treeMode is the mode of a folder in a tree object.
const treeMode = "40000"

// TreeEntry is a line of a tree object: "mode name", a zero byte and the hash. The slices are of the object.
type TreeEntry struct {
	mode, Name []byte
	hash       plumbing.Hash
}

// Folder is the tree behind an entry, and zero for a file.
func (e TreeEntry) Folder() plumbing.Hash {
	if string(e.mode) != treeMode {
		return plumbing.ZeroHash
	}
	return e.hash
}

// NextEntry splits a checked tree, which is not empty, after its first entry.
func NextEntry(tree []byte) (e TreeEntry, rest []byte) {
	space := bytes.IndexByte(tree, ' ')
	end := space + bytes.IndexByte(tree[space:], 0)
	e = TreeEntry{mode: tree[:space], Name: tree[space+1 : end], hash: plumbing.Hash(tree[end+1 : end+1+hashSize])}
	return e, tree[end+1+hashSize:]
}

// tree reads a tree object and checks it, so that nextEntry and diffTrees can read it.
func (o *Objects) tree(hash plumbing.Hash) ([]byte, error) {
	kind, content, err := o.Read(hash)
	return checked(hash, kind, content, err)
}

// TreeOnce is tree for content that is not kept: it is valid until the next read.
func (o *Objects) TreeOnce(hash plumbing.Hash) ([]byte, error) {
	kind, content, err := o.readOnce(hash)
	return checked(hash, kind, content, err)
}

func checked(hash plumbing.Hash, kind plumbing.ObjectType, content []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if kind != plumbing.TreeObject {
		return nil, &CorruptObjectError{Hash: hash.String(), Err: fmt.Errorf("it is a %s, not a tree", kind)}
	}
	if err := checkTree(content); err != nil {
		return nil, &CorruptObjectError{Hash: hash.String(), Err: err}
	}
	return content, nil
}

// checkTree is an error where nextEntry cannot read a tree.
func checkTree(tree []byte) error {
	for len(tree) > 0 {
		space := bytes.IndexByte(tree, ' ')
		if space <= 0 || space > len("100644") || bytes.IndexByte(tree[:space], 0) >= 0 {
			return errors.New("an entry without a mode")
		}
		end := bytes.IndexByte(tree[space:], 0)
		if end <= 1 || len(tree) < space+end+1+hashSize {
			return errors.New("a truncated entry")
		}
		tree = tree[space+end+1+hashSize:]
	}
	return nil
}

// DiffTrees calls differ for every name that two checked trees do not have alike, with the folders behind it. A file
// that became a folder is called for twice, as git sorts the two apart.
func DiffTrees(a, b []byte, differ func(name []byte, folderA, folderB plumbing.Hash) error) error {
	for len(a) > 0 || len(b) > 0 {
		if n := sameEntry(a, b); n > 0 {
			a, b = a[n:], b[n:]
			continue
		}
		var inA, inB TreeEntry
		restA, restB := a, b
		if len(a) > 0 {
			inA, restA = NextEntry(a)
		}
		if len(b) > 0 {
			inB, restB = NextEntry(b)
		}
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = compareEntries(inA, inB)
		}
		var err error
		switch {
		case order < 0:
			a, err = restA, differ(inA.Name, inA.Folder(), plumbing.ZeroHash)
		case order > 0:
			b, err = restB, differ(inB.Name, plumbing.ZeroHash, inB.Folder())
		default:
			a, b = restA, restB
			if inA.hash != inB.hash || !bytes.Equal(inA.mode, inB.mode) {
				err = differ(inA.Name, inA.Folder(), inB.Folder())
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sameEntry is the length of the first entry where two checked trees have it alike, as nearly always, else 0.
func sameEntry(a, b []byte) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	n := bytes.IndexByte(a, 0) + 1 + hashSize
	if n > len(b) || !bytes.Equal(a[:n], b[:n]) {
		return 0
	}
	return n
}

// compareEntries is the order of a tree: by bytes, a folder as if its name ended in a slash.
func compareEntries(a, b TreeEntry) int {
	n := min(len(a.Name), len(b.Name))
	if order := bytes.Compare(a.Name[:n], b.Name[:n]); order != 0 {
		return order
	}
	return int(a.after(n)) - int(b.after(n))
}

// after is the byte that counts at a place of the name.
func (e TreeEntry) after(n int) byte {
	switch {
	case n < len(e.Name):
		return e.Name[n]
	case string(e.mode) == treeMode:
		return '/'
	}
	return 0
}
