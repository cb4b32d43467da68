package versioning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// treeCache is how many trees are kept parsed. Neighbouring commits share nearly all of them.
const treeCache = 1 << 14

// scope is the paths of many queries as one tree, so that comparing two commits costs one descent for all of them, and only
// into folders that differ.
type scope struct {
	graph *graph
	size  int // of its sets
	top   *scopeDir
	trees map[plumbing.Hash]map[string]entry
}

// scopeDir is one folder of the scope: the queries that ask for all of it, and the names below it that matter.
type scopeDir struct {
	queries set
	below   map[string]*scopeDir
}

// entry is what a tree says about a name: mode and hash. The zero entry means absent.
type entry struct {
	mode string
	hash plumbing.Hash
}

// treeMode is the mode of a folder in a tree object.
const treeMode = "40000"

func newScope(g *graph, size int) *scope {
	return &scope{graph: g, size: size, top: &scopeDir{}, trees: map[plumbing.Hash]map[string]entry{}}
}

// add puts paths of a query into the scope. Error: a path that leaves the repository.
func (s *scope) add(query int, paths []string) error {
	for _, p := range paths {
		clean := path.Clean(p)
		if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") {
			return fmt.Errorf("path %q is outside the repository", p)
		}
		dir := s.top
		if clean != "." {
			for name := range strings.SplitSeq(clean, "/") {
				if dir.below == nil {
					dir.below = map[string]*scopeDir{}
				}
				if dir.below[name] == nil {
					dir.below[name] = &scopeDir{}
				}
				dir = dir.below[name]
			}
		}
		if dir.queries == nil {
			dir.queries = newSet(s.size)
		}
		dir.queries.add(query)
	}
	return nil
}

// touched returns the queries whose paths a commit changed: those where it differs from every parent, and those where a
// merge takes one parent's content and so throws away what another had changed. A merge that only brings a change in, or
// joins a branch older than a change, touches nothing. git rev-list --full-history counts such merges too, and an
// untouched service would get a new version with every branch that is merged late.
func (s *scope) touched(ctx context.Context, n *node) (set, error) {
	if len(n.parents) == 0 {
		return s.differs(plumbing.ZeroHash, n.tree)
	}
	differs := make([]set, len(n.parents))
	touched, mixed := newSet(s.size), newSet(s.size)
	for i, parent := range n.parents {
		if err := s.graph.load(parent); err != nil {
			return nil, err
		}
		var err error
		if differs[i], err = s.differs(parent.tree, n.tree); err != nil {
			return nil, err
		}
		mixed.union(differs[i])
		if i == 0 {
			touched.union(differs[i])
		} else {
			touched.intersect(differs[i])
		}
	}
	mixed.subtract(touched)
	if mixed.empty() {
		return touched, nil
	}
	return touched, s.addDiscards(ctx, n, differs, touched)
}

// addDiscards adds to touched the queries of which a merge discards a parent's change: it has another parent's content,
// and the discarded parent's is not what the two had in common.
func (s *scope) addDiscards(ctx context.Context, n *node, differs []set, touched set) error {
	for i, lost := range n.parents {
		for j, kept := range n.parents {
			suspects := newSet(s.size)
			suspects.union(differs[i])
			suspects.subtract(differs[j])
			suspects.subtract(touched)
			if i == j || suspects.empty() {
				continue
			}
			common, err := s.graph.mergeBases(ctx, kept, lost)
			if err != nil {
				return err
			}
			trees := []plumbing.Hash{}
			for _, base := range common {
				trees = append(trees, base.tree)
			}
			if len(trees) == 0 {
				trees = append(trees, plumbing.ZeroHash) // unrelated histories
			}
			for _, tree := range trees {
				changed, err := s.differs(tree, lost.tree)
				if err != nil {
					return err
				}
				changed.intersect(suspects)
				touched.union(changed)
			}
		}
	}
	return nil
}

// differs returns the queries whose paths differ between two root trees. A zero hash is an empty tree.
func (s *scope) differs(a, b plumbing.Hash) (set, error) {
	found := newSet(s.size)
	if a == b {
		return found, nil
	}
	return found, s.descend(s.top, a, b, found)
}

func (s *scope) descend(dir *scopeDir, a, b plumbing.Hash, found set) error {
	found.union(dir.queries)
	if len(dir.below) == 0 {
		return nil
	}
	inA, err := s.entries(a)
	if err != nil {
		return err
	}
	inB, err := s.entries(b)
	if err != nil {
		return err
	}
	for name, below := range dir.below {
		entryA, entryB := inA[name], inB[name]
		if entryA == entryB {
			continue
		}
		if err := s.descend(below, entryA.folder(), entryB.folder(), found); err != nil {
			return err
		}
	}
	return nil
}

// folder is the tree behind an entry, and zero for a file or an absent name.
func (e entry) folder() plumbing.Hash {
	if e.mode != treeMode {
		return plumbing.ZeroHash
	}
	return e.hash
}

func (s *scope) entries(hash plumbing.Hash) (map[string]entry, error) {
	if hash.IsZero() {
		return nil, nil
	}
	if found, ok := s.trees[hash]; ok {
		return found, nil
	}
	kind, content, err := s.graph.store.read(hash)
	if err != nil {
		return nil, err
	}
	if kind != plumbing.TreeObject {
		return nil, &CorruptObjectError{Hash: hash.String(), Err: fmt.Errorf("it is a %s, not a tree", kind)}
	}
	entries, err := parseTree(content)
	if err != nil {
		return nil, &CorruptObjectError{Hash: hash.String(), Err: err}
	}
	if len(s.trees) >= treeCache {
		clear(s.trees)
	}
	s.trees[hash] = entries
	return entries, nil
}

// parseTree reads a tree object: "mode name", a zero byte and 20 bytes of hash for each entry.
func parseTree(content []byte) (map[string]entry, error) {
	const hashSize = len(plumbing.Hash{})
	entries := make(map[string]entry, bytes.Count(content, []byte{0})/2)
	for len(content) > 0 {
		head, rest, ok := bytes.Cut(content, []byte{0})
		mode, name, spaced := bytes.Cut(head, []byte(" "))
		if !ok || !spaced || len(rest) < hashSize {
			return nil, errors.New("truncated tree")
		}
		e := entry{mode: string(mode)}
		copy(e.hash[:], rest)
		entries[string(name)] = e
		content = rest[hashSize:]
	}
	return entries, nil
}

// set is a bit set over query numbers.
type set []uint64

func newSet(size int) set { return make(set, (size+63)/64) }

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) remove(i int)   { s[i/64] &^= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) empty() bool {
	for _, word := range s {
		if word != 0 {
			return false
		}
	}
	return true
}

func (s set) union(other set) {
	for i, word := range other {
		s[i] |= word
	}
}

func (s set) subtract(other set) {
	for i, word := range other {
		s[i] &^= word
	}
}

func (s set) intersect(other set) {
	for i, word := range other {
		s[i] &= word
	}
}

// all yields the numbers in the set.
func (s set) all(yield func(int) bool) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(i*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}
