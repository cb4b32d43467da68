package versioning

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/git/store"
	"github.com/pintle-ci/pintle/internal/text"
)

// Commit names a commit.
type Commit struct {
	// Hash is the full object name, 40 hex digits.
	Hash string
	// Time is the committer's time in UTC.
	Time time.Time
}

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

// Tag is a tag that is the prefix and a strict SemVer version without build metadata.
type Tag struct {
	// Name is the whole name, as "cart/v1.2.0".
	Name string
	// Version is the part after the prefix.
	Version string
	// Commit is the commit it names, behind an annotated tag too.
	Commit Commit
}

// Facts are what the history says about one version. Next decides from them.
type Facts struct {
	// Ref and Prefix are the query's.
	Ref    Ref
	Prefix string
	// Scoped is true when the query had paths.
	Scoped bool
	// Head is HEAD.
	Head Commit
	// Source is the head of the pull or merge request when HEAD is a throw-away merge of it, else HEAD.
	Source Commit
	// Tags are the version tags at HEAD within the ref's line, highest first.
	Tags []Tag
	// Base is the highest version tag reachable from HEAD within the ref's line, or nil.
	Base *Tag
	// Count is how many commits HEAD reaches and Base does not, over all parents; with paths, those that changed them.
	Count int
	// Ahead is the highest version tag above Base that HEAD does not reach and whose line left HEAD's history, as the
	// tags of release/1.5 are for trunk; nil when there is none or the query did not ask. A candidate of a trunk's own
	// is none, and of a feature that is on a release line there is none.
	Ahead *Tag
	// CountAhead is how many commits HEAD reaches and Ahead does not, counted as in Count.
	CountAhead int
	// Merged tells, where the query asks to track releases and Base is a prerelease, that Base came by the merge of a
	// release line: neither HEAD's first parents lead to it nor those of a trunk.
	Merged bool
	// Last is the commit that gave the paths the content they have at HEAD: Base's when none changed them since. Without
	// paths, or when HEAD does not have them, it is HEAD.
	Last Commit
	// Bump is the largest bump that the counted commits ask for, BumpCommit the newest that asks for it, and ByBump how
	// many ask for which.
	Bump       Bump
	BumpCommit string
	ByBump     [BumpMajor + 1]int
	// ReleaseAs is the highest version that a counted commit's Release-As footer asks for, or empty.
	ReleaseAs string
	// Dirty are the modified tracked files at the paths, when the query asked.
	Dirty []string
	// Unprefixed is an example of a tag that would be a version with another prefix, when there is no base: a hint.
	Unprefixed string
	// Shallow tells that history is cut off; then only Head, Source and Tags are filled.
	Shallow bool
}

// Head is what HEAD stands for.
type Head struct {
	// Branch is empty when HEAD is detached.
	Branch string
	Commit Commit
	// Parents are the full hashes of its parents.
	Parents []string
}

// Head reads HEAD. Error: ErrNoCommits.
func (r *Repository) Head() (Head, error) {
	branch, hash, err := r.Refs.Head()
	if err != nil {
		return Head{}, err
	}
	n := r.Graph.Node(hash)
	commit, err := r.commit(n)
	if err != nil {
		return Head{}, fmt.Errorf("read HEAD: %w", err)
	}
	head := Head{Branch: branch, Commit: commit}
	for _, parent := range n.Parents {
		head.Parents = append(head.Parents, parent.Hash.String())
	}
	return head, nil
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
	a := &answer{repository: r, head: r.Graph.Node(hash), branch: branch}
	if err := r.Graph.Load(a.head); err != nil {
		return nil, fmt.Errorf("read HEAD: %w", err)
	}
	if a.tags, err = r.tags(); err != nil {
		return nil, err
	}
	for _, query := range queries {
		if err := a.begin(ctx, query); err != nil {
			return nil, err
		}
	}
	if !r.shallow {
		if err := a.history(ctx); err != nil {
			return nil, err
		}
	}
	facts := make([]Facts, len(a.parts))
	for i, p := range a.parts {
		facts[i] = p.facts
	}
	return facts, a.dirty(ctx, queries, facts)
}

// answer is the work of one ReadAll.
type answer struct {
	repository *Repository
	head       *store.Node
	branch     string
	tags       []store.Ref // by name
	parts      []*part
	trunks     map[string]*trunks // by their names
}

// part is the work of one query.
type part struct {
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
func (a *answer) begin(ctx context.Context, query Query) error {
	p := &part{query: query}
	p.facts = Facts{Ref: query.Ref, Prefix: query.Prefix, Scoped: len(query.Paths) > 0, Shallow: a.repository.shallow}
	var err error
	if p.facts.Head, err = a.repository.commit(a.head); err != nil {
		return err
	}
	p.facts.Last = p.facts.Head
	if p.facts.Source, err = a.source(ctx, query.Ref); err != nil {
		return fmt.Errorf("read the change's head: %w", err)
	}
	if p.candidates, err = a.versions(query); err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	for _, c := range p.candidates {
		if c.node == a.head || c.ref.Settled && c.ref.Peeled == a.head.Hash {
			p.facts.Tags = append(p.facts.Tags, Tag{Name: c.name, Version: c.version.String(), Commit: p.facts.Head})
		}
	}
	a.parts = append(a.parts, p)
	return nil
}

// versions returns the query's version tags, highest first. Names decide; dates, kinds and git's order do not.
func (a *answer) versions(query Query) ([]candidate, error) {
	const dir = "refs/tags/"
	limit := query.Ref.limit()
	var found []candidate
	for _, tag := range store.RefsBelow(a.tags, dir+query.Prefix) {
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
		ok, err := a.resolve(&c)
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
func (a *answer) resolve(c *candidate) (ok bool, err error) {
	if c.node != nil {
		return true, nil
	}
	hash := c.ref.Hash
	if c.ref.Settled {
		hash = c.ref.Peeled
	}
	if hash == a.head.Hash {
		c.node = a.head
		return true, nil
	}
	c.node, ok, err = a.repository.Graph.Peel(hash)
	if err != nil && (a.repository.shallow || a.repository.side != nil) {
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
func (a *answer) unprefixed(prefix string) string {
	if strings.Contains(prefix, "/") {
		return "" // one service among many: others' tags say nothing
	}
	for _, tag := range a.tags {
		name := strings.TrimPrefix(tag.Name, "refs/tags/")
		at := strings.IndexFunc(name, func(r rune) bool { return r >= '0' && r <= '9' })
		if at >= 0 && !text.HasControl(name) && !strings.Contains(name[:at], "/") && name[:at] != prefix && parseTag(name, name[:at]) != nil {
			return name
		}
	}
	return ""
}
