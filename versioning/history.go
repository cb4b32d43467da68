package versioning

import (
	"context"
	"fmt"

	"github.com/Masterminds/semver/v3"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/store"
)

// history fills what needs walks: bases, counts, bumps, the last commits.
func (rd *reader) history(ctx context.Context) error {
	if err := rd.findBases(ctx); err != nil {
		return fmt.Errorf("find the base tag: %w", err)
	}
	if err := rd.releases(ctx); err != nil {
		return err
	}
	if err := rd.markMerged(ctx); err != nil {
		return err
	}
	scope := rd.repository.newScope(len(rd.states))
	for i, p := range rd.states {
		if err := scope.add(i, p.query.Paths); err != nil {
			return fmt.Errorf("count commits: %w", err)
		}
	}
	for at := 0; at < len(rd.states); {
		bases, end := rd.basesFrom(at)
		if end < len(rd.states) && scope.known == nil {
			scope.known = map[*store.Node]set{}
		}
		if err := rd.count(ctx, at, end, bases, scope); err != nil {
			return fmt.Errorf("count commits: %w", err)
		}
		at = end
	}
	if err := rd.settle(ctx, scope); err != nil {
		return fmt.Errorf("count commits: %w", err)
	}
	return nil
}

// findBases finds each query's highest candidate that HEAD reaches. Usually it is the very highest, so the first round
// asks only for that; later rounds ask for more and more at once.
func (rd *reader) findBases(ctx context.Context) error {
	open := rd.states
	next := make(map[*queryState]int, len(open))
	for share := 1; len(open) > 0; share = min(share*4, store.Batch) {
		var rest []*queryState
		for at := 0; at < len(open); {
			end := min(len(open), at+store.Batch/share)
			if err := rd.askRound(ctx, open[at:end], next, share); err != nil {
				return err
			}
			for _, p := range open[at:end] {
				if p.base == nil && next[p] < len(p.candidates) {
					rest = append(rest, p)
				}
			}
			at = end
		}
		open = rest
	}
	for _, p := range rd.states {
		if p.base == nil {
			p.facts.Unprefixed = rd.unprefixed(p.query.Prefix)
		}
	}
	return nil
}

// askRound asks for the next share of candidates of each query.
func (rd *reader) askRound(ctx context.Context, states []*queryState, next map[*queryState]int, share int) error {
	g := rd.repository.Graph
	var claims []store.Claim
	var asked []candidate
	for group, p := range states {
		end := min(len(p.candidates), next[p]+share)
		for i := range p.candidates[next[p]:end] {
			c := &p.candidates[next[p]+i]
			ok, err := rd.resolve(c)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			claims = append(claims, store.Claim{Node: c.node, Group: group})
			asked = append(asked, *c)
		}
		next[p] = end
	}
	found, err := g.Highest(ctx, rd.head, claims)
	if err != nil {
		return err
	}
	for group, index := range found {
		c, p := asked[index], states[group]
		commit, err := rd.repository.commit(c.node)
		if err != nil {
			return err
		}
		p.base = c.node
		p.facts.Base = &Tag{Name: c.name, Version: c.version.String(), Commit: commit}
	}
	return nil
}

// basesFrom groups queries from an index on, as many as have no more than a batch of different commits to count from.
func (rd *reader) basesFrom(at int) (bases []*store.Node, end int) {
	seen := map[*store.Node]bool{}
	for end = at; end < len(rd.states); end++ {
		p := rd.states[end]
		var more []*store.Node
		for _, n := range []*store.Node{p.base, p.ahead} {
			if n != nil && !seen[n] {
				more = append(more, n)
			}
		}
		if len(bases)+len(more) > store.Batch {
			break
		}
		for _, n := range more {
			seen[n] = true
		}
		bases = append(bases, more...)
	}
	return bases, end
}

