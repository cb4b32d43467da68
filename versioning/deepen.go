package versioning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/store"
)

// side is a bare repository beside the clone that holds what was fetched. The clone stays as it is, because deepening
// it would turn it into a partial one, whose later commands fetch file by file, and would stand in the way of other
// processes.
type side struct {
	dir       string
	git       *gitRunner
	tagsKnown bool
	tags      []store.Ref // of the remote, by name
	// heads are the remote's trunk branches by their names; nil until it was asked.
	heads map[string][]store.Ref
	tried map[plumbing.Hash]bool
}

func (s *side) remove() error {
	if s == nil {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// tags are the local ones and the remote's, where it was asked; for a tag that was moved, the remote knows best.
func (r *Repository) tags() ([]store.Ref, error) {
	local, err := r.Refs.Under("refs/tags/")
	if err != nil || r.side == nil {
		return local, err
	}
	byName := map[string]store.Ref{}
	for _, one := range local {
		byName[one.Name] = one
	}
	for _, one := range r.side.tags {
		byName[one.Name] = one
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b store.Ref) int { return strings.Compare(a.Name, b.Name) }), nil
}

// deepening is one time of fetching.
type deepening struct {
	repository *Repository
	queries    []Query
	fetch      Fetch
}

// fill fetches what is lacking. met is the error by which it was noticed.
func (d *deepening) fill(ctx context.Context, lack lacking, met error) error {
	if err := d.open(ctx); err != nil {
		return err
	}
	if !d.repository.side.tagsKnown && lack != lacksTrees {
		if err := d.listTags(ctx); err != nil {
			return err
		}
	}
	if lack == lacksLines && d.repository.side.heads == nil {
		if err := d.listTrunks(ctx); err != nil {
			return err
		}
	}
	switch lack {
	case lacksTrees:
		return d.trees(ctx, met)
	case lacksHistory:
		return d.whole(ctx)
	}
	return d.branches(ctx)
}

// open makes the repository beside the clone.
func (d *deepening) open(ctx context.Context) error {
	r := d.repository
	if r.side != nil {
		return nil
	}
	git, err := newGitRunner(ctx, r, d.fetch.CI)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pintle-fetched-")
	if err != nil {
		return err
	}
	s := &side{dir: dir, git: git, tried: map[plumbing.Hash]bool{}}
	if err := s.create(ctx, s.dir); err != nil {
		return errors.Join(err, s.remove())
	}
	r.side = s
	return nil
}

func (s *side) create(ctx context.Context, dir string) error {
	_, err := s.git.run(ctx, nil, smallOutput, "init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--", dir)
	return err
}

// listTags asks for names alone: a tag's commit is in HEAD's history, or does not matter.
func (d *deepening) listTags(ctx context.Context) error {
	s := d.repository.side
	d.log("ask %s for its tags", s.git.remote)
	out, err := s.git.run(ctx, nil, listLimit, "--git-dir="+s.dir, "ls-remote", "--quiet", "--tags", "--", s.git.remote)
	if err != nil {
		return err
	}
	s.tags, s.tagsKnown = parseListing(out), true
	return nil
}

// listTrunks asks where the trunk branches are.
func (d *deepening) listTrunks(ctx context.Context) error {
	s := d.repository.side
	args := []string{"--git-dir=" + s.dir, "ls-remote", "--quiet", "--heads", "--", s.git.remote}
	for _, query := range d.queries {
		names := query.Trunks
		if len(names) == 0 {
			names = DefaultTrunks
		}
		for _, name := range names {
			if arg := "refs/heads/" + name; query.TrackReleases && RefName(name) && !slices.Contains(args, arg) {
				args = append(args, arg)
			}
		}
	}
	out, err := s.git.run(ctx, nil, listLimit, args...)
	if err != nil {
		return err
	}
	s.heads = map[string][]store.Ref{}
	for _, one := range parseListing(out) {
		name := strings.TrimPrefix(one.Name, "refs/heads/")
		s.heads[name] = append(s.heads[name], one)
	}
	return nil
}

// parseListing reads the lines of git ls-remote: "hash TAB name", and after an annotated tag "hash TAB name^{}".
func parseListing(out []byte) []store.Ref {
	var tags []store.Ref
	for line := range bytes.Lines(out) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), "\t")
		if !ok || !plumbing.IsHash(hash) {
			continue
		}
		one := store.Ref{Name: name, Hash: plumbing.NewHash(hash), Settled: true}
		one.Peeled = one.Hash
		if tag, peeled := strings.CutSuffix(name, "^{}"); peeled && len(tags) > 0 && tags[len(tags)-1].Name == tag {
			tags[len(tags)-1].Peeled = one.Hash
		} else if store.SafeRef(name) {
			tags = append(tags, one)
		}
	}
	return tags
}

