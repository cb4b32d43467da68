package versioning

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// sealTries bounds how many tags are tried as the base before all commits are fetched.
	sealTries = 3
	// sealLimit bounds the commits of a sealed history.
	sealLimit = 1 << 20
)

// seal closes a history that was fetched down to a base tag and no further. The server left out exactly the ancestors of
// the base, so a commit that is not here is one. The base is reachable from HEAD if and only if a commit that is here has
// it as a parent: the first ancestor of the base on a way from HEAD to the base is the base itself.
//
// Walks see the base as a child of all other commits at the end: an order that is true, although the parents are not.
type seal struct {
	base plumbing.Hash
	ends map[plumbing.Hash]bool // the base, and its ancestors that commits here have as parents
}

// apply gives a commit at the end its parents. A nil seal does nothing.
func (s *seal) apply(g *graph, n *node) {
	if s == nil || !s.ends[n.hash] {
		return
	}
	n.sealed, n.parents = true, nil
	if n.hash != s.base {
		return
	}
	for end := range s.ends {
		if end != s.base {
			n.parents = append(n.parents, g.node(end))
		}
	}
	slices.SortFunc(n.parents, func(a, b *node) int { return bytes.Compare(a.hash[:], b.hash[:]) })
}

// sealed fetches the commits since the base tag alone, when that can be told to be exact: for one version, or for many
// whose bases lie one behind the other. ok is false when it cannot, and all commits must be fetched.
func (d *deepening) sealed(ctx context.Context, met error) (ok bool, err error) {
	if met != nil { // a sealed history was not enough
		return false, d.unseal()
	}
	tops, ok, err := d.tops()
	if !ok || err != nil {
		return false, err
	}
	for try := range min(sealTries, len(tops[0])) {
		base := tops[0][try]
		if len(tops) > 1 {
			if base, err = d.oldest(ctx, tops); err != nil {
				return false, ctx.Err() // such a server may still give all
			}
		}
		s, commits, err := d.sealAt(ctx, base)
		if err != nil || len(tops) > 1 && !s.covers(tops, commits) {
			return false, ctx.Err()
		}
		if s != nil {
			return true, d.apply(ctx, s)
		}
	}
	return false, nil
}

// tops are the commits of the version tags of each query, the highest first. ok is false when some query has none, or needs
// more than the history since its base.
func (d *deepening) tops() (tops [][]plumbing.Hash, ok bool, err error) {
	r := d.repository
	_, hash, err := r.refs.head()
	if err != nil {
		return nil, false, err
	}
	a := &answer{repository: r, head: r.graph.node(hash)}
	if err := r.graph.load(a.head); err != nil {
		return nil, false, err
	}
	if a.tags, err = r.tags(); err != nil {
		return nil, false, err
	}
	for _, query := range d.queries {
		candidates, err := a.versions(query)
		if err != nil {
			return nil, false, err
		}
		if len(candidates) == 0 || query.TrackReleases || query.Ref.ChangeID != "" && len(a.head.parents) > 1 {
			return nil, false, nil
		}
		var commits []plumbing.Hash
		for _, c := range candidates[:min(sealTries, len(candidates))] {
			commits = append(commits, cmp.Or(c.ref.peeled, c.ref.hash))
		}
		if !slices.ContainsFunc(tops, func(t []plumbing.Hash) bool { return slices.Equal(t, commits) }) {
			tops = append(tops, commits)
		}
	}
	return tops, len(tops) > 0, nil
}

// oldest is the oldest of the highest tags by the committers' clocks; covers then proves what the clocks suggest.
func (d *deepening) oldest(ctx context.Context, tops [][]plumbing.Hash) (plumbing.Hash, error) {
	r, s := d.repository, d.repository.side
	var wants bytes.Buffer
	for _, top := range tops {
		fmt.Fprintln(&wants, top[0])
	}
	dir := filepath.Join(s.dir, "tops")
	if err := s.create(ctx, dir); err != nil {
		return plumbing.ZeroHash, err
	}
	if err := s.into(ctx, dir, wants.Bytes(), "--filter=tree:0", "--depth=1", "--stdin", s.git.remote); err != nil {
		return plumbing.ZeroHash, err
	}
	store, err := openObjects(filepath.Join(dir, "objects"), true)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	g := newGraph(store)
	var found *node
	for _, top := range tops {
		n := g.node(top[0])
		if err = g.load(n); err != nil {
			break
		}
		if found == nil || n.time < found.time {
			found = n
		}
	}
	if err := errors.Join(err, store.close()); err != nil {
		return plumbing.ZeroHash, err
	}
	return found.hash, r.take(filepath.Join(dir, "objects"))
}

