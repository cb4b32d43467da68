package versioning

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// treeCache bounds the trees that are kept, in bytes.
const treeCache = 8 << 20

// scope is the paths of many queries as one tree, so that comparing two commits costs one descent for all of them, and only
// into folders that differ.
type scope struct {
	graph  *graph
	size   int // of its sets
	top    *scopeDir
	trees  map[plumbing.Hash][]byte
	cached int           // bytes in trees
	known  map[*node]set // what touched has answered: walks for many bases meet the same commits
	none   set           // no query
}

// scopeDir is one folder of the scope: the queries that ask for all of it, and the names below it that matter.
type scopeDir struct {
	queries set
	below   map[string]*scopeDir
}

func newScope(g *graph, size int) *scope {
	return &scope{
		graph: g, size: size, top: &scopeDir{}, trees: map[plumbing.Hash][]byte{}, known: map[*node]set{}, none: newSet(size),
	}
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
	if len(s.top.below) == 0 && s.top.queries == nil {
		return s.none, nil // no query has paths
	}
	if found, ok := s.known[n]; ok {
		return found, nil
	}
	found, err := s.compare(ctx, n)
	if err == nil {
		s.known[n] = found
	}
	return found, err
}

// compare is touched, found out.
func (s *scope) compare(ctx context.Context, n *node) (set, error) {
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
	treeA, err := s.tree(a)
	if err != nil {
		return err
	}
	treeB, err := s.tree(b)
	if err != nil {
		return err
	}
	return diffTrees(treeA, treeB, func(name []byte, hashA, hashB plumbing.Hash) error {
		if below := dir.below[string(name)]; below != nil {
			return s.descend(below, hashA, hashB, found)
		}
		return nil
	})
}

// tree reads a tree object; the zero hash is an empty one. Neighbouring commits share nearly all trees, and each is looked
// at twice, so the last few megabytes are kept.
func (s *scope) tree(hash plumbing.Hash) ([]byte, error) {
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
	if err := checkTree(content); err != nil {
		return nil, &CorruptObjectError{Hash: hash.String(), Err: err}
	}
	if s.cached += len(content); s.cached > treeCache {
		clear(s.trees)
		s.cached = len(content)
	}
	s.trees[hash] = content
	return content, nil
}
