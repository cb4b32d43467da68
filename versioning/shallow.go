package versioning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"github.com/pintle-ci/pintle/git/store"
	"slices"
	"strings"
	"time"
)

// Fetch says how ReadWhole may ask the remote for what a clone lacks.
type Fetch struct {
	// CI tells that a CI job made the checkout: it may have left tags out, and its GIT_ASKPASS answers without a person.
	CI bool
	// Timeout bounds all fetches together; 5 minutes by default.
	Timeout time.Duration
	// Log is told what is fetched and why, a line each, before it is. May be nil.
	Log func(line string)
	// Warn is told what the remote could not be asked, or answers otherwise than the clone. May be nil.
	Warn func(line string)
}

// fetchRounds bounds how often ReadWhole fetches and reads anew.
const fetchRounds = 64

// ReadWhole answers queries as ReadAll does, and first fetches what the clone lacks and Next, by the rules, needs: the
// commits below a shallow clone's end, the trees that a partial clone left out, the tags that a CI job's checkout left
// out. It fetches into a folder of its own that Close removes: the clone, its branches, tags and settings stay as they
// are, and several may run at a time. The git binary fetches, with the repository's remote and credentials, and asks
// nobody anything.
//
// Errors: *FetchError when something is lacking and cannot be fetched, and ReadAll's. As for ReadAll, a shallow clone
// is no error when Next can do without its history.
func (r *Repository) ReadWhole(ctx context.Context, queries []Query, rules Rules, fetch Fetch) ([]Facts, error) {
	within, cancel := context.WithTimeout(ctx, cmp.Or(fetch.Timeout, fetchTimeout))
	defer cancel()
	var facts []Facts
	var err error
	for range fetchRounds {
		facts, err = r.ReadAll(ctx, queries)
		lack := r.lacks(queries, facts, err, rules, fetch)
		if lack == lacksNothing {
			return facts, err
		}
		d := &deepening{repository: r, queries: queries, fetch: fetch}
		failed := d.fill(within, lack, err)
		if failed != nil && lack == lacksLines && ctx.Err() == nil {
			r.alone = true
			fetch.warn("%v", fetchFailed(ctx, within, r, lack, failed))
		} else if failed != nil {
			return nil, fetchFailed(ctx, within, r, lack, failed)
		}
	}
	if err == nil {
		err = errors.New("fetch what the clone lacks: it never becomes whole")
	}
	return facts, err
}

// lacking is what a clone does not have.
type lacking int

const (
	lacksNothing lacking = iota
	lacksHistory         // commits, and perhaps tags
	lacksTags
	lacksTrees
	lacksLines // tags and trunks of other lines: a build can do without, and must say so
)

// lacks decides what to fetch, from what ReadAll answered.
func (r *Repository) lacks(queries []Query, facts []Facts, err error, rules Rules, fetch Fetch) lacking {
	var trees *MissingTreesError
	var object *store.MissingObjectError
	switch {
	case errors.As(err, &trees), errors.As(err, &object) && object.Partial:
		return lacksTrees
	case err != nil:
		return lacksNothing
	case r.doubtsTags(queries, facts, fetch):
		return lacksTags
	case r.shallow && slices.ContainsFunc(facts, func(f Facts) bool {
		_, err := Next(f, rules)
		return errors.Is(err, ErrShallow)
	}):
		return lacksHistory
	case r.doubtsLines(queries, fetch):
		return lacksLines
	}
	return lacksNothing
}

// doubtsTags reports whether the remote may have tags that matter and that the checkout did not bring: there is none at
// all, or not the one to be built, or those of other branches are wanted. A whole clone that a person made is taken at
// its word, with a warning where it has no tag at all, and so is one without a remote. A detached HEAD is a job's,
// whatever CI it is.
func (r *Repository) doubtsTags(queries []Query, facts []Facts, fetch Fetch) bool {
	name := r.Remote()
	if name == "" || r.side != nil && r.side.tagsKnown {
		return false
	}
	refspec := r.Setting("remote." + name + ".fetch")
	narrow := refspec != "" && !strings.HasPrefix(refspec, "+refs/heads/*:")
	partly := fetch.CI || narrow || r.Setting("remote."+name+".tagopt") == "--no-tags"
	if branch, _, err := r.Refs.Head(); !partly && (err != nil || branch != "") {
		r.warnTagless(name, fetch)
		return false
	}
	for i, f := range facts {
		tag := f.Ref.Tag
		unseen := tag != "" && strings.HasPrefix(tag, f.Prefix) && !slices.ContainsFunc(f.Tags, func(t Tag) bool { return t.Name == tag })
		none := f.Base == nil && len(f.Tags) == 0
		onTrunk := queries[i].TrackReleases && queries[i].Ref.Class(queries[i].Trunks) == ClassTrunk
		if partly && unseen || !r.shallow && (none || narrow && onTrunk) {
			return true
		}
	}
	return false
}

// doubtsLines reports whether the remote may have lines that a build goes past: release lines of a feature or change in
// a clone of few branches, and the trunk that a candidate may be of.
func (r *Repository) doubtsLines(queries []Query, fetch Fetch) bool {
	if r.shallow || r.alone || r.Remote() == "" || r.side != nil && r.side.heads != nil {
		return false
	}
	refspec := r.Setting("remote." + r.Remote() + ".fetch")
	narrow := refspec != "" && !strings.HasPrefix(refspec, "+refs/heads/*:")
	if r.doubtful && (fetch.CI || narrow) {
		return true
	}
	return narrow && slices.ContainsFunc(queries, func(q Query) bool {
		return q.TrackReleases && q.Ref.Class(q.Trunks) != ClassTrunk
	})
}

// warnTagless warns, once, of a clone that a person made and that has no tag at all.
func (r *Repository) warnTagless(remote string, fetch Fetch) {
	if r.tagless || r.shallow {
		return
	}
	if tags, err := r.Refs.Under("refs/tags/"); err != nil || len(tags) > 0 {
		return
	}
	r.tagless = true
	fetch.warn("this clone has no tags; where %s has some, run \"git fetch --tags\": versions are counted from them", shown(remote))
}

// fetchFailed says what is lacking, why it could not be fetched, and what to do.
func fetchFailed(ctx, within context.Context, r *Repository, lack lacking, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if within.Err() != nil {
		err = fmt.Errorf("no whole answer in time: %w", within.Err())
	}
	failed := &FetchError{Remote: r.Remote(), Err: err, shallow: lack == lacksHistory}
	whole := `clone whole: GIT_DEPTH: "0" in GitLab, no shallow clone and "Discover tags" in Jenkins, fetch-depth: 0 in GitHub`
	switch lack {
	case lacksHistory:
		failed.Lack, failed.Hint = ErrShallow.Error(), `run "git fetch --unshallow --tags", or `+whole
	case lacksTags:
		failed.Lack, failed.Hint = "the checkout may have left tags out", `run "git fetch --tags", or `+whole+`; "version.fetch: never" takes the clone as it is`
	case lacksLines:
		failed.Lack, failed.Hint = "release lines and trunks may be elsewhere than this clone has them", `versions do not go past those; "version.fetch: never" asks nothing`
	default:
		failed.Lack, failed.Hint = "the partial clone lacks trees", `run "git fetch --refetch --filter=blob:none", or clone without --filter=tree:0`
	}
	return failed
}
