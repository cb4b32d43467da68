package versioning

import (
	"context"
	"fmt"
)

// absentTrees are a tree that is not here, and the root trees that are not here of the commits behind those which have it:
// these are asked for next. The names are full hashes. atOnce bounds how many commits are looked at.
func (g *graph) absentTrees(ctx context.Context, missing string, atOnce int) ([]string, error) {
	trees, named := []string{missing}, map[string]bool{missing: true}
	var behind queue
	for n := range g.nodes.all {
		if n.loaded && !n.absent && n.tree.String() == missing {
			behind.push(n)
		}
	}
	seen := map[*node]bool{}
	for len(behind) > 0 && len(seen) < atOnce {
		n := behind.pop()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if seen[n] || n.absent {
			continue
		}
		seen[n] = true
		if _, err := g.objects.kind(n.tree); err != nil && !named[n.tree.String()] {
			named[n.tree.String()] = true
			trees = append(trees, n.tree.String())
		}
		for _, parent := range n.parents {
			if err := g.load(parent); err != nil {
				return nil, fmt.Errorf("look for trees: %w", err)
			}
			behind.push(parent)
		}
	}
	return trees, nil
}