// count walks once for the queries from at to end, whose bases are those given.
func (rd *reader) count(ctx context.Context, at, end int, bases []*store.Node, scope *scope) error {
	g := rd.repository.Graph
	bit := make(map[*store.Node]uint64, len(bases))
	for i, base := range bases {
		bit[base] = 1 << i
	}
	states := rd.states[at:end]
	whole := false
	for _, p := range states {
		whole = whole || p.base == nil
		p.bit, p.aheadBit = bit[p.base], bit[p.ahead]
	}
	commits, err := g.Uncovered(ctx, rd.head, bases, whole)
	if err != nil {
		return err
	}
	if err := rd.repository.haveTrees(scope, commits); err != nil {
		return err
	}
	for step, n := range commits {
		if step%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		touched, err := scope.touched(ctx, n.Node)
		if err != nil {
			return err
		}
		for i, p := range states {
			if p.facts.Scoped && !touched.has(at+i) {
				continue
			}
			if n.Mask&p.bit == 0 {
				if err := g.ReadMessage(n.Node); err != nil {
					return err
				}
				p.facts.take(n.Node, rd.repository.releaseAs[n.Node])
			}
			if p.ahead != nil && n.Mask&p.aheadBit == 0 {
				p.facts.CountAhead++
			}
		}
	}
	return nil
}

// take counts a commit; as is what its Release-As footer asks for, or empty.
func (f *Facts) take(n *store.Node, as string) {
	f.Count++
	bump := Bump(n.Note)
	f.ByBump[bump]++
	if bump > f.Bump {
		f.Bump, f.BumpCommit = bump, n.Hash.String()
	}
	if as != "" && (f.ReleaseAs == "" || semver.MustParse(as).GreaterThan(semver.MustParse(f.ReleaseAs))) {
		f.ReleaseAs = as
	}
}

// settle fills Last of the queries with paths.
func (rd *reader) settle(ctx context.Context, scope *scope) error {
	seek := newSet(len(rd.states))
	for i, p := range rd.states {
		switch {
		case p.facts.Scoped && p.facts.Count == 0 && p.base != nil:
			p.facts.Last = p.facts.Base.Commit
		case p.facts.Scoped:
			seek.add(i)
		}
	}
	origins, err := rd.origins(ctx, scope, seek)
	if err != nil {
		return err
	}
	for i, n := range origins {
		p := rd.states[i]
		if p.facts.Last, err = rd.repository.commit(n); err != nil {
			return err
		}
		if n == rd.head {
			p.facts.Last = p.facts.Source // a throw-away merge is no name for content
		}
	}
	return nil
}

// origins finds, for each query sought, the commit that gave its paths the content they have at HEAD: from HEAD on,
// always to a parent with the same content, until there is none. Its tree at the paths is HEAD's, so its hash names the
// content, whatever merges threw away on the way. A query whose paths HEAD does not have gets HEAD.
func (rd *reader) origins(ctx context.Context, scope *scope, seek set) (map[int]*store.Node, error) {
	present, err := scope.differs(plumbing.ZeroHash, rd.head.Tree)
	if err != nil {
		return nil, err
	}
	found := map[int]*store.Node{}
	for i := range seek.all {
		if !present.has(i) {
			found[i] = rd.head
			seek.remove(i)
		}
	}
	at := map[*store.Node]set{rd.head: seek}
	for next := (store.Queue{rd.head}); len(next) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := next.Pop()
		here := at[n]
		delete(at, n)
		if err := scope.pushToParents(n, here, at, &next); err != nil {
			return nil, err
		}
		for i := range here.all {
			found[i] = n
		}
	}
	return found, nil
}

// pushToParents moves the queries that a commit shares with a parent to that parent, and leaves in here those that it
// changed.
func (s *scope) pushToParents(n *store.Node, here set, at map[*store.Node]set, next *store.Queue) error {
	for _, parent := range n.Parents {
		if here.empty() {
			return nil
		}
		if err := s.graph.Load(parent); err != nil {
			return err
		}
		differs, err := s.differs(parent.Tree, n.Tree)
		if err != nil {
			return err
		}
		for i := range here.all {
			if differs.has(i) {
				continue
			}
			if at[parent] == nil {
				at[parent] = newSet(s.size)
				next.Push(parent)
			}
			at[parent].add(i)
			here.remove(i)
		}
	}
	return nil
}
