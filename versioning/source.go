package versioning

import (
	"context"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/store"
)

// source finds the commit that a change request is about. CI systems check out a merge of it with its target, made anew
// in each build, with the parents in either order (facts/git-ci-canary.md 1.3).
func (a *answer) source(ctx context.Context, ref Ref) (Commit, error) {
	if ref.ChangeID == "" {
		return a.repository.commit(a.head)
	}
	near := append([]*store.Node{a.head}, a.head.Parents...)
	remotes, err := a.repository.Refs.Under("refs/remotes/")
	if err != nil {
		return Commit{}, err
	}
	for _, n := range near {
		if ref.HeadSHA != "" && strings.HasPrefix(n.Hash.String(), strings.ToLower(ref.HeadSHA)) {
			return a.repository.commit(n)
		}
	}
	for _, n := range near {
		if namesSource(remotes, ref, n.Hash) {
			return a.repository.commit(n)
		}
	}
	if len(a.head.Parents) != 2 || a.repository.shallow {
		return a.repository.commit(a.head)
	}
	return a.outsideTarget(ctx, ref, remotes)
}

// namesSource tells whether a remote-tracking branch of the change points at a commit.
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
func (a *answer) outsideTarget(ctx context.Context, ref Ref, remotes []store.Ref) (Commit, error) {
	g := a.repository.Graph
	for _, target := range remotes {
		_, branch, _ := strings.Cut(strings.TrimPrefix(target.Name, "refs/remotes/"), "/")
		if branch == "" || branch != ref.ChangeTarget {
			continue
		}
		var outside []*store.Node
		for _, parent := range a.head.Parents {
			holds, err := g.Highest(ctx, g.Node(target.Hash), []store.Claim{{Node: parent}})
			if err != nil {
				return Commit{}, err
			}
			if len(holds) == 0 {
				outside = append(outside, parent)
			}
		}
		if len(outside) == 1 {
			return a.repository.commit(outside[0])
		}
	}
	return a.repository.commit(a.head)
}
