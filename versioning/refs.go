package versioning

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// symrefDepth is git's own bound on chains of symbolic refs.
const symrefDepth = 5

// refs reads refs from disk. It is here because go-git drops the peeled values that packed-refs holds, without which every
// annotated tag of a monorepo costs an object.
type refs struct {
	gitDir, common string
	packed         map[string]ref // nil until read
}

// ref is what a name stands for. Peeled is the commit behind an annotated tag where packed-refs says so; settled means that
// no object need be read to know it.
type ref struct {
	hash    plumbing.Hash
	peeled  plumbing.Hash
	settled bool
}

// head resolves HEAD. Branch is empty when HEAD is detached. Error: ErrNoCommits.
func (r *refs) head() (branch string, hash plumbing.Hash, err error) {
	name := "HEAD"
	for range symrefDepth {
		text, err := readSmall(r.file(name))
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			return "", plumbing.ZeroHash, fmt.Errorf("read %s: %w", name, err)
		}
		text = strings.TrimSpace(text)
		target, symbolic := strings.CutPrefix(text, "ref:")
		if !symbolic {
			if !plumbing.IsHash(text) {
				return "", plumbing.ZeroHash, fmt.Errorf("read %s: %q is no commit", name, short(text))
			}
			return strings.TrimPrefix(branch, "refs/heads/"), plumbing.NewHash(text), nil
		}
		if name = strings.TrimSpace(target); !safeRef(name) {
			return "", plumbing.ZeroHash, fmt.Errorf("read HEAD: %q is no ref name", short(name))
		}
		branch = name
	}
	found, ok, err := r.lookup(name)
	if err != nil {
		return "", plumbing.ZeroHash, err
	}
	if !ok {
		return "", plumbing.ZeroHash, fmt.Errorf("%w on %s; commit something first", ErrNoCommits, strings.TrimPrefix(name, "refs/heads/"))
	}
	return strings.TrimPrefix(branch, "refs/heads/"), found.hash, nil
}

// lookup finds one ref by its full name, loose before packed.
func (r *refs) lookup(name string) (ref, bool, error) {
	if !safeRef(name) {
		return ref{}, false, nil
	}
	text, err := readSmall(r.file(name))
	if err == nil && plumbing.IsHash(strings.TrimSpace(text)) {
		return ref{hash: plumbing.NewHash(strings.TrimSpace(text))}, true, nil
	}
	packed, err := r.readPacked()
	if err != nil {
		return ref{}, false, err
	}
	found, ok := packed[name]
	return found, ok, nil
}

// under returns every ref below a prefix such as "refs/tags/", by full name.
func (r *refs) under(prefix string) (map[string]ref, error) {
	packed, err := r.readPacked()
	if err != nil {
		return nil, err
	}
	found := map[string]ref{}
	for name, value := range packed {
		if strings.HasPrefix(name, prefix) {
			found[name] = value
		}
	}
	top := filepath.Join(r.common, filepath.FromSlash(prefix))
	err = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
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
		if err == nil && safeRef(name) && plumbing.IsHash(strings.TrimSpace(text)) {
			found[name] = ref{hash: plumbing.NewHash(strings.TrimSpace(text))}
		}
		return nil // a lock file, a broken or a symbolic ref: git warns and goes on
	})
	if err != nil {
		return nil, fmt.Errorf("read refs: %w", err)
	}
	return found, nil
}

func (r *refs) file(name string) string {
	dir := r.common
	if !strings.HasPrefix(name, "refs/") {
		dir = r.gitDir
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// readPacked reads packed-refs once. A line "^hash" peels the tag above it; with "fully-peeled" in the header, a ref
// without such a line is no annotated tag.
func (r *refs) readPacked() (map[string]ref, error) {
	if r.packed != nil {
		return r.packed, nil
	}
	packed := map[string]ref{}
	f, err := os.Open(filepath.Join(r.common, "packed-refs"))
	if errors.Is(err, os.ErrNotExist) {
		r.packed = packed
		return packed, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read refs: %w", err)
	}
	defer f.Close()
	fullyPeeled, last := false, ""
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if header, ok := strings.CutPrefix(line, "#"); ok {
			fullyPeeled = strings.Contains(header, " fully-peeled")
			continue
		}
		if peeled, ok := strings.CutPrefix(line, "^"); ok && last != "" && plumbing.IsHash(peeled) {
			packed[last] = ref{hash: packed[last].hash, peeled: plumbing.NewHash(peeled), settled: true}
			continue
		}
		hash, name, ok := strings.Cut(line, " ")
		if !ok || !plumbing.IsHash(hash) || !safeRef(name) {
			last = ""
			continue
		}
		value := ref{hash: plumbing.NewHash(hash)}
		if fullyPeeled {
			value.peeled, value.settled = value.hash, true
		}
		packed[name], last = value, name
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read packed-refs: %w", err)
	}
	r.packed = packed
	return packed, nil
}

// safeRef refuses names that git refuses and that would leave the refs folder or garble a terminal.
func safeRef(name string) bool {
	if name == "" || len(name) > 1024 || strings.HasPrefix(name, "/") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return !strings.Contains(name, "..") && !hasControl(name)
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 })
}

// short cuts text of unknown length for a message.
func short(s string) string {
	const limit = 80
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