// sealAt fetches what HEAD reaches and a tag's commit does not. The seal is nil when HEAD does not reach the tag.
func (d *deepening) sealAt(ctx context.Context, base plumbing.Hash) (*seal, *graph, error) {
	s := d.repository.side
	_, head, err := d.repository.refs.head()
	if err != nil {
		return nil, nil, err
	}
	if head == base {
		return &seal{base: base, ends: map[plumbing.Hash]bool{base: true}}, nil, nil
	}
	at := slices.IndexFunc(s.tags, func(t ref) bool { return t.peeled == base })
	if at < 0 {
		return nil, nil, errors.New("the tag is not at the remote")
	}
	tag := s.tags[at].name
	d.log("fetch the commits since %s from %s", strings.TrimPrefix(tag, "refs/tags/"), s.git.remote)
	dir, err := os.MkdirTemp(s.dir, "since-")
	if err != nil {
		return nil, nil, err
	}
	if err := s.create(ctx, dir); err != nil {
		return nil, nil, err
	}
	input := []byte(head.String() + "\n")
	if err := s.into(ctx, dir, input, "--filter=tree:0", "--shallow-exclude="+tag, "--stdin", s.git.remote); err != nil {
		return nil, nil, err
	}
	return d.readSealed(filepath.Join(dir, "objects"), head, base)
}

// readSealed walks over what was fetched, and that alone: the clone's own commits may lie on either side of the base.
func (d *deepening) readSealed(objects string, head, base plumbing.Hash) (*seal, *graph, error) {
	store, err := openObjects(objects, true)
	if err != nil {
		return nil, nil, err
	}
	g := newGraph(store)
	g.cut = true
	ends := map[plumbing.Hash]bool{}
	next := []*node{g.node(head)}
	for seen := map[*node]bool{next[0]: true}; len(next) > 0; {
		n := next[len(next)-1]
		next = next[:len(next)-1]
		if err = g.load(n); err != nil {
			break
		}
		if n.absent {
			ends[n.hash] = true
		}
		for _, parent := range n.parents {
			if !seen[parent] {
				seen[parent] = true
				next = append(next, parent)
			}
		}
		if len(seen) > sealLimit {
			err = fmt.Errorf("more than %d commits since the tag", sealLimit)
			break
		}
	}
	if err := errors.Join(err, store.close()); err != nil || !ends[base] {
		return nil, nil, err
	}
	return &seal{base: base, ends: ends}, g, d.repository.take(objects)
}

// covers tells whether the highest tag of every query is reachable from HEAD, and has the sealed base behind it: what such a
// tag leaves is then all here.
func (s *seal) covers(tops [][]plumbing.Hash, fetched *graph) bool {
	if s == nil || fetched == nil {
		return false
	}
	reaches := map[*node]bool{}
	for _, top := range tops {
		n, here := fetched.nodes[top[0]]
		if top[0] != s.base && (!here || n.absent || !reachesBase(n, s.base, reaches)) {
			return false
		}
	}
	return true
}

// reachesBase tells whether the base is an ancestor, over commits that are loaded.
func reachesBase(from *node, base plumbing.Hash, known map[*node]bool) bool {
	seen := map[*node]bool{from: true}
	for next := []*node{from}; len(next) > 0; {
		n := next[len(next)-1]
		next = next[:len(next)-1]
		if n.hash == base || known[n] {
			known[from] = true
			return true
		}
		for _, parent := range n.parents {
			if !seen[parent] {
				seen[parent] = true
				next = append(next, parent)
			}
		}
	}
	return false
}

// apply puts the seal on, and fetches the commits at the end where the clone does not have them: their trees are compared.
func (d *deepening) apply(ctx context.Context, found *seal) error {
	r, s := d.repository, d.repository.side
	var wants bytes.Buffer
	for end := range found.ends {
		if _, err := r.graph.store.kind(end); err != nil {
			fmt.Fprintln(&wants, end)
		}
	}
	if wants.Len() > 0 {
		dir := filepath.Join(s.dir, "ends")
		if err := s.create(ctx, dir); err != nil {
			return err
		}
		if err := s.into(ctx, dir, wants.Bytes(), "--filter=tree:0", "--depth=1", "--stdin", s.git.remote); err != nil {
			return err
		}
		if err := r.take(filepath.Join(dir, "objects")); err != nil {
			return err
		}
	}
	r.graph = newGraph(r.graph.store)
	r.shallow, r.graph.cut, r.graph.seal = false, true, found
	return nil
}

// unseal goes back to the shallow clone.
func (d *deepening) unseal() error {
	r := d.repository
	r.shallow, r.graph = true, newGraph(r.graph.store)
	return nil
}
