package versioning

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// treeMode is the mode of a folder in a tree object.
const treeMode = "40000"

// entry is a line of a tree object: "mode name", a zero byte and the hash. The slices are of the object.
type entry struct {
	mode, name []byte
	hash       plumbing.Hash
}

// folder is the tree behind an entry, and zero for a file.
func (e entry) folder() plumbing.Hash {
	if string(e.mode) != treeMode {
		return plumbing.ZeroHash
	}
	return e.hash
}

// nextEntry splits a checked tree, which is not empty, after its first entry.
func nextEntry(tree []byte) (e entry, rest []byte) {
	space := bytes.IndexByte(tree, ' ')
	end := space + bytes.IndexByte(tree[space:], 0)
	e = entry{mode: tree[:space], name: tree[space+1 : end], hash: plumbing.Hash(tree[end+1 : end+1+hashSize])}
	return e, tree[end+1+hashSize:]
}

// tree reads a tree object and checks it, so that nextEntry and diffTrees can read it.
func (o *objects) tree(hash plumbing.Hash) ([]byte, error) {
	kind, content, err := o.read(hash)
	return checked(hash, kind, content, err)
}

// treeOnce is tree for content that is not kept: it is valid until the next read.
func (o *objects) treeOnce(hash plumbing.Hash) ([]byte, error) {
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

// diffTrees calls differ for every name that two checked trees do not have alike, with the folders behind it. A file that
// became a folder is called for twice, as git sorts the two apart.
func diffTrees(a, b []byte, differ func(name []byte, folderA, folderB plumbing.Hash) error) error {
	for len(a) > 0 || len(b) > 0 {
		if n := sameEntry(a, b); n > 0 {
			a, b = a[n:], b[n:]
			continue
		}
		var inA, inB entry
		restA, restB := a, b
		if len(a) > 0 {
			inA, restA = nextEntry(a)
		}
		if len(b) > 0 {
			inB, restB = nextEntry(b)
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
			a, err = restA, differ(inA.name, inA.folder(), plumbing.ZeroHash)
		case order > 0:
			b, err = restB, differ(inB.name, plumbing.ZeroHash, inB.folder())
		default:
			a, b = restA, restB
			if inA.hash != inB.hash || !bytes.Equal(inA.mode, inB.mode) {
				err = differ(inA.name, inA.folder(), inB.folder())
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
func compareEntries(a, b entry) int {
	n := min(len(a.name), len(b.name))
	if order := bytes.Compare(a.name[:n], b.name[:n]); order != 0 {
		return order
	}
	return int(a.after(n)) - int(b.after(n))
}

// after is the byte that counts at a place of the name.
func (e entry) after(n int) byte {
	switch {
	case n < len(e.name):
		return e.name[n]
	case string(e.mode) == treeMode:
		return '/'
	}
	return 0
}
