package versioning

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/git/store"
	"github.com/pintle-ci/pintle/internal/text"
)

// Query asks for the facts about one version: of one service, or of the repository.
type Query struct {
	// Ref is what is built. Its line bounds the base: release/1.5 never starts from v2.0.0.
	Ref Ref
	// Prefix stands before X.Y.Z in a tag: "v", "cart/v", or nothing.
	Prefix string
	// Paths scope the count to the commits that touch them: files or folders, relative to the root, with slashes.
	// None means the whole repository, and so does ".", which still keeps the version while nothing changes.
	Paths []string
	// Dirty asks for the modified tracked files at the paths. Ignored names files whose modification does not count,
	// relative to the root: those that this very build edits, for any service.
	Dirty   bool
	Ignored []string
	// TrackReleases asks for Facts.Ahead and Facts.Merged; see Ref.TracksReleases. Trunks are the trunk branches,
	// DefaultTrunks by default: a candidate that was tagged on the own line of one is no release line's.
	TrackReleases bool
	Trunks        []string
}

// Read answers one query; see ReadAll.
func (r *Repository) Read(ctx context.Context, query Query) (Facts, error) {
	facts, err := r.ReadAll(ctx, []Query{query})
	if err != nil {
		return Facts{}, err
	}
	return facts[0], nil
}

// ReadAll answers many queries in one walk from HEAD to the oldest of their bases.
// Errors: ErrNoCommits, *MissingObjectError, *CorruptObjectError, the context's. A shallow clone is no error here: Next
// needs no history for a tag at HEAD, and says ErrShallow otherwise.
func (r *Repository) ReadAll(ctx context.Context, queries []Query) ([]Facts, error) {
	if !r.shallow && r.side == nil {
		r.UseCommitGraph()
	}
	facts, err := r.readAll(ctx, queries)
	if err != nil && ctx.Err() == nil && r.DropCommitGraph() {
		facts, err = r.readAll(ctx, queries)
	}
	return facts, err
}

func (r *Repository) readAll(ctx context.Context, queries []Query) ([]Facts, error) {
	branch, hash, err := r.Refs.Head()
	if err != nil {
		return nil, err
	}
	rd := &reader{repository: r, head: r.Graph.Node(hash), branch: branch}
	if err := r.Graph.Load(rd.head); err != nil {
		return nil, fmt.Errorf("read HEAD: %w", err)
	}
	if rd.tags, err = r.tags(); err != nil {
		return nil, err
	}
	for _, query := range queries {
		if err := rd.begin(ctx, query); err != nil {
			return nil, err
		}
	}
	if !r.shallow {
		if err := rd.history(ctx); err != nil {
			return nil, err
		}
	}
	facts := make([]Facts, len(rd.states))
	for i, p := range rd.states {
		facts[i] = p.facts
	}
	return facts, rd.dirty(ctx, queries, facts)
}

// reader answers the queries of one ReadAll.
type reader struct {
	repository *Repository
	head       *store.Node
	branch     string
	tags       []store.Ref // by name
	states     []*queryState
	trunks     map[string]*trunks // by their names
}

// queryState is what is known about one query so far.
type queryState struct {
	query      Query
	facts      Facts
	candidates []candidate // highest first
	base       *store.Node
	bit        uint64 // of the base in the walk; 0 without one
	ahead      *store.Node
	aheadBit   uint64
}

// candidate is a version tag. Its node is nil until somebody needs to know: of thousands of tags, the best few are asked
// about.
type candidate struct {
	name    string
	version *semver.Version
	ref     store.Ref
	node    *store.Node
}

// begin fills what needs no walk: HEAD, the source head, the tags at HEAD, the candidates.
func (rd *reader) begin(ctx context.Context, query Query) error {
	p := &queryState{query: query}
	p.facts = Facts{Ref: query.Ref, Prefix: query.Prefix, Scoped: len(query.Paths) > 0, Shallow: rd.repository.shallow}
	var err error
	if p.facts.Head, err = rd.repository.commit(rd.head); err != nil {
		return err
	}
	p.facts.Last = p.facts.Head
	if p.facts.Source, err = rd.source(ctx, query.Ref); err != nil {
		return fmt.Errorf("read the change's head: %w", err)
	}
	if p.candidates, err = rd.versions(query); err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	for _, c := range p.candidates {
		if c.node == rd.head || c.ref.Settled && c.ref.Peeled == rd.head.Hash {
			p.facts.Tags = append(p.facts.Tags, Tag{Name: c.name, Version: c.version.String(), Commit: p.facts.Head})
		}
	}
	rd.states = append(rd.states, p)
	return nil
}

// versions returns the query's version tags, highest first. Names decide; dates, kinds and git's order do not.
func (rd *reader) versions(query Query) ([]candidate, error) {
	const dir = "refs/tags/"
	limit := query.Ref.limit()
	var found []candidate
	for _, tag := range store.RefsBelow(rd.tags, dir+query.Prefix) {
		name := strings.TrimPrefix(tag.Name, dir)
		version := parseTag(name, query.Prefix)
		if version == nil || limit != nil && !version.LessThan(limit) {
			continue
		}
		c := candidate{name: name, version: version, ref: tag}
		if c.ref.Settled {
			found = append(found, c)
			continue
		}
		ok, err := rd.resolve(&c)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(x, y candidate) int { return y.version.Compare(x.version) })
	return found, nil
}

// resolve finds a candidate's commit. ok is false when there is none behind the tag. Where the clone is shallow or tags
// were fetched, the commit may be absent; the tag then does not exist for us.
func (rd *reader) resolve(c *candidate) (ok bool, err error) {
	if c.node != nil {
		return true, nil
	}
	hash := c.ref.Hash
	if c.ref.Settled {
		hash = c.ref.Peeled
	}
	if hash == rd.head.Hash {
		c.node = rd.head
		return true, nil
	}
	c.node, ok, err = rd.repository.Graph.Peel(hash)
	if err != nil && (rd.repository.shallow || rd.repository.side != nil) {
		return false, nil // HEAD's history is here, once fetched, and this is no part of it
	}
	if err != nil {
		return false, fmt.Errorf("tag %s: %w", c.name, err)
	}
	return ok, nil
}

// parseTag returns the version of a tag, or nil. Lenient parsing would take 20240101 for version 20240101.0.0.
func parseTag(name, prefix string) *semver.Version {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return nil
	}
	version, err := semver.StrictNewVersion(rest)
	if err != nil || version.Metadata() != "" {
		return nil
	}
	return version
}

// unprefixed finds a tag that looks like a version under another prefix.
func (rd *reader) unprefixed(prefix string) string {
	if strings.Contains(prefix, "/") {
		return "" // one service among many: others' tags say nothing
	}
	for _, tag := range rd.tags {
		name := strings.TrimPrefix(tag.Name, "refs/tags/")
		at := strings.IndexFunc(name, func(r rune) bool { return r >= '0' && r <= '9' })
		if at >= 0 && !text.HasControl(name) && !strings.Contains(name[:at], "/") && name[:at] != prefix && parseTag(name, name[:at]) != nil {
			return name
		}
	}
	return ""
}
