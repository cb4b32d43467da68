package versioning

import (
	"context"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/store"
)

// source finds the commit that a change request is about. CI systems check out a merge of it with its target, made anew
// in each build, with the parents in either order (facts/git-ci-canary.md 1.3).
func (rd *reader) source(ctx context.Context, ref Ref) (Commit, error) {
	if ref.ChangeID == "" {
		return rd.repository.commit(rd.head)
	}
	near := append([]*store.Node{rd.head}, rd.head.Parents...)
	remotes, err := rd.repository.Refs.Under("refs/remotes/")
	if err != nil {
		return Commit{}, err
	}
	for _, n := range near {
		if ref.HeadSHA != "" && strings.HasPrefix(n.Hash.String(), strings.ToLower(ref.HeadSHA)) {
			return rd.repository.commit(n)
		}
	}
	for _, n := range near {
		if namesSource(remotes, ref, n.Hash) {
			return rd.repository.commit(n)
		}
	}
	if len(rd.head.Parents) != 2 || rd.repository.shallow {
		return rd.repository.commit(rd.head)
	}
	return rd.outsideTarget(ctx, ref, remotes)
}

// namesSource reports whether a remote-tracking branch of the change points at a commit.
func namesSource(remotes []store.Ref, ref Ref, hash plumbing.Hash) bool {
	for _, remote := range remotes {
		_, branch, _ := strings.Cut(strings.TrimPrefix(remote.Name, "refs/remotes/"), "/")
		if remote.Hash == hash && branch != "" && (branch == ref.Branch || branch == ref.ChangeBranch) {
			return true
		}
	}
	return false
}

// outsideTarget picks the one parent of HEAD that the target branch does not have, else HEAD.
func (rd *reader) outsideTarget(ctx context.Context, ref Ref, remotes []store.Ref) (Commit, error) {
	g := rd.repository.Graph
	for _, target := range remotes {
		_, branch, _ := strings.Cut(strings.TrimPrefix(target.Name, "refs/remotes/"), "/")
		if branch == "" || branch != ref.ChangeTarget {
			continue
		}
		var outside []*store.Node
		for _, parent := range rd.head.Parents {
			holds, err := g.Highest(ctx, g.Node(target.Hash), []store.Claim{{Node: parent}})
			if err != nil {
				return Commit{}, err
			}
			if len(holds) == 0 {
				outside = append(outside, parent)
			}
		}
		if len(outside) == 1 {
			return rd.repository.commit(outside[0])
		}
	}
	return rd.repository.commit(rd.head)
}
