package versioning

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/store"
)

// treeCache bounds the trees that are kept, in bytes.
const treeCache = 8 << 20

// scope is the paths of many queries as one tree, so that comparing two commits costs one descent for all of them, and
// only into folders that differ.
type scope struct {
	graph   *store.Graph
	objects *store.Objects
	size    int // of its sets
	top     *scopeDir
	trees   map[plumbing.Hash][]byte
	room    arena // of trees
	// known is what touched has answered, where walks for many bases meet the same commits; nil where there is one walk.
	known map[*store.Node]set
	none  set // no query
}

// scopeDir is one folder of the scope: the queries that ask for all of it, and the names below it that matter.
type scopeDir struct {
	queries set
	below   map[string]*scopeDir
}

func (r *Repository) newScope(size int) *scope {
	return &scope{
		graph: r.Graph, objects: r.Objects(), size: size, top: &scopeDir{}, trees: map[plumbing.Hash][]byte{}, none: newSet(size),
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
func (s *scope) touched(ctx context.Context, n *store.Node) (set, error) {
	if len(s.top.below) == 0 && s.top.queries == nil {
		return s.none, nil // no query has paths
	}
	if found, ok := s.known[n]; ok {
		return found, nil
	}
	found, err := s.compare(ctx, n)
	if err == nil && s.known != nil {
		s.known[n] = found
	}
	return found, err
}

// compare is touched, found out.
func (s *scope) compare(ctx context.Context, n *store.Node) (set, error) {
	if len(n.Parents) == 0 {
		return s.differs(plumbing.ZeroHash, n.Tree)
	}
	if len(n.Parents) == 1 {
		if err := s.graph.Load(n.Parents[0]); err != nil {
			return nil, err
		}
		return s.differs(n.Parents[0].Tree, n.Tree)
	}
	differs := make([]set, len(n.Parents))
	touched, mixed := newSet(s.size), newSet(s.size)
	for i, parent := range n.Parents {
		if err := s.graph.Load(parent); err != nil {
			return nil, err
		}
		var err error
		if differs[i], err = s.differs(parent.Tree, n.Tree); err != nil {
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
func (s *scope) addDiscards(ctx context.Context, n *store.Node, differs []set, touched set) error {
	for i, lost := range n.Parents {
		for j, kept := range n.Parents {
			suspects := newSet(s.size)
			suspects.union(differs[i])
			suspects.subtract(differs[j])
			suspects.subtract(touched)
			if i == j || suspects.empty() {
				continue
			}
			common, err := s.graph.MergeBases(ctx, kept, lost)
			if err != nil {
				return err
			}
			trees := []plumbing.Hash{}
			for _, base := range common {
				trees = append(trees, base.Tree)
			}
			if len(trees) == 0 {
				trees = append(trees, plumbing.ZeroHash) // unrelated histories
			}
			for _, tree := range trees {
				changed, err := s.differs(tree, lost.Tree)
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

// differs returns the queries whose paths differ between two root trees, a set that is not to be changed. A zero hash
// is an empty tree.
func (s *scope) differs(a, b plumbing.Hash) (set, error) {
	if a == b {
		return s.none, nil
	}
	if s.room.used > treeCache { // no tree is in use now
		clear(s.trees)
		s.room.clear()
	}
	found := newSet(s.size)
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
	return store.DiffTrees(treeA, treeB, func(name []byte, hashA, hashB plumbing.Hash) error {
		if below := dir.below[string(name)]; below != nil {
			return s.descend(below, hashA, hashB, found)
		}
		return nil
	})
}

// tree reads a tree object; the zero hash is an empty one. Neighbouring commits share nearly all trees, and each is
// looked at twice, so the last few megabytes are kept. A tree is valid until the next call of differs.
func (s *scope) tree(hash plumbing.Hash) ([]byte, error) {
	if hash.IsZero() {
		return nil, nil
	}
	if found, ok := s.trees[hash]; ok {
		return found, nil
	}
	content, err := s.objects.TreeOnce(hash)
	if err != nil {
		return nil, err
	}
	if s.room.used > treeCache { // of one comparison of large folders: the rest of them is not kept
		return bytes.Clone(content), nil
	}
	content = s.room.keep(content)
	s.trees[hash] = content
	return content, nil
}

// arena keeps many small contents in few large blocks, which are used again when all of them are dropped.
type arena struct {
	blocks [][]byte
	at     int // of the block that is being filled
	used   int // bytes, in all
}

// keep copies a content.
func (a *arena) keep(content []byte) []byte {
	const size = 256 << 10
	a.used += len(content)
	if len(content) > size/8 {
		return bytes.Clone(content)
	}
	if a.at < len(a.blocks) && cap(a.blocks[a.at])-len(a.blocks[a.at]) < len(content) {
		a.at++
	}
	if a.at == len(a.blocks) {
		a.blocks = append(a.blocks, make([]byte, 0, size))
	}
	block := &a.blocks[a.at]
	first := len(*block)
	*block = append(*block, content...)
	return (*block)[first:len(*block):len(*block)]
}

// clear drops all contents.
func (a *arena) clear() {
	for i := range a.blocks {
		a.blocks[i] = a.blocks[i][:0]
	}
	a.at, a.used = 0, 0
}
