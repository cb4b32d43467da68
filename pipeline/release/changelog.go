package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
	"github.com/pintle-ci/pintle/versioning/changelog"
)

// ChangelogOptions say between which versions the changes are wanted.
type ChangelogOptions struct {
	Services []string // only these; all when empty
	From     string   // a version; empty: the release before To
	To       string   // a version; empty: HEAD
	Release  string   // HEAD is about to get this version, by versioning.Release; empty: the one that a tag at HEAD gives it
}

// ErrNoSuchVersion says that a version that was named has no tag.
var ErrNoSuchVersion = errors.New("no such version")

// ErrNoSuchRange says that changes were asked for from a version to a lower one.
var ErrNoSuchRange = errors.New("no such range")

// Changelog collects the changes of each chosen service, or of all with one version for all. A service without a
// version at HEAD gets notes without one: unreleased changes.
func Changelog(ctx context.Context, p *pipeline.Project, o ChangelogOptions) ([]changelog.Notes, error) {
	units, err := p.Versioned(o.Services)
	if err != nil {
		return nil, err
	}
	c := &changes{Project: p, o: o, skip: releaseCommits(p.Config.Version.Commit)}
	var all []changelog.Notes
	for _, u := range units {
		notes, err := c.of(ctx, u)
		if err != nil {
			return nil, named(u, err)
		}
		all = append(all, notes)
	}
	return all, nil
}

// changes is one Changelog under way.
type changes struct {
	*pipeline.Project
	o    ChangelogOptions
	skip func(subject string) bool
}

// releaseCommits finds the commits that "bump --commit" makes, by the template of their messages: they say nothing that
// the version does not.
func releaseCommits(template string) func(subject string) bool {
	literal, _, _ := strings.Cut(template, "{")
	literal = strings.TrimSpace(literal)
	return func(subject string) bool {
		return strings.HasPrefix(subject, "chore(release):") || len(literal) > 5 && strings.HasPrefix(subject, literal)
	}
}

func (c *changes) of(ctx context.Context, u config.Unit) (changelog.Notes, error) {
	q, err := c.Query(u)
	if err != nil {
		return changelog.Notes{}, err
	}
	q.Dirty = false
	notes := changelog.Notes{Service: u.Name}
	to, below, err := c.end(ctx, q, &notes)
	if err != nil {
		return notes, err
	}
	previous, err := c.begin(ctx, q.Prefix, below, to.Hash)
	if err != nil {
		return notes, err
	}
	from := ""
	if o := c.o; previous != nil && o.From != "" && !semver.MustParse(previous.Version).LessThan(semver.MustParse(below)) {
		return notes, fmt.Errorf("%w: %s is not below %s", ErrNoSuchRange, o.From, cmp.Or(o.To, below))
	}
	if previous != nil {
		from, notes.Previous = previous.Commit.Hash, previous.Name
	}
	list, err := c.Repository.Log(ctx, from, to.Hash, q.Paths)
	if err != nil {
		return notes, err
	}
	commits := make([]changelog.Commit, len(list))
	for i, one := range list {
		commits[i] = changelog.Commit{Hash: one.Hash, Message: one.Message, Author: one.Author, Merge: one.Merge}
	}
	notes.Date, notes.Sections = to.Time, changelog.Sections(commits, c.skip)
	return notes, nil
}

// end finds the commit that the changes lead to, names its version, and tells the version that the one before is below.
func (c *changes) end(ctx context.Context, q versioning.Query, notes *changelog.Notes) (to versioning.Commit, below string, err error) {
	if c.o.To != "" {
		tag, err := c.tagged(q.Prefix, c.o.To)
		if err != nil {
			return to, "", err
		}
		notes.Version, notes.Tag = c.o.To, tag.Name
		return tag.Commit, c.o.To, nil
	}
	facts, err := c.ReadHistory(ctx, []versioning.Query{q}, c.Rules())
	if err != nil {
		return to, "", fmt.Errorf("read the git history: %w", err)
	}
	f := facts[0]
	switch {
	case c.o.Release != "":
		released, err := versioning.Release(f, c.Rules(), c.o.Release)
		if err != nil {
			return to, "", err
		}
		notes.Version = released.Number
		if released.Unchanged {
			notes.Tag, notes.Unchanged = released.Tag, true
			return f.Base.Commit, released.Number, nil
		}
		if released.Present {
			notes.Tag = released.Tag
		}
		return f.Head, released.Number, nil
	case len(f.Tags) > 0:
		tag := f.Tags[0]
		for _, t := range f.Tags {
			if t.Name == c.Ref.Tag { // of several at HEAD, the one that is built
				tag = t
			}
		}
		notes.Version, notes.Tag = tag.Version, tag.Name
		return f.Head, tag.Version, nil
	case f.Base != nil && f.Count > 0:
		base := semver.MustParse(f.Base.Version) // the reader takes nothing else for a version
		core := base.IncPatch()                  // drops a prerelease, else goes past the base
		return f.Head, core.String(), nil
	case f.Base != nil:
		core := semver.MustParse(f.Base.Version).IncMajor()
		return f.Head, core.String(), nil
	}
	return f.Head, "0.0.0", nil
}

// begin finds the tag that the changes begin after; nil for all of history.
func (c *changes) begin(ctx context.Context, prefix, below, commit string) (*versioning.Tag, error) {
	if c.o.From != "" {
		return c.tagged(prefix, c.o.From)
	}
	return c.Repository.Before(ctx, prefix, below, commit)
}

// tagged finds the tag of a version that was asked for.
func (c *changes) tagged(prefix, version string) (*versioning.Tag, error) {
	version = strings.TrimPrefix(version, prefix)
	tag, err := c.Repository.Tagged(prefix, version)
	if err == nil && tag == nil {
		return nil, fmt.Errorf("%w: there is no tag %s%s; see \"git tag --list '%[2]s*'\"", ErrNoSuchVersion, prefix, version)
	}
	return tag, err
}

// KeepChangelog puts the section of a version into the CHANGELOG.md of its service, or of the repository, and returns
// the file's name from the folder of pintle.yaml and whether it changed. Errors: changelog.ErrPresent, a link.
func KeepChangelog(p *pipeline.Project, service, version, section string) (name string, changed bool, err error) {
	name = path.Clean(p.Config.Changelog.File)
	if s := p.Config.Services[service]; s != nil {
		name = path.Join(s.Path, p.Config.Changelog.File)
	}
	file, err := p.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = nil, nil
	}
	if err != nil {
		return name, false, fmt.Errorf("read %s: %w", name, err)
	}
	edited, err := changelog.Insert(file, version, section)
	if err != nil {
		return name, false, fmt.Errorf("%s: %w", name, err)
	}
	if string(edited) == string(file) {
		return name, false, nil
	}
	if err := p.Config.Tree().WriteFile(p.Path(name), edited, 0o644); err != nil {
		return name, false, fmt.Errorf("write %w", err)
	}
	return name, true, nil
}

// ReadTemplate reads a template of a changelog from the tree in which it must be.
func ReadTemplate(tree files.Tree, file string) (string, error) {
	text, err := tree.ReadFile(file, changelog.MaxTemplate)
	if errors.Is(err, files.ErrTooLarge) {
		err = fmt.Errorf("%w: it may have %d bytes", files.ErrTooLarge, changelog.MaxTemplate)
	}
	if err != nil {
		return "", fmt.Errorf("read the template %s: %w", file, err)
	}
	return cmp.Or(string(text), " "), nil
}
