package store

import (
	"context"
	"math"
	"slices"
)

// Batch is how many starting points a walk tells apart: one bit of a mark each, the last bit left free.
const Batch = 63

// mark says from where a walk has reached a commit.
type mark struct {
	mask   uint64 // an ancestor of these starting points, or one of them
	epoch  uint32 // the walk it belongs to
	head   bool   // an ancestor of HEAD, or HEAD
	queued bool
	popped bool
}

// walk paints ancestors, newest first. Dates only steer it: what it has painted is true whatever the clocks said.
type walk struct {
	ctx   context.Context
	graph *Graph
	queue Queue
	steps int
	// open counts the queued commits for which wanted holds.
	open   int
	wanted func(*mark) bool
}

func (g *Graph) newWalk(ctx context.Context, wanted func(*mark) bool) *walk {
	g.epoch++
	return &walk{ctx: ctx, graph: g, wanted: wanted}
}

// marked returns the mark of a node in this walk.
func (w *walk) marked(n *Node) *mark {
	if n.mark.epoch != w.graph.epoch {
		n.mark = mark{epoch: w.graph.epoch}
	}
	return &n.mark
}

// paint adds to a commit's mark and queues it when that tells its parents something new.
func (w *walk) paint(n *Node, head bool, mask uint64) error {
	m := w.marked(n)
	if (m.head || !head) && m.mask|mask == m.mask {
		return nil
	}
	if err := w.graph.Load(n); err != nil {
		return err
	}
	if n.Absent && (head || m.head) {
		return &MissingObjectError{Hash: n.Hash.String()}
	}
	if m.queued && w.wanted(m) {
		w.open--
	}
	m.head, m.mask = m.head || head, m.mask|mask
	if w.wanted(m) {
		w.open++
	}
	if !m.queued {
		m.queued = true
		w.queue.Push(n)
	}
	return nil
}

// step takes the newest commit off the queue and paints its parents. first reports whether it is its first time.
func (w *walk) step() (n *Node, first bool, err error) {
	if w.steps++; w.steps%256 == 0 {
		if err := w.ctx.Err(); err != nil {
			return nil, false, err
		}
	}
	n = w.queue.Pop()
	m := &n.mark
	first, m.queued, m.popped = !m.popped, false, true
	if w.wanted(m) {
		w.open--
	}
	for _, parent := range n.Parents {
		if err := w.paint(parent, m.head, m.mask); err != nil {
			return nil, false, err
		}
	}
	return n, first, nil
}

// recount is needed when the meaning of wanted has changed.
func (w *walk) recount() {
	w.open = 0
	for _, n := range w.queue {
		if w.wanted(&n.mark) {
			w.open++
		}
	}
}

// Claim asks whether a commit is an ancestor of HEAD. Claims of one group are ordered: when one holds, those after it in
// the group need no answer.
type Claim struct {
	Node  *Node
	Group int
}

// Highest returns, per group, the index of its first claim that holds. At most batch claims.
//
// It is exact whatever the commits' dates: a claim is given up only when every commit still to be followed from HEAD is
// itself an ancestor of the claimed commit, so that following it can never arrive there.
func (g *Graph) Highest(ctx context.Context, head *Node, claims []Claim) (map[int]int, error) {
	found := map[int]int{}
	undecided := uint64(1)<<len(claims) - 1
	w := g.newWalk(ctx, func(m *mark) bool { return m.head && m.mask&undecided != undecided })
	settle := func() {
		before := undecided
		for i, c := range claims {
			if undecided&(1<<i) == 0 || !w.marked(c.Node).head {
				continue
			}
			if best, ok := found[c.Group]; !ok || i < best {
				found[c.Group] = i
			}
		}
		for i, c := range claims {
			if best, ok := found[c.Group]; ok && i >= best {
				undecided &^= 1 << i
			}
		}
		if undecided != before {
			w.recount()
		}
	}
	for i, c := range claims {
		if err := w.paint(c.Node, false, 1<<i); err != nil {
			return nil, err
		}
	}
	if err := w.paint(head, true, 0); err != nil {
		return nil, err
	}
	for settle(); undecided != 0 && w.open > 0; {
		n, _, err := w.step()
		if err != nil {
			return nil, err
		}
		if n.mark.head && n.mark.mask != 0 {
			settle()
		}
	}
	settle() // a claim may have been painted by the last step
	return found, nil
}

