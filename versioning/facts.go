package versioning

import (
	"fmt"
	"time"

	"github.com/Masterminds/semver/v3"
)

// Commit names a commit.
type Commit struct {
	// Hash is the full object name, 40 hex digits.
	Hash string
	// Time is the committer's time in UTC.
	Time time.Time
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

// base is the version of Base; nil without one. Error: facts that were not read from tags may hold anything.
func (f Facts) base() (*semver.Version, error) {
	if f.Base == nil {
		return nil, nil
	}
	v, err := semver.StrictNewVersion(f.Base.Version)
	if err != nil {
		return nil, fmt.Errorf("tag %s: %w", f.Base.Name, err)
	}
	return v, nil
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