// whole fetches all commits that the clone was cut off from, and no trees: the cheapest that is exact.
// --shallow-exclude of the base tag would be cheaper and is not: it cuts a merge with a commit behind the tag off from
// its other parents too. A server that gives commits by name gives just those; from another, all branches and tags are
// fetched.
func (d *deepening) whole(ctx context.Context) error {
	r, s := d.repository, d.repository.side
	wants, err := d.wants()
	if err != nil {
		return err
	}
	d.log("fetch the commits before the end of the shallow clone from %s", s.git.remote)
	all := []string{"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}
	var failed error
	for _, try := range []struct {
		input []byte
		args  []string
	}{
		{wants, []string{"--filter=tree:0", "--stdin", "--", s.git.remote}},
		{nil, append([]string{"--filter=tree:0", "--", s.git.remote}, all...)},
		{nil, append([]string{"--", s.git.remote}, all...)}, // a server without filters that does not say so
	} {
		if err := s.into(ctx, s.dir, try.input, try.args...); err != nil {
			failed = cmpErr(failed, err)
			continue
		}
		if err := r.AddObjects(filepath.Join(s.dir, "objects")); err != nil {
			return err
		}
		if failed = d.closed(); failed == nil {
			r.shallow, r.Graph.Cut = false, true
			return nil
		}
	}
	return failed
}

// cmpErr keeps the first error.
func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// wants are the ends of the clone, and the tags of other lines where they are asked about, one a line.
func (d *deepening) wants() ([]byte, error) {
	var list bytes.Buffer
	for _, cut := range d.repository.Cuts {
		fmt.Fprintln(&list, cut)
	}
	tags, err := d.tracked()
	for _, tag := range tags {
		fmt.Fprintln(&list, tag)
	}
	return list.Bytes(), err
}

// tracked are the commits of version tags that are not here, when a query asks about lines that HEAD does not reach.
func (d *deepening) tracked() ([]plumbing.Hash, error) {
	rd := &reader{repository: d.repository}
	var err error
	if rd.tags, err = d.repository.tags(); err != nil {
		return nil, err
	}
	found := map[plumbing.Hash]bool{}
	for _, query := range d.queries {
		if !query.TrackReleases {
			continue
		}
		candidates, err := rd.versions(query)
		if err != nil {
			return nil, err
		}
		for _, c := range candidates {
			if _, err := d.repository.Objects().Kind(c.ref.Peeled); err != nil && c.ref.Settled {
				found[c.ref.Peeled] = true
			}
		}
	}
	return slices.Collect(maps.Keys(found)), nil
}

// branches fetches the commits of tags that the clone does not have, in a clone that is not shallow.
func (d *deepening) branches(ctx context.Context) error {
	r, s := d.repository, d.repository.side
	tags, err := d.tracked()
	if err != nil || r.shallow {
		return err
	}
	var wants bytes.Buffer
	for _, tag := range tags {
		fmt.Fprintln(&wants, tag)
	}
	for _, heads := range s.heads {
		for _, head := range heads {
			if _, err := r.Objects().Kind(head.Hash); err != nil {
				fmt.Fprintln(&wants, head.Hash)
			}
		}
	}
	if wants.Len() == 0 {
		return nil
	}
	d.log("fetch the commits of tags of other branches from %s", s.git.remote)
	if err := s.into(ctx, s.dir, wants.Bytes(), "--filter=tree:0", "--stdin", "--", s.git.remote); err != nil {
		return err
	}
	return r.AddObjects(filepath.Join(s.dir, "objects"))
}

// into fetches into a repository of ours: objects alone, no other refs than asked for.
func (s *side) into(ctx context.Context, dir string, input []byte, args ...string) error {
	fixed := []string{
		"--git-dir=" + dir, "-c", "core.hooksPath=" + os.DevNull, "-c", "gc.auto=0", "-c", "maintenance.auto=false",
		"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=",
	}
	_, err := s.git.run(ctx, input, smallOutput, append(fixed, args...)...)
	return err
}

// closed checks that the clone's ends have their parents now. A remote whose branch was rewritten no longer has them.
func (d *deepening) closed() error {
	g := d.repository.Graph
	for _, cut := range d.repository.Cuts {
		n := g.Node(cut)
		if err := g.Load(n); err != nil {
			return err
		}
		for _, parent := range n.Parents {
			if err := g.Load(parent); err != nil {
				return fmt.Errorf("it does not have commit %s (any more)", parent.Hash)
			}
		}
	}
	return nil
}

// trees fetches trees, and no more levels of them than the paths have. Everything that is missing goes into one fetch.
func (d *deepening) trees(ctx context.Context, met error) error {
	r, s := d.repository, d.repository.side
	trees, depth, err := r.wantedTrees(ctx, met)
	if err != nil {
		return err
	}
	filter := "blob:none"
	if depth > 0 {
		filter = fmt.Sprintf("combine:blob:none+tree:%d", depth)
	}
	for _, tree := range trees {
		hash := plumbing.NewHash(tree)
		if s.tried[hash] {
			return fmt.Errorf("it does not have tree %s", tree)
		}
		s.tried[hash] = true
	}
	d.log("fetch %d trees from %s", len(trees), s.git.remote)
	input := []byte(strings.Join(trees, "\n") + "\n")
	if err := s.into(ctx, s.dir, input, "--filter="+filter, "--stdin", "--", s.git.remote); err != nil {
		return err
	}
	return r.AddObjects(filepath.Join(s.dir, "objects"))
}

func (d *deepening) log(format string, args ...any) {
	if d.fetch.Log != nil {
		d.fetch.Log(fmt.Sprintf(format, args...))
	}
}
