package store

import "context"

// kinship is how a commit that HEAD does not reach stands to HEAD.
type kinship struct {
	related bool // it has an ancestor in common with HEAD
	after   bool // it descends from HEAD
}

// Diverged returns which of the commits that HEAD does not reach left its history: they have an ancestor in common with
// HEAD, and HEAD is none of their ancestors. One walk for all of them, over what HEAD does not reach.
func (g *Graph) Diverged(ctx context.Context, head *Node, tips []*Node) (map[*Node]bool, error) {
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
		known := map[*Node]kinship{}
		left, strangers := map[*Node]bool{}, false
		for _, tip := range tips {
			k := kinOf(tip, head, known, func(n *Node) bool { return w.marked(n).mask&ofHead != 0 })
			left[tip] = k.related && !k.after
			strangers = strangers || !k.related
		}
		if !strangers || len(w.queue) == 0 {
			return left, nil
		}
		// a tip that seems unrelated may have met HEAD's history before that was painted: clocks run backwards
	}
}

// kinOf follows parents up to commits that are HEAD's. It keeps its own stack: a history may be deeper than one of
// calls.
func kinOf(tip, head *Node, known map[*Node]kinship, ofHead func(*Node) bool) kinship {
	for stack := []*Node{tip}; len(stack) > 0; {
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
		for _, parent := range n.Parents {
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

// LeadsTo reports whether a commit's first parents lead to another.
func (g *Graph) LeadsTo(ctx context.Context, from, to *Node) (bool, error) {
	commits, err := g.Uncovered(ctx, from, []*Node{to}, false)
	if err != nil {
		return false, err
	}
	since := make(map[*Node]bool, len(commits))
	for _, n := range commits {
		since[n.Node] = true
	}
	at := from
	for since[at] && len(at.Parents) > 0 {
		at = at.Parents[0]
	}
	return at == to, nil
}
