package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/pintle-ci/pintle/internal/text"
)

// symrefDepth is git's own bound on chains of symbolic refs.
const symrefDepth = 5

// Refs reads refs from disk. It is here because go-git drops the peeled values that packed-refs holds, without which
// every annotated tag of a monorepo costs an object.
type Refs struct {
	gitDir, common string
	packed         []Ref       // by name; nil until read
	written        os.FileInfo // of the file that packed was read from
}

// Ref is a full name and what it stands for. Peeled is the commit behind an annotated tag where packed-refs says so;
// settled means that no object need be read to know it.
type Ref struct {
	Name    string
	Hash    plumbing.Hash
	Peeled  plumbing.Hash
	Settled bool
}

// Head resolves HEAD. Branch is empty when HEAD is detached. Error: ErrNoCommits.
func (r *Refs) Head() (branch string, hash plumbing.Hash, err error) {
	name := "HEAD"
	for range symrefDepth {
		content, err := readSmall(r.file(name))
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			return "", plumbing.ZeroHash, fmt.Errorf("read %s: %w", name, err)
		}
		content = strings.TrimSpace(content)
		target, symbolic := strings.CutPrefix(content, "ref:")
		if !symbolic {
			if !plumbing.IsHash(content) {
				return "", plumbing.ZeroHash, fmt.Errorf("read %s: %q is no commit", name, text.Short(content))
			}
			return strings.TrimPrefix(branch, "refs/heads/"), plumbing.NewHash(content), nil
		}
		if name = strings.TrimSpace(target); !SafeRef(name) {
			return "", plumbing.ZeroHash, fmt.Errorf("read HEAD: %q is no ref name", text.Short(name))
		}
		branch = name
	}
	found, ok, err := r.Lookup(name)
	if err != nil {
		return "", plumbing.ZeroHash, err
	}
	if !ok {
		return "", plumbing.ZeroHash, fmt.Errorf("%w on %s; commit first", ErrNoCommits, strings.TrimPrefix(name, "refs/heads/"))
	}
	return strings.TrimPrefix(branch, "refs/heads/"), found.Hash, nil
}

// Lookup finds one ref by its full name, loose before packed.
func (r *Refs) Lookup(name string) (Ref, bool, error) {
	if !SafeRef(name) {
		return Ref{}, false, nil
	}
	text, err := readSmall(r.file(name))
	if err == nil && plumbing.IsHash(strings.TrimSpace(text)) {
		return Ref{Name: name, Hash: plumbing.NewHash(strings.TrimSpace(text))}, true, nil
	}
	packed, err := r.readPacked()
	if err != nil {
		return Ref{}, false, err
	}
	if at, ok := slices.BinarySearchFunc(packed, name, compareName); ok {
		return packed[at], true, nil
	}
	return Ref{}, false, nil
}

func compareName(r Ref, name string) int { return strings.Compare(r.Name, name) }

// Under returns every ref below a prefix such as "refs/tags/", by name.
func (r *Refs) Under(prefix string) ([]Ref, error) {
	loose, err := r.loose(prefix) // first: git pack-refs writes the packed file before it removes the loose ones
	if err != nil {
		return nil, err
	}
	packed, err := r.readPacked()
	if err != nil {
		return nil, err
	}
	among := RefsBelow(packed, prefix)
	found := slices.Clone(among)
	for _, one := range loose {
		if at, ok := slices.BinarySearchFunc(found[:len(among)], one.Name, compareName); ok {
			found[at] = one
		} else {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// RefsBelow returns those of some refs, which are sorted by name, whose names have a prefix.
func RefsBelow(sorted []Ref, prefix string) []Ref {
	first, _ := slices.BinarySearchFunc(sorted, prefix, compareName)
	end := first
	for end < len(sorted) && strings.HasPrefix(sorted[end].Name, prefix) {
		end++
	}
	return sorted[first:end]
}

// loose returns the refs that are files of their own.
func (r *Refs) loose(prefix string) ([]Ref, error) {
	var found []Ref
	top := filepath.Join(r.common, filepath.FromSlash(prefix))
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(r.common, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		text, err := readSmall(path)
		if err == nil && SafeRef(name) && plumbing.IsHash(strings.TrimSpace(text)) {
			found = append(found, Ref{Name: name, Hash: plumbing.NewHash(strings.TrimSpace(text))})
		}
		return nil // a lock file, a broken or a symbolic ref: git warns and goes on
	})
	if err != nil {
		return nil, fmt.Errorf("read refs: %w", err)
	}
	return found, nil
}

func (r *Refs) file(name string) string {
	dir := r.common
	if !strings.HasPrefix(name, "refs/") {
		dir = r.gitDir
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// readPacked reads packed-refs, and again when git has written it anew.
func (r *Refs) readPacked() ([]Ref, error) {
	f, err := os.Open(filepath.Join(r.common, "packed-refs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read refs: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read refs: %w", err)
	}
	if r.written != nil && os.SameFile(info, r.written) && info.Size() == r.written.Size() && info.ModTime().Equal(r.written.ModTime()) {
		return r.packed, nil
	}
	packed, err := parsePacked(f)
	if err != nil {
		return nil, fmt.Errorf("read packed-refs: %w", err)
	}
	r.packed, r.written = packed, info
	return packed, nil
}

// parsePacked reads the lines of packed-refs, by name. A line "^hash" peels the tag above it; with "fully-peeled" in the
// header, a ref without such a line is no annotated tag.
func parsePacked(f io.Reader) ([]Ref, error) {
	var packed []Ref
	fullyPeeled := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"):
			fullyPeeled = strings.Contains(line, " fully-peeled")
		case strings.HasPrefix(line, "^"):
			if last := len(packed) - 1; last >= 0 && plumbing.IsHash(line[1:]) {
				packed[last].Peeled, packed[last].Settled = plumbing.NewHash(line[1:]), true
			}
		default:
			if one, ok := packedLine(line, fullyPeeled); ok {
				packed = append(packed, one)
			}
		}
	}
	slices.SortStableFunc(packed, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	return packed, lines.Err()
}

func packedLine(line string, fullyPeeled bool) (Ref, bool) {
	hash, name, ok := strings.Cut(line, " ")
	if !ok || !plumbing.IsHash(hash) {
		return Ref{}, false
	}
	one := Ref{Name: name, Hash: plumbing.NewHash(hash)}
	if fullyPeeled {
		one.Peeled, one.Settled = one.Hash, true
	}
	return one, true
}

// SafeRef refuses names that git refuses and that would leave the refs folder or garble a terminal.
func SafeRef(name string) bool {
	if name == "" || len(name) > 1024 || strings.HasPrefix(name, "/") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return !strings.Contains(name, "..") && !text.HasControl(name)
}
