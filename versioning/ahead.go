package versioning

import (
	"context"
	"fmt"

	"github.com/Masterminds/semver/v3"
)

// releases fills Ahead for the queries that ask: the highest version tag above the base that stands on a line which left
// HEAD's history, as release/1.5 leaves trunk (facts/git-ci-canary.md 1.5 rule 5). A tag that descends from HEAD is its
// future, and none of a rebuild's business; a tag of an unrelated history says nothing; a candidate on a trunk's own line, as
// git-flow's on develop, is no line's.
func (a *answer) releases(ctx context.Context) error {
	above := map[*part][]candidate{}
	var tips []*node
	for _, p := range a.parts {
		if !p.query.TrackReleases {
			continue
		}
		for _, c := range p.candidates {
			if c.name == p.baseName() {
				break
			}
			ok, err := a.resolve(&c)
			if err != nil {
				return err
			}
			if ok {
				above[p], tips = append(above[p], c), append(tips, c.node)
			}
		}
	}
	if len(tips) == 0 {
		return nil
	}
	left, err := a.repository.graph.diverged(ctx, a.head, tips)
	if err != nil {
		return fmt.Errorf("look for release lines: %w", err)
	}
	for p, candidates := range above {
		for _, c := range candidates {
			if !left[c.node] {
				continue
			}
			past, err := a.goesPast(ctx, p, c)
			if err != nil {
				return err
			}
			if !past {
				continue
			}
			commit, err := a.repository.graph.commit(c.node)
			if err != nil {
				return err
			}
			p.ahead = c.node
			p.facts.Ahead = &Tag{Name: c.name, Version: c.version.String(), Commit: commit}
			break
		}
	}
	return nil
}

// goesPast reports whether a tag of a line that left is to be gone past. What trunk itself has released since a feature left it
// is no line: the feature is to come after it, but was made before.
func (a *answer) goesPast(ctx context.Context, p *part, c candidate) (bool, error) {
	if c.version.Prerelease() != "" || p.query.Ref.Class(p.query.Trunks) != ClassTrunk {
		owned, _, err := a.owned(ctx, p.query.Trunks, c.node)
		if err != nil || owned {
			return false, err
		}
	}
	on, err := a.onLine(ctx, p, c.node)
	return !on, err
}

// markMerged fills Merged.
func (a *answer) markMerged(ctx context.Context) error {
	for _, p := range a.parts {
		if !p.query.TrackReleases || p.base == nil || semver.MustParse(p.facts.Base.Version).Prerelease() == "" {
			continue
		}
		var err error
		if p.facts.Merged, err = a.merged(ctx, p); err != nil {
			return fmt.Errorf("look for release lines: %w", err)
		}
	}
	return nil
}

func (p *part) baseName() string {
	if p.facts.Base == nil {
		return ""
	}
	return p.facts.Base.Name
}

// kinship is how a commit that HEAD does not reach stands to HEAD.
type kinship struct {
	related bool // it has an ancestor in common with HEAD
	after   bool // it descends from HEAD
}

// diverged tells for commits that HEAD does not reach whether they left its history: they have an ancestor in common with
// HEAD, and HEAD is none of their ancestors. One walk for all of them, over what HEAD does not reach.
func (g *graph) diverged(ctx context.Context, head *node, tips []*node) (map[*node]bool, error) {
	const ofHead = 1
	w := g.newWalk(ctx, func(m *mark) bool { return m.mask&ofHead == 0 })
	if err := w.paint(head, false, ofHead); err != nil {
		return nil, err
	}
	for _, tip := range tips {
		if err := w.paint(tip, true, 0); err != nil {
			return nil, err
		}
	}
	for more := func() bool { return w.open > 0 }; ; more = func() bool { return len(w.queue) > 0 } {
		for more() {
			if _, _, err := w.step(); err != nil {
				return nil, err
			}
		}
		known := map[*node]kinship{}
		left, strangers := map[*node]bool{}, false
		for _, tip := range tips {
			k := kinOf(tip, head, known, func(n *node) bool { return w.marked(n).mask&ofHead != 0 })
			left[tip] = k.related && !k.after
			strangers = strangers || !k.related
		}
		if !strangers || len(w.queue) == 0 {
			return left, nil
		}
		// a tip that seems unrelated may have met HEAD's history before that was painted: clocks run backwards
	}
}

// kinOf follows parents up to commits that are HEAD's. It keeps its own stack: a history may be deeper than one of calls.
func kinOf(tip, head *node, known map[*node]kinship, ofHead func(*node) bool) kinship {
	for stack := []*node{tip}; len(stack) > 0; {
		n := stack[len(stack)-1]
		if _, done := known[n]; done {
			stack = stack[:len(stack)-1]
			continue
		}
		if ofHead(n) {
			known[n] = kinship{related: true, after: n == head}
			continue
		}
		var k kinship
		open := len(stack)
		for _, parent := range n.parents {
			if of, done := known[parent]; done {
				k.related, k.after = k.related || of.related, k.after || of.after
			} else {
				stack = append(stack, parent)
			}
		}
		if len(stack) == open {
			known[n] = k
		}
	}
	return known[tip]
}
