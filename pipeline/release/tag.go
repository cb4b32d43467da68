// Package release makes what a release leaves in git: the tags, the section of a
// changelog, and the commit of what a bump has written. It refuses to publish and
// to deploy, which is the pipeline's, and to decide versions, which is
// versioning's.
package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/git"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// afterFailure is how long may be spent on finding out what a failed push left, also once the run is over.
const afterFailure = 30 * time.Second

// TagOptions say what is tagged and where it is pushed.
type TagOptions struct {
	Services []string // only these; all when empty
	Release  string   // versioning.ReleaseAuto and its kin, or a version
	Git      *git.Repository
	Remote   string // to push to; empty: do not push
	Branch   string // push HEAD to this branch too, by the same push
	Message  string // of the tags; {tag}, {version} and {service} are filled in
	Sign     bool
	DryRun   bool
}

// What became of a tag.
const (
	TagMade      = "made"
	TagPresent   = "present"   // it was there, at this commit
	TagUnchanged = "unchanged" // nothing changed since it
	TagPlanned   = "planned"   // by a dry run
)

// Tagged is what became of one version's tag.
type Tagged struct {
	Service, Version, Tag string
	Commit                string // full hash
	State                 string
	Explain               []string
}

// TagTakenError says that a tag is at another commit than the one to be tagged: another build was faster, or the
// version is used up.
type TagTakenError struct {
	Tag, Where, Theirs, Ours string
}

// Error is one line.
func (e *TagTakenError) Error() string {
	return fmt.Sprintf("tag %s is at %s %s already, and not at %s: another build has released that version; fetch the tags and run again",
		e.Tag, shortHash(e.Theirs), e.Where, shortHash(e.Ours))
}

func shortHash(hash string) string { return hash[:min(8, len(hash))] }

// SyncTags brings the version tags into the clone that the remote has and the clone lacks, and returns how many those
// are; with dryRun it brings none. A release must know every release. Error: a version tag that was moved.
func SyncTags(ctx context.Context, g *git.Repository, remote string, prefixes []string, dryRun bool) (int, error) {
	var patterns []string
	for _, p := range prefixes {
		patterns = append(patterns, p+"*")
	}
	theirs, err := g.RemoteTags(ctx, remote, patterns)
	if err != nil {
		return 0, fmt.Errorf("ask %s for its tags: %w", remote, err)
	}
	ours, err := g.LocalTags(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the tags: %w", err)
	}
	var missing []string
	for name, ref := range theirs {
		if !versionTag(name, prefixes) {
			continue
		}
		own, here := ours[name]
		switch {
		case !here:
			missing = append(missing, name)
		case own.Commit != ref.Commit:
			return 0, fmt.Errorf("tag %s is at %s here and at %s on %s: it was moved; run \"git fetch --force %s tag %[1]s\"",
				name, shortHash(own.Commit), shortHash(ref.Commit), remote, remote)
		}
	}
	if dryRun || len(missing) == 0 {
		return len(missing), nil
	}
	slices.Sort(missing)
	if err := g.FetchTags(ctx, remote, missing); err != nil {
		return 0, fmt.Errorf("fetch %d tags from %s: %w", len(missing), remote, err)
	}
	return len(missing), nil
}

func versionTag(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool {
		rest, ok := strings.CutPrefix(name, p)
		_, err := semver.StrictNewVersion(rest)
		return ok && err == nil
	})
}

// Tag tags HEAD with the next version of each chosen service, or of all, and pushes the tags: all or none. The remote
// takes a tag only where it has none of that name, so of two builds one wins; the other hears *TagTakenError, or that
// its tag is there when both tagged one commit. What was made here is removed again when it was not pushed.
func Tag(ctx context.Context, p *pipeline.Project, o TagOptions) ([]Tagged, error) {
	tags, err := decideTags(ctx, p, o)
	if err != nil {
		return nil, err
	}
	t := &tagging{TagOptions: o, tags: tags, made: map[string]string{}}
	if err := t.compare(ctx); err != nil {
		return nil, err
	}
	if o.DryRun {
		return t.tags, nil
	}
	if err := t.create(ctx); err != nil {
		return nil, errors.Join(err, t.removeMade(ctx))
	}
	if o.Remote == "" {
		return t.tags, nil
	}
	return t.tags, t.push(ctx)
}

// decideTags decides the version of each tag.
func decideTags(ctx context.Context, p *pipeline.Project, o TagOptions) ([]Tagged, error) {
	units, err := p.Versioned(o.Services)
	if err != nil {
		return nil, err
	}
	var queries []versioning.Query
	for _, u := range units {
		q, err := p.Query(u)
		if err != nil {
			return nil, err
		}
		q.Dirty = false // a tag names a commit, whatever lies around
		queries = append(queries, q)
	}
	facts, err := p.ReadHistory(ctx, queries, p.Rules())
	if err != nil {
		return nil, fmt.Errorf("read the git history: %w", err)
	}
	var tags []Tagged
	for i, u := range units {
		released, err := versioning.Release(facts[i], p.Rules(), o.Release)
		if err != nil {
			return nil, named(u, err)
		}
		state := TagPlanned
		switch {
		case released.Present:
			state = TagPresent
		case released.Unchanged:
			state = TagUnchanged
		}
		tags = append(tags, Tagged{u.Name, released.Number, released.Tag, released.Commit, state, released.Explain})
	}
	return tags, nil
}

