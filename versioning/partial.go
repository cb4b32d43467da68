package versioning

import (
	"context"
	"errors"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/store"
)

// treesAtOnce bounds how many further commits' trees are fetched when one is found missing on the way.
const treesAtOnce = 500

// haveTrees checks, in a partial clone, that the trees which the scope compares are here. Error: *MissingTreesError
// names all that are not, so that they can be fetched at once and not one by one.
func (r *Repository) haveTrees(s *scope, commits []store.Counted) error {
	if !r.Partial || len(s.top.below) == 0 {
		return nil
	}
	roots := []plumbing.Hash{}
	for _, n := range commits {
		roots = append(roots, n.Tree)
		for _, parent := range n.Parents {
			if err := r.Graph.Load(parent); err != nil {
				return err
			}
			roots = append(roots, parent.Tree)
		}
	}
	return s.missing(roots)
}

// missing looks for the trees of the scope below some roots.
func (s *scope) missing(roots []plumbing.Hash) error {
	lacking := &MissingTreesError{Depth: s.top.depth()}
	seen := map[plumbing.Hash]bool{}
	for _, root := range roots {
		if err := s.lookFor(s.top, root, seen, lacking); err != nil {
			return err
		}
	}
	if len(lacking.Trees) > 0 {
		return lacking
	}
	return nil
}

func (s *scope) lookFor(dir *scopeDir, hash plumbing.Hash, seen map[plumbing.Hash]bool, lacking *MissingTreesError) error {
	if seen[hash] || hash.IsZero() || len(dir.below) == 0 {
		return nil
	}
	seen[hash] = true
	tree, err := s.tree(hash)
	if errors.As(err, new(*store.MissingObjectError)) {
		lacking.Trees = append(lacking.Trees, hash.String())
		return nil
	}
	if err != nil {
		return err
	}
	for len(tree) > 0 {
		var e store.TreeEntry
		e, tree = store.NextEntry(tree)
		if below := dir.below[string(e.Name)]; below != nil {
			if err := s.lookFor(below, e.Folder(), seen, lacking); err != nil {
				return err
			}
		}
	}
	return nil
}

// depth is how many trees lie on top of each other in the scope.
func (d *scopeDir) depth() int {
	deepest := 0
	for _, below := range d.below {
		deepest = max(deepest, below.depth())
	}
	if len(d.below) == 0 {
		return 0
	}
	return deepest + 1
}

// wantedTrees are the trees to fetch after ReadAll has met one that is not here: all that it named, or that one and
// those of the commits behind it, which are asked for next.
func (r *Repository) wantedTrees(ctx context.Context, met error) (trees []string, depth int, err error) {
	if lacking, ok := errors.AsType[*MissingTreesError](met); ok {
		return lacking.Trees, lacking.Depth, nil
	}
	if object, ok := errors.AsType[*store.MissingObjectError](met); ok {
		trees, err = r.Graph.AbsentTrees(ctx, object.Hash, treesAtOnce)
		return trees, 0, err
	}
	return nil, 0, met
}
