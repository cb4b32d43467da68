package versioning

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/internal/text"
)

// Errors of reading a repository and of deciding a version. Compare with errors.Is.
var (
	// ErrShallow: the answer needs history that a shallow clone does not have; see ShallowError.
	ErrShallow = errors.New("the clone is shallow")
	// ErrDetached: HEAD is detached and nothing says which branch is built.
	ErrDetached = errors.New("HEAD is detached and nothing says which branch is built")
	// ErrDirty: tracked files are modified where a release must come from a clean tree; see DirtyError.
	ErrDirty = errors.New("tracked files are modified")
)

// ShallowError says why a shallow clone has no version and how to deepen it. It is ErrShallow.
type ShallowError struct {
	// Prefix is the tag prefix that was asked for.
	Prefix string
}

// Commands are the commands that make the history whole, cheapest first (facts/git-ci-canary.md 1.3).
func (e *ShallowError) Commands() []string {
	return []string{
		"git fetch --unshallow --filter=tree:0 origin '+refs/tags/*:refs/tags/*'",
		"git fetch --unshallow --tags",
	}
}

func (e *ShallowError) Error() string {
	return fmt.Sprintf("%v: the commits since the last %sX.Y.Z tag cannot be counted; run \"git fetch --unshallow --tags\", "+
		"or clone whole: GIT_DEPTH: \"0\" in GitLab, no shallow clone and \"Discover tags\" in Jenkins, fetch-depth: 0 in GitHub",
		ErrShallow, e.Prefix)
}

// Is makes the error match ErrShallow.
func (e *ShallowError) Is(target error) bool { return target == ErrShallow }

// DirtyError names the modified files. It is ErrDirty.
type DirtyError struct {
	// Tag is the tag whose version was asked for.
	Tag string
	// Files are the modified tracked files, relative to the repository's root.
	Files []string
}

func (e *DirtyError) Error() string {
	return fmt.Sprintf("release %s: %v: %s; commit or revert them (git status)", e.Tag, ErrDirty, modified(e.Files))
}

// modified names the first few of the files.
func modified(files []string) string {
	shown := files[:min(3, len(files))]
	more := ""
	if n := len(files) - len(shown); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return quoteAll(shown) + more
}

// Is makes the error match ErrDirty.
func (e *DirtyError) Is(target error) bool { return target == ErrDirty }

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}

// MissingTreesError are the trees that a partial clone left out and that the paths of a version need.
type MissingTreesError struct {
	// Trees are their names.
	Trees []string
	// Depth is how many levels of trees are needed, from each of them on.
	Depth int
}

func (e *MissingTreesError) Error() string {
	return fmt.Sprintf("this partial clone lacks %d trees that tell which commits changed a service; "+
		"run \"git fetch --refetch --filter=blob:none\", or clone without --filter=tree:0", len(e.Trees))
}

// FetchError is what a clone lacks and could not be fetched.
type FetchError struct {
	// Lack says what is not here, Remote whom it was asked of, Hint what to do.
	Lack, Remote, Hint string
	// Err is why it could not be fetched, without secrets.
	Err error

	shallow bool
}

func (e *FetchError) Error() string {
	from := ""
	if e.Remote != "" {
		from = " from " + text.Short(e.Remote)
	}
	return fmt.Sprintf("%s, and cannot fetch%s: %v; %s", e.Lack, from, e.Err, e.Hint)
}

func (e *FetchError) Unwrap() error { return e.Err }

// Is makes the error match ErrShallow when history is lacking.
func (e *FetchError) Is(target error) bool { return target == ErrShallow && e.shallow }
