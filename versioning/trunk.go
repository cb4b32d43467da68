package versioning

import (
	"context"
	"github.com/pintle-ci/pintle/git/store"
	"slices"
	"strings"
)

// trunks are the trunk branches that a query asks about, as far as they are known here, and what is on their own lines.
type trunks struct {
	tips    []*store.Node
	missing bool // of a name there is no branch here
	owns    map[*store.Node]bool
}

// trunksOf finds the tips of the trunk branches: local ones, those of remotes, and what the remote was asked for.
func (rd *reader) trunksOf(names []string) (*trunks, error) {
	if len(names) == 0 {
		names = DefaultTrunks
	}
	key := strings.Join(names, " ")
	if known := rd.trunks[key]; known != nil {
		return known, nil
	}
	r := rd.repository
	remotes, err := r.Refs.Under("refs/remotes/")
	if err != nil {
		return nil, err
	}
	found := &trunks{owns: map[*store.Node]bool{}}
	for _, name := range names {
		refs := slices.DeleteFunc(slices.Clone(remotes), func(one store.Ref) bool {
			_, branch, _ := strings.Cut(strings.TrimPrefix(one.Name, "refs/remotes/"), "/")
			return branch != name
		})
		local, ok, err := r.Refs.Lookup("refs/heads/" + name)
		if err != nil {
			return nil, err
		}
		if ok {
			refs = append(refs, local)
		}
		if r.side != nil {
			refs = append(refs, r.side.heads[name]...)
		}
		found.missing = found.missing || len(refs) == 0
		for _, one := range refs {
			n := r.Graph.Node(one.Hash)
			if r.Graph.Load(n) == nil && !n.Absent && !slices.Contains(found.tips, n) {
				found.tips = append(found.tips, n)
			}
		}
	}
	if rd.trunks == nil {
		rd.trunks = map[string]*trunks{}
	}
	rd.trunks[key] = found
	return found, nil
}

// owned reports whether a commit is on the own line of a trunk, by first parents: what was tagged there is no release
// line's. known is false where no trunk is here that could own it; lines are then to be asked for.
func (rd *reader) owned(ctx context.Context, names []string, n *store.Node) (owned, known bool, err error) {
	found, err := rd.trunksOf(names)
	if err != nil {
		return false, false, err
	}
	owned, known = found.owns[n]
	for i := 0; i < len(found.tips) && !known && !owned; i++ {
		if owned, err = rd.repository.Graph.LeadsTo(ctx, found.tips[i], n); err != nil {
			return false, false, err
		}
	}
	found.owns[n] = owned
	rd.repository.doubtful = rd.repository.doubtful || !owned && found.missing
	return owned, len(found.tips) > 0, nil
}

// merged reports, of a base that is a prerelease, whether it is of a release line that was merged: neither HEAD's first
// parents lead to it nor those of a trunk. Trunk is then past its release although that has no tag yet. Where no trunk
// is known, a feature's base counts as trunk's own.
func (rd *reader) merged(ctx context.Context, p *queryState) (bool, error) {
	own, err := rd.repository.Graph.LeadsTo(ctx, rd.head, p.base)
	if err != nil || own {
		return false, err
	}
	owned, known, err := rd.owned(ctx, p.query.Trunks, p.base)
	return !owned && (known || p.query.Ref.Class(p.query.Trunks) == ClassTrunk), err
}

// onLine reports whether a feature or change is on a release line, which it then does not go past: its first parents
// lead to a version tag that is no trunk's, or it has commits of a release branch that no trunk has.
func (rd *reader) onLine(ctx context.Context, p *queryState, ahead *store.Node) (bool, error) {
	g := rd.repository.Graph
	if p.query.Ref.Class(p.query.Trunks) == ClassTrunk {
		return false, nil
	}
	if p.base != nil {
		own, err := g.LeadsTo(ctx, rd.head, p.base)
		if err != nil {
			return false, err
		}
		owned, known, err := rd.owned(ctx, p.query.Trunks, p.base)
		if err != nil || own && known && !owned {
			return !owned, err
		}
		if own && !known {
			below, err := g.Highest(ctx, ahead, []store.Claim{{Node: p.base}})
			return len(below) == 0, err
		}
	}
	return rd.sharesLine(ctx, p)
}

// sharesLine reports whether HEAD and a release branch that is here have a commit in common that no trunk has.
func (rd *reader) sharesLine(ctx context.Context, p *queryState) (bool, error) {
	g := rd.repository.Graph
	found, err := rd.trunksOf(p.query.Trunks)
	if err != nil || len(found.tips) == 0 {
		return false, err
	}
	lines, err := rd.lines(p)
	if err != nil {
		return false, err
	}
	for _, tip := range lines {
		common, err := g.MergeBases(ctx, rd.head, tip)
		if err != nil {
			return false, err
		}
		for _, n := range common {
			reached := false
			for _, trunk := range found.tips {
				holds, err := g.Highest(ctx, trunk, []store.Claim{{Node: n}})
				if err != nil {
					return false, err
				}
				reached = reached || len(holds) > 0
			}
			if !reached {
				return true, nil
			}
		}
	}
	return false, nil
}

// lines are the tips of the release and hotfix branches that are here.
func (rd *reader) lines(p *queryState) ([]*store.Node, error) {
	r := rd.repository
	var tips []*store.Node
	for _, dir := range []string{"refs/heads/", "refs/remotes/"} {
		refs, err := r.Refs.Under(dir)
		if err != nil {
			return nil, err
		}
		for _, one := range refs {
			branch := strings.TrimPrefix(one.Name, dir)
			if dir == "refs/remotes/" {
				_, branch, _ = strings.Cut(branch, "/")
			}
			class := Ref{Branch: branch}.Class(p.query.Trunks)
			if n := r.Graph.Node(one.Hash); (class == ClassRelease || class == ClassHotfix) && r.Graph.Load(n) == nil && !n.Absent {
				tips = append(tips, n)
			}
		}
	}
	return tips, nil
}
