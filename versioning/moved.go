package versioning

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/git/store"
	"github.com/pintle-ci/pintle/internal/text"
)

// askTimeout bounds the question where tags are: a build that can do without an answer must not wait long for it.
const askTimeout = 15 * time.Second

// MovedTagError says that a tag is elsewhere at the remote: it was moved after the clone got it.
type MovedTagError struct {
	// Tag is its name; Here and There are the full hashes of the commits; Remote is who was asked.
	Tag, Here, There, Remote string
}

func (e *MovedTagError) Error() string {
	return fmt.Sprintf("tag %s is at %s here and at %s on %s: it was moved; run \"git fetch --force %[4]s tag %[1]s\" and check it out again",
		e.Tag, abbreviate(e.Here), abbreviate(e.There), text.Short(e.Remote))
}

// CheckTags asks the remote whether tags are where the clone has them (facts/git-ci-canary.md 1.5 rule 15): a workspace
// that lives on keeps tags that were moved, and a release must not be built of the old one. Nothing is asked outside of
// a CI job or without a remote; a remote that does not answer, or no longer has a tag, is a line to fetch.Warn. Error:
// *MovedTagError.
func (r *Repository) CheckTags(ctx context.Context, tags []Tag, fetch Fetch) error {
	if !fetch.CI || len(tags) == 0 || r.Remote() == "" {
		return nil
	}
	d := &deepening{repository: r, fetch: fetch}
	if err := d.ask(ctx); err != nil {
		fetch.warn("cannot check that tag %s was not moved: %v", tags[0].Name, err)
		return ctx.Err()
	}
	for _, tag := range tags {
		i := slices.IndexFunc(r.side.tags, func(one store.Ref) bool { return one.Name == "refs/tags/"+tag.Name })
		if i < 0 {
			fetch.warn("tag %s is here and not on %s: it was deleted there, or never pushed", tag.Name, r.side.git.remote)
		} else if there := r.side.tags[i].Peeled.String(); there != tag.Commit.Hash {
			return &MovedTagError{Tag: tag.Name, Here: tag.Commit.Hash, There: there, Remote: r.side.git.remote}
		}
	}
	return nil
}

func (f Fetch) warn(format string, args ...any) {
	if f.Warn != nil {
		f.Warn(fmt.Sprintf(format, args...))
	}
}

// ask gets the remote's tags, once.
func (d *deepening) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := d.open(ctx); err != nil || d.repository.side.tagsKnown {
		return err
	}
	return d.listTags(ctx)
}
