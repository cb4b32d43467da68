package versioning

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/pintle-ci/pintle/git/store"
	"github.com/pintle-ci/pintle/internal/text"
)

const (
	// maxLogged bounds the commits of one Log.
	maxLogged = 20_000
	// maxMessage bounds the message of each, in bytes.
	maxMessage = 16 << 10
)

// Logged is a commit with what people wrote.
type Logged struct {
	Commit
	// Author is the author's name, and Message the whole message, without its middle where it is longer than 16 KiB.
	// Both come from outside and may hold anything.
	Author, Message string
	// Merge: it has several parents.
	Merge bool
}

// Log lists the commits that one commit reaches and another does not, newest first; with paths, those that changed
// them, by the rule that counts them for versions. The hashes are full; an empty from means all history. Errors:
// ErrShallow, a commit that is not here, more than 20,000 commits.
func (r *Repository) Log(ctx context.Context, from, to string, paths []string) ([]Logged, error) {
	g := r.Graph
	if r.shallow {
		return nil, &ShallowError{}
	}
	var bases []*store.Node
	if from != "" {
		bases = append(bases, g.Node(plumbing.NewHash(from)))
	}
	commits, err := g.Uncovered(ctx, g.Node(plumbing.NewHash(to)), bases, from == "")
	if err != nil {
		return nil, fmt.Errorf("list commits: %w", err)
	}
	scope := r.newScope(1)
	if err := scope.add(0, paths); err != nil {
		return nil, fmt.Errorf("list commits: %w", err)
	}
	var logged []Logged
	for step, n := range commits {
		if step%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if len(paths) > 0 {
			touched, err := scope.touched(ctx, n.Node)
			if err != nil {
				return nil, fmt.Errorf("list commits: %w", err)
			}
			if !touched.has(0) {
				continue
			}
		}
		if len(logged) == maxLogged {
			return nil, fmt.Errorf("there are more than %d commits since the version before; name a nearer one", maxLogged)
		}
		one, err := r.logged(n.Node)
		if err != nil {
			return nil, fmt.Errorf("list commits: %w", err)
		}
		logged = append(logged, one)
	}
	return logged, nil
}

// logged reads a commit again, for its words.
func (r *Repository) logged(n *store.Node) (Logged, error) {
	_, content, err := r.Objects().Read(n.Hash)
	if err != nil {
		return Logged{}, err
	}
	header, message, _ := bytes.Cut(content, []byte("\n\n"))
	one := Logged{
		Commit:  Commit{Hash: n.Hash.String(), Time: n.Date()},
		Message: shortened(message), Merge: len(n.Parents) > 1,
	}
	for line := range bytes.Lines(header) {
		if name, ok := bytes.CutPrefix(line, []byte("author ")); ok {
			name, _, _ = bytes.Cut(name, []byte(" <"))
			one.Author = string(name[:min(len(name), 200)])
			break
		}
	}
	return one, nil
}

// shortened leaves out the middle of a long message: the subject is at its beginning, footers are at its end.
func shortened(message []byte) string {
	if len(message) <= maxMessage {
		return string(message)
	}
	return string(message[:maxMessage/2]) + "\n" + string(message[len(message)-maxMessage/2:])
}

// Tagged finds the tag of a version; nil when there is none.
func (r *Repository) Tagged(prefix, version string) (*Tag, error) {
	found, err := r.versionTags(prefix)
	if err != nil {
		return nil, err
	}
	for _, c := range found.candidates {
		if c.version.String() == version {
			return found.tag(c)
		}
	}
	return nil, nil
}

// Before finds the highest version tag below a version that a commit reaches; nil when there is none. Prereleases count
// only before a prerelease: the changes since the last release are those of a release.
func (r *Repository) Before(ctx context.Context, prefix, version, commit string) (*Tag, error) {
	limit, err := semver.StrictNewVersion(version)
	if err != nil {
		return nil, fmt.Errorf("version %q: %w", text.Short(version), err)
	}
	if r.shallow {
		return nil, &ShallowError{Prefix: prefix}
	}
	found, err := r.versionTags(prefix)
	if err != nil {
		return nil, err
	}
	lower := slices.DeleteFunc(found.candidates, func(c candidate) bool {
		return !c.version.LessThan(limit) || limit.Prerelease() == "" && c.version.Prerelease() != ""
	})
	for batch := range slices.Chunk(lower, store.Batch) {
		var claims []store.Claim
		var asked []candidate
		for _, c := range batch {
			if ok, err := found.resolve(&c); err != nil {
				return nil, fmt.Errorf("read tags: %w", err)
			} else if ok {
				claims, asked = append(claims, store.Claim{Node: c.node}), append(asked, c)
			}
		}
		best, err := r.Graph.Highest(ctx, r.Graph.Node(plumbing.NewHash(commit)), claims)
		if err != nil {
			return nil, fmt.Errorf("find the version before: %w", err)
		}
		if i, ok := best[0]; ok {
			return found.tag(asked[i])
		}
	}
	return nil, nil
}

// versionsFound are the version tags of a prefix, highest first.
type versionsFound struct {
	*reader
	candidates []candidate
}

func (r *Repository) versionTags(prefix string) (*versionsFound, error) {
	_, hash, err := r.Refs.Head()
	if err != nil {
		return nil, err
	}
	rd := &reader{repository: r, head: r.Graph.Node(hash)}
	if err := r.Graph.Load(rd.head); err != nil {
		return nil, fmt.Errorf("read HEAD: %w", err)
	}
	if rd.tags, err = r.tags(); err != nil {
		return nil, err
	}
	candidates, err := rd.versions(Query{Prefix: prefix})
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	return &versionsFound{rd, candidates}, nil
}

func (f *versionsFound) tag(c candidate) (*Tag, error) {
	ok, err := f.resolve(&c)
	if err != nil || !ok {
		return nil, err
	}
	commit, err := f.repository.commit(c.node)
	if err != nil {
		return nil, fmt.Errorf("tag %s: %w", c.name, err)
	}
	return &Tag{Name: c.name, Version: c.version.String(), Commit: commit}, nil
}
