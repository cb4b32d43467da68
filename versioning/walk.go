package versioning

import (
	"context"
	"math"
	"slices"
)

// batch is how many starting points a walk tells apart: one bit of a mark each, the last bit left free.
const batch = 63

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
	graph *graph
	queue queue
	steps int
	// open counts the queued commits for which wanted holds.
	open   int
	wanted func(*mark) bool
}

func (g *graph) newWalk(ctx context.Context, wanted func(*mark) bool) *walk {
	g.epoch++
	return &walk{ctx: ctx, graph: g, wanted: wanted}
}

// marked returns the mark of a node in this walk.
func (w *walk) marked(n *node) *mark {
	if n.mark.epoch != w.graph.epoch {
		n.mark = mark{epoch: w.graph.epoch}
	}
	return &n.mark
}

// paint adds to a commit's mark and queues it when that tells its parents something new.
func (w *walk) paint(n *node, head bool, mask uint64) error {
	m := w.marked(n)
	if (m.head || !head) && m.mask|mask == m.mask {
		return nil
	}
	if err := w.graph.load(n); err != nil {
		return err
	}
	if n.absent && (head || m.head) {
		return &MissingObjectError{Hash: n.hash.String()}
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
		w.queue.push(n)
	}
	return nil
}

// step takes the newest commit off the queue and paints its parents. first tells whether it is its first time.
func (w *walk) step() (n *node, first bool, err error) {
	if w.steps++; w.steps%256 == 0 {
		if err := w.ctx.Err(); err != nil {
			return nil, false, err
		}
	}
	n = w.queue.pop()
	m := &n.mark
	first, m.queued, m.popped = !m.popped, false, true
	if w.wanted(m) {
		w.open--
	}
	for _, parent := range n.parents {
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

// claim asks whether a commit is an ancestor of HEAD. Claims of one group are ordered: when one holds, those after it in
// the group need no answer.
type claim struct {
	node  *node
	group int
}

// highest returns, per group, the index of its first claim that holds. At most batch claims.
//
// It is exact whatever the commits' dates: a claim is given up only when every commit still to be followed from HEAD is
// itself an ancestor of the claimed commit, so that following it can never arrive there.
func (g *graph) highest(ctx context.Context, head *node, claims []claim) (map[int]int, error) {
	found := map[int]int{}
	undecided := uint64(1)<<len(claims) - 1
	w := g.newWalk(ctx, func(m *mark) bool { return m.head && m.mask&undecided != undecided })
	settle := func() {
		before := undecided
		for i, c := range claims {
			if undecided&(1<<i) == 0 || !w.marked(c.node).head {
				continue
			}
			if best, ok := found[c.group]; !ok || i < best {
				found[c.group] = i
			}
		}
		for i, c := range claims {
			if best, ok := found[c.group]; ok && i >= best {
				undecided &^= 1 << i
			}
		}
		if undecided != before {
			w.recount()
		}
	}
	for i, c := range claims {
		if err := w.paint(c.node, false, 1<<i); err != nil {
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

// counted is a commit of a range, and the mask of the bases that cover it.
type counted struct {
	*node
	mask uint64
}

// uncovered returns the commits that HEAD reaches and not every base covers, newest first. base i is bit i of their masks.
// With whole set, it returns all of HEAD's history. At most batch bases.
func (g *graph) uncovered(ctx context.Context, head *node, bases []*node, whole bool) ([]counted, error) {
	full := uint64(1)<<len(bases) - 1
	if whole || len(bases) == 0 {
		full |= 1 << batch // never covered
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
	var listed []*node
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
	kept := make([]counted, 0, len(listed))
	for _, n := range listed {
		if n.mark.head && n.mark.mask != full {
			kept = append(kept, counted{node: n, mask: n.mark.mask})
		}
	}
	return kept, nil
}

// mergeBases returns the newest common ancestors of two commits: all that are no ancestor of another.
func (g *graph) mergeBases(ctx context.Context, a, b *node) ([]*node, error) {
	const fromB, below = 1, 2 // below: an ancestor of a common ancestor
	w := g.newWalk(ctx, func(m *mark) bool { return !m.head || m.mask&fromB == 0 })
	if err := w.paint(a, true, 0); err != nil {
		return nil, err
	}
	if err := w.paint(b, false, fromB); err != nil {
		return nil, err
	}
	var found []*node
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
		for _, parent := range n.parents {
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
	return slices.DeleteFunc(found, func(n *node) bool { return n.mark.mask&below != 0 }), nil
}

// queue is a heap of commits, newest first; equal times by hash, so that a walk has one order. It is typed, as a walk spends a
// tenth of its time here.
type queue []*node

func (q queue) less(i, j int) bool {
	if q[i].time != q[j].time {
		return q[i].time > q[j].time
	}
	return string(q[i].hash[:]) < string(q[j].hash[:])
}

func (q *queue) push(n *node) {
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

// pop takes the newest out of a queue that is not empty.
func (q *queue) pop() *node {
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
