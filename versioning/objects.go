package versioning

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

const (
	// objectLimit bounds a tree or tag object.
	objectLimit = 64 << 20
	// commitLimit is how much of a commit is read. The header comes first; a message longer than this is cut.
	commitLimit = 1 << 20
	// alternateDepth is git's own bound on chains of alternates.
	alternateDepth = 5
	// objectCache holds delta bases.
	objectCache = 16 * cache.MiByte
)

// objects reads git objects from an object folder and its alternates, each opened once. go-git's own way with alternates
// opens them anew for every object and reads relative ones from the wrong folder.
type objects struct {
	stores  []*filesystem.ObjectStorage
	partial bool
}

func openObjects(dir string, partial bool) (*objects, error) {
	o := &objects{partial: partial}
	seen := map[string]bool{}
	if err := o.add(dir, seen, 0); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *objects) add(dir string, seen map[string]bool, depth int) error {
	dir = filepath.Clean(dir)
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	if depth > alternateDepth {
		return fmt.Errorf("alternates nest deeper than %d at %s", alternateDepth, dir)
	}
	options := filesystem.Options{KeepDescriptors: true, ExclusiveAccess: true, LargeObjectThreshold: objectLimit}
	files := dotgit.NewWithOptions(osfs.New(filepath.Dir(dir)), dotgit.Options{ExclusiveAccess: true})
	o.stores = append(o.stores, filesystem.NewObjectStorageWithOptions(files, cache.NewObjectLRU(objectCache), options))
	text, err := readSmall(filepath.Join(dir, "info", "alternates"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read alternates: %w", err)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		next := join(dir, strings.Trim(line, `"`))
		if info, err := os.Stat(next); err != nil || !info.IsDir() {
			continue // as git does; an object that only it has is reported as missing
		}
		if err := o.add(next, seen, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (o *objects) close() error {
	errs := make([]error, len(o.stores))
	for i, store := range o.stores {
		errs[i] = store.Close()
	}
	return errors.Join(errs...)
}

// read returns an object's type and content. A commit's content is cut at commitLimit.
// Errors: *MissingObjectError, *CorruptObjectError.
func (o *objects) read(hash plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	for _, store := range o.stores {
		object, err := store.EncodedObject(plumbing.AnyObject, hash)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err != nil {
			return 0, nil, &CorruptObjectError{Hash: hash.String(), Err: err}
		}
		content, err := readContent(object)
		if err != nil {
			return 0, nil, &CorruptObjectError{Hash: hash.String(), Err: err}
		}
		return object.Type(), content, nil
	}
	return 0, nil, &MissingObjectError{Hash: hash.String(), Partial: o.partial}
}

func readContent(object plumbing.EncodedObject) ([]byte, error) {
	limit := int64(objectLimit)
	switch {
	case object.Type() == plumbing.BlobObject:
		return nil, nil // nobody asks what is in a blob
	case object.Type() == plumbing.CommitObject:
		limit = commitLimit
	case object.Size() > limit:
		return nil, fmt.Errorf("it has %d bytes, more than %d", object.Size(), limit)
	}
	reader, err := object.Reader()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(reader, limit))
	return content, errors.Join(err, reader.Close())
}
