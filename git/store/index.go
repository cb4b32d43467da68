package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
)

// ModifiedByIndex lists the modified tracked files: HEAD's tree against the index, the index against the files. A file
// whose size and time are as the index has them is not read. Filters (git-lfs, ident) are not known to it: a filtered
// file that was touched since checkout counts as modified.
func (r *Repository) ModifiedByIndex(ctx context.Context) ([]string, error) {
	staged, written, err := readIndex(filepath.Join(r.gitDir, "index"))
	if err != nil {
		return nil, fmt.Errorf("look for modified files: %w", err)
	}
	_, hash, err := r.Refs.Head()
	if err != nil {
		return nil, err
	}
	head := r.Graph.Node(hash)
	if err := r.Graph.Load(head); err != nil {
		return nil, fmt.Errorf("look for modified files: %w", err)
	}
	committed := map[string]string{}
	if !sameTree(staged, head.Tree) {
		if err := r.Objects().flatten(head.Tree, "", committed, 0); err != nil {
			return nil, fmt.Errorf("look for modified files: %w", err)
		}
	} else {
		committed = nil
	}
	var modified []string
	for i, e := range staged.Entries {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if committed != nil {
			was, ok := committed[e.Name]
			delete(committed, e.Name)
			if !ok || was != fmt.Sprintf("%o %s", uint32(e.Mode), e.Hash) {
				modified = append(modified, e.Name)
				continue
			}
		}
		differs, err := r.fileDiffers(e, written)
		if err != nil {
			return nil, fmt.Errorf("look for modified files: %w", err)
		}
		if differs {
			modified = append(modified, e.Name)
		}
	}
	for name := range committed {
		modified = append(modified, name)
	}
	slices.Sort(modified)
	return slices.Compact(modified), nil
}

// readIndex reads the index and when it was written. A repository without one has nothing staged.
func readIndex(file string) (*index.Index, time.Time, error) {
	staged := &index.Index{}
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return staged, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	if err := index.NewDecoder(f).Decode(staged); err != nil {
		return nil, time.Time{}, fmt.Errorf("read the index: %w", err)
	}
	return staged, info.ModTime(), nil
}

// sameTree reports whether the index's cached root tree is the given one: then nothing is staged.
func sameTree(staged *index.Index, tree plumbing.Hash) bool {
	return staged.Cache != nil && slices.ContainsFunc(staged.Cache.Entries, func(e index.TreeEntry) bool {
		return e.Path == "" && e.Entries >= 0 && e.Hash == tree
	})
}

// flatten lists all files of a tree, each as "mode hash".
func (o *Objects) flatten(hash plumbing.Hash, dir string, files map[string]string, depth int) error {
	const deepest = 512
	if depth > deepest {
		return fmt.Errorf("tree %s nests deeper than %d", hash, deepest)
	}
	tree, err := o.tree(hash)
	if err != nil {
		return err
	}
	for len(tree) > 0 {
		var e TreeEntry
		e, tree = NextEntry(tree)
		full := path.Join(dir, string(e.Name))
		if folder := e.Folder(); !folder.IsZero() {
			err = o.flatten(folder, full, files, depth+1)
		} else {
			files[full] = fmt.Sprintf("%s %s", e.mode, e.hash)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fileDiffers compares a file with its index entry.
func (r *Repository) fileDiffers(e *index.Entry, written time.Time) (bool, error) {
	if e.SkipWorktree || e.Mode == filemode.Submodule || e.IntentToAdd {
		return e.IntentToAdd, nil
	}
	file, err := r.Abs(e.Name)
	if err != nil {
		return false, err
	}
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if !sameMode(e.Mode, info.Mode()) {
		return true, nil
	}
	// as git does, distrust a file that is as young as the index: it may have changed within the clock's tick
	if uint32(info.Size()) == e.Size && info.ModTime().Equal(e.ModifiedAt) && e.ModifiedAt.Before(written) {
		return false, nil
	}
	return contentDiffers(file, info, e.Hash)
}

func sameMode(committed filemode.FileMode, actual fs.FileMode) bool {
	switch committed {
	case filemode.Symlink:
		return actual&fs.ModeSymlink != 0
	case filemode.Executable:
		return actual.IsRegular() && actual&0o100 != 0
	}
	return actual.IsRegular() && actual&0o100 == 0
}

// contentDiffers hashes a file as git would, as it is and with Unix line endings.
func contentDiffers(file string, info fs.FileInfo, want plumbing.Hash) (bool, error) {
	const limit = 1 << 30
	if info.Size() > limit {
		return true, nil
	}
	var content []byte
	var err error
	if info.Mode()&fs.ModeSymlink != 0 {
		var target string
		target, err = os.Readlink(file)
		content = []byte(target)
	} else {
		content, err = os.ReadFile(file)
	}
	if err != nil {
		return false, err
	}
	if plumbing.ComputeHash(plumbing.BlobObject, content) == want {
		return false, nil
	}
	unix := bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	return plumbing.ComputeHash(plumbing.BlobObject, unix) != want, nil
}
