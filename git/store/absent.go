package store

import (
	"context"
	"fmt"
)

// AbsentTrees are a tree that is not here, and the root trees that are not here of the commits behind those which have
// it: these are asked for next. The names are full hashes. atOnce bounds how many commits are looked at.
func (g *Graph) AbsentTrees(ctx context.Context, missing string, atOnce int) ([]string, error) {
	trees, named := []string{missing}, map[string]bool{missing: true}
	var behind Queue
	for n := range g.nodes.all {
		if n.loaded && !n.Absent && n.Tree.String() == missing {
			behind.Push(n)
		}
	}
	seen := map[*Node]bool{}
	for len(behind) > 0 && len(seen) < atOnce {
		n := behind.Pop()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if seen[n] || n.Absent {
			continue
		}
		seen[n] = true
		if _, err := g.objects.Kind(n.Tree); err != nil && !named[n.Tree.String()] {
			named[n.Tree.String()] = true
			trees = append(trees, n.Tree.String())
		}
		for _, parent := range n.Parents {
			if err := g.Load(parent); err != nil {
				return nil, fmt.Errorf("look for trees: %w", err)
			}
			behind.Push(parent)
		}
	}
	return trees, nil
}