// slack is how many commits a range walk goes on after it seems complete, against clocks that ran backwards.
// git itself takes 5.
const slack = 64

// Counted is a commit of a range, and the mask of the bases that cover it.
type Counted struct {
	*Node
	Mask uint64
}

// Uncovered returns the commits that HEAD reaches and not every base covers, newest first. base i is bit i of their
// masks. With whole set, it returns all of HEAD's history. At most batch bases.
func (g *Graph) Uncovered(ctx context.Context, head *Node, bases []*Node, whole bool) ([]Counted, error) {
	full := uint64(1)<<len(bases) - 1
	if whole || len(bases) == 0 {
		full |= 1 << Batch // never covered
	}
	w := g.newWalk(ctx, func(m *mark) bool { return m.head && m.mask != full })
	for i, base := range bases {
		if err := w.paint(base, false, 1<<i); err != nil {
			return nil, err
		}
	}
	if err := w.paint(head, true, 0); err != nil {
		return nil, err
	}
	var listed []*Node
	oldest := int64(math.MaxInt64)
	for left := slack; len(w.queue) > 0 && left > 0; {
		if w.open == 0 && w.queue[0].time < oldest {
			left--
		}
		n, first, err := w.step()
		if err != nil {
			return nil, err
		}
		if first && n.mark.mask != full {
			listed = append(listed, n)
			if n.mark.head {
				oldest = min(oldest, n.time)
			}
		}
	}
	kept := make([]Counted, 0, len(listed))
	for _, n := range listed {
		if n.mark.head && n.mark.mask != full {
			kept = append(kept, Counted{Node: n, Mask: n.mark.mask})
		}
	}
	return kept, nil
}

// MergeBases returns the newest common ancestors of two commits: all that are no ancestor of another.
func (g *Graph) MergeBases(ctx context.Context, a, b *Node) ([]*Node, error) {
	const fromB, below = 1, 2 // below: an ancestor of a common ancestor
	w := g.newWalk(ctx, func(m *mark) bool { return !m.head || m.mask&fromB == 0 })
	if err := w.paint(a, true, 0); err != nil {
		return nil, err
	}
	if err := w.paint(b, false, fromB); err != nil {
		return nil, err
	}
	var found []*Node
	for w.open > 0 {
		n, _, err := w.step()
		if err != nil {
			return nil, err
		}
		if !n.mark.head || n.mark.mask&fromB == 0 {
			continue
		}
		if n.mark.mask&below == 0 {
			found = append(found, n)
		}
		for _, parent := range n.Parents {
			if err := w.paint(parent, true, fromB|below); err != nil {
				return nil, err
			}
		}
	}
	for _, n := range w.queue { // painted from both sides, and not yet looked at
		if n.mark.head && n.mark.mask == fromB {
			found = append(found, n)
		}
	}
	return slices.DeleteFunc(found, func(n *Node) bool { return n.mark.mask&below != 0 }), nil
}

// Queue is a heap of commits, newest first; equal times by hash, so that a walk has one order. It is typed, as a walk
// spends a tenth of its time here.
type Queue []*Node

func (q Queue) less(i, j int) bool {
	if q[i].time != q[j].time {
		return q[i].time > q[j].time
	}
	return string(q[i].Hash[:]) < string(q[j].Hash[:])
}

// Push puts a commit in.
func (q *Queue) Push(n *Node) {
	*q = append(*q, n)
	for at := len(*q) - 1; at > 0; {
		above := (at - 1) / 2
		if !q.less(at, above) {
			return
		}
		(*q)[at], (*q)[above] = (*q)[above], (*q)[at]
		at = above
	}
}

// Pop takes the newest out of a queue that is not empty.
func (q *Queue) Pop() *Node {
	all := *q
	newest, last := all[0], len(all)-1
	all[0] = all[last]
	rest := all[:last]
	*q = rest
	for at := 0; ; {
		below := 2*at + 1
		if below >= last {
			return newest
		}
		if right := below + 1; right < last && rest.less(right, below) {
			below = right
		}
		if !rest.less(below, at) {
			return newest
		}
		rest[at], rest[below] = rest[below], rest[at]
		at = below
	}
}
