package versioning

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/go-git/go-git/v5/plumbing"
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
	// Dirty asks for the modified tracked files. Ignored names files whose modification does not count, relative to
	// the root: those that this very build edits.
	Dirty   bool
	Ignored []string
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
	// Last is the commit that gave the paths the content they have at HEAD: Base's when none changed them since. Without
	// paths, or when HEAD does not have them, it is HEAD.
	Last Commit
	// Bump is the largest bump that the counted commits ask for, and BumpCommit one that asks for it.
	Bump       Bump
	BumpCommit string
	// ReleaseAs is the highest version that a counted commit's Release-As footer asks for, or empty.
	ReleaseAs string
	// Dirty are the modified tracked files, when the query asked.
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
}

// Head reads HEAD. Error: ErrNoCommits.
func (r *Repository) Head() (Head, error) {
	branch, hash, err := r.refs.head()
	if err != nil {
		return Head{}, err
	}
	commit, err := r.graph.commit(r.graph.node(hash))
	if err != nil {
		return Head{}, fmt.Errorf("read HEAD: %w", err)
	}
	return Head{Branch: branch, Commit: commit}, nil
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
	branch, hash, err := r.refs.head()
	if err != nil {
		return nil, err
	}
	a := &answer{repository: r, head: r.graph.node(hash), branch: branch}
	if err := r.graph.load(a.head); err != nil {
		return nil, fmt.Errorf("read HEAD: %w", err)
	}
	if a.tags, err = r.refs.under("refs/tags/"); err != nil {
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
	head       *node
	branch     string
	tags       map[string]ref
	parts      []*part
}

// part is the work of one query.
type part struct {
	query      Query
	facts      Facts
	candidates []candidate // highest first
	base       *node
	bit        uint64 // of the base in the walk; 0 without one
}

// candidate is a version tag and its commit.
type candidate struct {
	name    string
	version *semver.Version
	node    *node
}

// begin fills what needs no walk: HEAD, the source head, the tags at HEAD, the candidates.
func (a *answer) begin(ctx context.Context, query Query) error {
	g := a.repository.graph
	p := &part{query: query}
	p.facts = Facts{Ref: query.Ref, Prefix: query.Prefix, Scoped: len(query.Paths) > 0, Shallow: a.repository.shallow}
	var err error
	if p.facts.Head, err = g.commit(a.head); err != nil {
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
		if c.node == a.head {
			p.facts.Tags = append(p.facts.Tags, Tag{Name: c.name, Version: c.version.String(), Commit: p.facts.Head})
		}
	}
	a.parts = append(a.parts, p)
	return nil
}

// versions returns the query's version tags, highest first. Names decide; dates, kinds and git's order do not.
func (a *answer) versions(query Query) ([]candidate, error) {
	limit := query.Ref.limit()
	var found []candidate
	for name, tag := range a.tags {
		name = strings.TrimPrefix(name, "refs/tags/")
		version := parseTag(name, query.Prefix)
		if version == nil || limit != nil && !version.LessThan(limit) {
			continue
		}
		n, ok, err := a.commitOf(tag)
		if err != nil {
			return nil, fmt.Errorf("tag %s: %w", name, err)
		}
		if ok {
			found = append(found, candidate{name: name, version: version, node: n})
		}
	}
	slices.SortFunc(found, func(x, y candidate) int { return y.version.Compare(x.version) })
	return found, nil
}

// commitOf peels a tag. ok is false when there is no commit behind it. In a shallow clone the commit may be absent; the
// tag then does not exist for us.
func (a *answer) commitOf(tag ref) (n *node, ok bool, err error) {
	g := a.repository.graph
	hash := tag.hash
	if tag.settled {
		hash = tag.peeled
	}
	if hash == a.head.hash {
		return a.head, true, nil
	}
	n, ok, err = g.peel(hash)
	if err != nil && a.repository.shallow {
		return nil, false, nil
	}
	return n, ok, err
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
	var names []string
	for name := range a.tags {
		name = strings.TrimPrefix(name, "refs/tags/")
		at := strings.IndexFunc(name, func(r rune) bool { return r >= '0' && r <= '9' })
		if at >= 0 && !strings.Contains(name[:at], "/") && name[:at] != prefix && parseTag(name, name[:at]) != nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

// source finds the commit that a change request is about. CI systems check out a merge of it with its target, made anew in
// each build, with the parents in either order (facts/git-ci-canary.md 1.3).
func (a *answer) source(ctx context.Context, ref Ref) (Commit, error) {
	g := a.repository.graph
	if ref.ChangeID == "" {
		return g.commit(a.head)
	}
	near := append([]*node{a.head}, a.head.parents...)
	remotes, err := a.repository.refs.under("refs/remotes/")
	if err != nil {
		return Commit{}, err
	}
	for _, n := range near {
		if ref.HeadSHA != "" && strings.HasPrefix(n.hash.String(), strings.ToLower(ref.HeadSHA)) {
			return g.commit(n)
		}
	}
	for _, n := range near {
		if namesSource(remotes, ref, n.hash) {
			return g.commit(n)
		}
	}
	if len(a.head.parents) != 2 || a.repository.shallow {
		return g.commit(a.head)
	}
	return a.outsideTarget(ctx, ref, remotes)
}

// namesSource tells whether a remote-tracking branch of the change points at a commit.
func namesSource(remotes map[string]ref, ref Ref, hash plumbing.Hash) bool {
	for name, value := range remotes {
		_, branch, _ := strings.Cut(strings.TrimPrefix(name, "refs/remotes/"), "/")
		if value.hash == hash && branch != "" && (branch == ref.Branch || branch == ref.ChangeBranch) {
			return true
		}
	}
	return false
}

// outsideTarget picks the one parent of HEAD that the target branch does not have, else HEAD.
func (a *answer) outsideTarget(ctx context.Context, ref Ref, remotes map[string]ref) (Commit, error) {
	g := a.repository.graph
	for name, target := range remotes {
		_, branch, _ := strings.Cut(strings.TrimPrefix(name, "refs/remotes/"), "/")
		if branch == "" || branch != ref.ChangeTarget {
			continue
		}
		var outside []*node
		for _, parent := range a.head.parents {
			holds, err := g.highest(ctx, g.node(target.hash), []claim{{node: parent}})
			if err != nil {
				return Commit{}, err
			}
			if len(holds) == 0 {
				outside = append(outside, parent)
			}
		}
		if len(outside) == 1 {
			return g.commit(outside[0])
		}
	}
	return g.commit(a.head)
}