func named(u config.Unit, err error) error {
	if u.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", u.Name, err)
}

// tagging is one Tag under way.
type tagging struct {
	TagOptions
	tags []Tagged
	made map[string]string // tags made here -> their objects
}

// compare looks whether the tags are there already, here or at the remote.
func (t *tagging) compare(ctx context.Context) error {
	var names []string
	for _, tag := range t.tags {
		names = append(names, tag.Tag)
	}
	remote := map[string]git.Ref{}
	if t.Remote != "" {
		var err error
		if remote, err = t.Git.RemoteTags(ctx, t.Remote, names); err != nil {
			return fmt.Errorf("ask %s for its tags: %w", t.Remote, err)
		}
	}
	for i, tag := range t.tags {
		if tag.State == TagUnchanged {
			continue
		}
		theirs, there := remote[tag.Tag]
		ours, here, err := t.Git.Local(ctx, tag.Tag)
		switch {
		case err != nil:
			return fmt.Errorf("read tag %s: %w", tag.Tag, err)
		case there && theirs.Commit != tag.Commit:
			return &TagTakenError{tag.Tag, "on " + t.Remote, theirs.Commit, tag.Commit}
		case here && ours.Commit != tag.Commit:
			return &TagTakenError{tag.Tag, "in this clone", ours.Commit, tag.Commit}
		case there || here && t.Remote == "":
			t.tags[i].State = TagPresent
		case t.tags[i].State == TagPresent:
			t.tags[i].State = TagPlanned // here and not at the remote: an earlier push failed
		}
		if there && !here && !t.DryRun {
			if err := t.Git.FetchTags(ctx, t.Remote, []string{tag.Tag}); err != nil {
				return fmt.Errorf("fetch tag %s: %w", tag.Tag, err)
			}
		}
	}
	return nil
}

// create makes the tags that are not here yet.
func (t *tagging) create(ctx context.Context) error {
	for i, tag := range t.tags {
		if tag.State != TagPlanned {
			continue
		}
		_, here, err := t.Git.Local(ctx, tag.Tag)
		if err == nil && !here {
			message := strings.NewReplacer("{tag}", tag.Tag, "{version}", tag.Version, "{service}", tag.Service).Replace(t.Message)
			t.made[tag.Tag], err = t.Git.Create(ctx, git.Tag{Name: tag.Tag, Commit: tag.Commit, Message: message, Sign: t.Sign})
		}
		if err != nil {
			delete(t.made, tag.Tag)
			return fmt.Errorf("make tag %s: %w", tag.Tag, err)
		}
		t.tags[i].State = TagMade
	}
	return nil
}

// push pushes the tags that were made, and the branch. Afterwards the remote is asked what is there: a push that seems
// to have failed may have arrived.
func (t *tagging) push(ctx context.Context) error {
	var names []string
	for _, tag := range t.tags {
		if tag.State == TagMade {
			names = append(names, tag.Tag)
		}
	}
	if len(names) == 0 && t.Branch == "" {
		return nil
	}
	failure := t.Git.Push(ctx, t.Remote, names, t.Branch)
	if failure == nil {
		return nil
	}
	failure = fmt.Errorf("push %s to %s: %w", strings.Join(slices.Concat(names, branchName(t.Branch)), ", "), t.Remote, failure)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterFailure)
	defer cancel()
	there, err := t.Git.RemoteTags(ctx, t.Remote, names)
	if err != nil {
		return errors.Join(failure, t.removeMade(ctx))
	}
	arrived := len(names) > 0
	for i, tag := range t.tags {
		theirs, ok := there[tag.Tag]
		switch {
		case tag.State != TagMade:
		case ok && theirs.Commit != tag.Commit:
			return errors.Join(&TagTakenError{tag.Tag, "on " + t.Remote, theirs.Commit, tag.Commit}, t.removeMade(ctx))
		case !ok:
			arrived = false
		case theirs.Object != t.made[tag.Tag]:
			t.tags[i].State = TagPresent // another build tagged the same commit
		}
	}
	if !arrived || t.Branch != "" {
		return errors.Join(failure, t.removeMade(ctx))
	}
	return t.adopt(ctx)
}

func branchName(branch string) []string {
	if branch == "" {
		return nil
	}
	return []string{"HEAD to " + branch}
}

// adopt takes the remote's tag objects over where another build made them.
func (t *tagging) adopt(ctx context.Context) error {
	for _, tag := range t.tags {
		object, made := t.made[tag.Tag]
		if tag.State != TagPresent || !made {
			continue
		}
		if err := t.Git.Remove(ctx, tag.Tag, object); err != nil {
			return fmt.Errorf("take over tag %s: %w", tag.Tag, err)
		}
		if err := t.Git.FetchTags(ctx, t.Remote, []string{tag.Tag}); err != nil {
			return fmt.Errorf("take over tag %s: %w", tag.Tag, err)
		}
	}
	return nil
}

// removeMade takes the tags out of the clone that this run made.
func (t *tagging) removeMade(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterFailure)
	defer cancel()
	var failed error
	for name, object := range t.made {
		if err := t.Git.Remove(ctx, name, object); err != nil {
			failed = errors.Join(failed, fmt.Errorf("remove tag %s again: %w", name, err))
		}
	}
	return failed
}
