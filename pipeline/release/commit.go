package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/git"
	"github.com/pintle-ci/pintle/pipeline"
)

// ErrStaged says that the index holds changes that are not bump's.
var ErrStaged = errors.New("changes are staged for another commit")

// CheckIndex refuses to begin a bump that is to be committed while other changes are staged, or the index is locked.
// Error: ErrStaged.
func CheckIndex(ctx context.Context, g *git.Repository) error {
	if err := g.Locked(ctx); err != nil {
		return fmt.Errorf("look at the index: %w", err)
	}
	staged, err := g.Staged(ctx)
	if err != nil {
		return fmt.Errorf("look at the index: %w", err)
	}
	if len(staged) > 0 {
		return fmt.Errorf("%w: %s; commit them, or run \"git restore --staged .\"", ErrStaged, shownNames(staged))
	}
	return nil
}

// shownNames quotes the first names of a list.
func shownNames(names []string) string {
	var shown []string
	for _, name := range names[:min(len(names), 3)] {
		shown = append(shown, strconv.Quote(name))
	}
	if n := len(names) - len(shown); n > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(shown, ", ")
}

// CommitBump commits what a bump wrote, now or in an earlier run, and nothing else: a file that differs from HEAD in
// more than that is refused. It returns the commit's hash, or "" when there is nothing to commit. template is the
// message, with {version} and {services}; of a release the services that have not changed are none.
func CommitBump(ctx context.Context, p *pipeline.Project, out pipeline.Outcome, g *git.Repository, template string,
	release bool,
) (string, error) {
	edits := p.Edits()
	var names []string
	for _, f := range out.Bumped {
		rel, err := p.Repository.Rel(p.Path(f.Name))
		if err != nil {
			return "", err
		}
		if slices.Contains(names, rel) || !edits.Has(rel) {
			continue
		}
		if _, err := p.Repository.File(rel); errors.Is(err, fs.ErrNotExist) {
			if string(f.Old) == string(f.New) {
				continue
			}
			return "", fmt.Errorf("commit the version: %q is in no commit yet: add it in one of its own first", rel)
		}
		names = append(names, rel)
	}
	changed, err := g.Modified(ctx, names)
	if err != nil {
		return "", fmt.Errorf("look for changed files: %w", err)
	}
	for _, name := range changed {
		committed, err := p.Repository.File(name)
		if err != nil || !edits.Only(name, committed) {
			return "", fmt.Errorf("commit the version: %q has other changes than the version too: commit or revert them first", name)
		}
	}
	if len(changed) == 0 {
		return "", nil
	}
	released := slices.DeleteFunc(slices.Clone(out.Versions), func(v pipeline.ServiceVersion) bool { return release && v.Version.Unchanged })
	hash, err := g.Commit(ctx, commitMessage(template, released, out.ProjectVersion), changed)
	if err != nil {
		return "", fmt.Errorf("commit the version: %w", err)
	}
	return hash, nil
}

// commitMessage fills a template in. With different versions {version} names each service.
func commitMessage(template string, versions []pipeline.ServiceVersion, project string) string {
	var names, each []string
	one := project
	same := true
	for _, v := range versions {
		names = append(names, v.Service)
		each = append(each, v.Service+" "+v.Version.Number)
		same = same && (one == "" || one == v.Version.Number)
		one = v.Version.Number
	}
	text := one
	if !same {
		text = strings.Join(each, ", ")
	}
	return strings.NewReplacer("{version}", text, "{services}", strings.Join(names, ", ")).Replace(template)
}
