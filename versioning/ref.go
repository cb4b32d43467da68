package versioning

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/git/store"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/text"
)

// Ref says what is built, as flags, the CI system or HEAD tell it. The zero Ref knows nothing: a detached HEAD.
// All fields but Origin come from outside and may hold anything that a branch may be called.
type Ref struct {
	// Branch is the branch. In a change request it is the CI system's name for the request ("PR-42").
	Branch string
	// Tag is the tag being built; it wins over everything else.
	Tag string
	// ChangeID is the number of a pull or merge request; it wins over Branch.
	ChangeID string
	// ChangeBranch and ChangeTarget are the request's two branches.
	ChangeBranch, ChangeTarget string
	// HeadSHA is the request's head commit where the CI system knows it.
	HeadSHA string
	// Origin is where this comes from, for explanations: "--branch", "jenkins", "HEAD".
	Origin string
}

// Class is the kind of a ref; it decides the shape of a version (facts/git-ci-canary.md 1.5).
type Class int

// The classes. Unknown is a detached HEAD without a hint.
const (
	ClassUnknown Class = iota
	ClassTag
	ClassChange
	ClassTrunk
	ClassRelease
	ClassHotfix
	ClassFeature
)

func (c Class) String() string {
	return [...]string{"unknown", "tag", "change request", "trunk", "release", "hotfix", "feature"}[c]
}

var (
	releasePattern = lazyregexp.New(`^releases?[/-]v?(\d{1,9}\.\d{1,9})(\.\d{1,9}|\.x)?(?:$|[^0-9.])`)
	hotfixPattern  = lazyregexp.New(`^hotfix(?:es)?[/-](?:v?(\d{1,9}\.\d{1,9})(\.\d{1,9}|\.x)?(?:$|[^0-9.]))?`)
)

// ResolveRef takes the first of the given that says anything: flags before the CI system, the CI system before HEAD.
// head is HEAD's branch, empty when detached. A result of class unknown is no error yet: a version tag at HEAD, or a
// service that did not change, needs no branch. Error: a name that git itself would refuse.
func ResolveRef(flags, ci Ref, head string) (Ref, error) {
	chosen := Ref{Origin: "HEAD", Branch: head}
	for _, ref := range []Ref{flags, ci} {
		if cmp.Or(ref.Tag, ref.ChangeID, ref.Branch) != "" {
			chosen = ref
			break
		}
	}
	for _, name := range []string{chosen.Tag, chosen.ChangeID, chosen.Branch, chosen.ChangeBranch, chosen.ChangeTarget} {
		if len(name) > 1024 || text.HasControl(name) || chosen.Origin != "HEAD" && name != "" && !RefName(name) {
			return Ref{}, fmt.Errorf("the ref name %q from %s is not a name that git allows", text.Short(name), chosen.Origin)
		}
	}
	chosen.Branch = strings.TrimPrefix(chosen.Branch, "refs/heads/")
	chosen.Tag = strings.TrimPrefix(chosen.Tag, "refs/tags/")
	if chosen.Branch == "HEAD" {
		chosen.Branch = ""
	}
	return chosen, nil
}

// RefName reports whether git takes a name for a branch or tag (git check-ref-format). One with a space at
// its end, as a script makes it, must not get the version of another branch.
func RefName(name string) bool {
	return store.SafeRef(name) && !strings.ContainsAny(name, " ~^:?*[\\") && !strings.Contains(name, "@{") && !strings.HasSuffix(name, ".")
}

// Class sorts the ref; trunks are the branches whose builds precede a release, DefaultTrunks when none are given.
func (r Ref) Class(trunks []string) Class {
	if len(trunks) == 0 {
		trunks = DefaultTrunks
	}
	switch {
	case r.Tag != "":
		return ClassTag
	case r.ChangeID != "":
		return ClassChange
	case r.Branch == "":
		return ClassUnknown
	case slices.Contains(trunks, r.Branch):
		return ClassTrunk
	case releasePattern.MatchString(r.Branch):
		return ClassRelease
	case hotfixPattern.MatchString(r.Branch):
		return ClassHotfix
	}
	return ClassFeature
}

// TracksReleases reports whether builds of the ref go past release lines: trunk's do, and those of features and
// changes, which have at least trunk's X.Y.Z, unless the change is for a release line.
func (r Ref) TracksReleases(trunks []string) bool {
	switch r.Class(trunks) {
	case ClassTrunk, ClassFeature:
		return true
	case ClassChange:
		target := Ref{Branch: r.ChangeTarget}.Class(trunks)
		return target != ClassRelease && target != ClassHotfix
	}
	return false
}

// DefaultTrunks are the trunk branches when the configuration names none.
var DefaultTrunks = []string{"main", "master", "develop"}

// line is the X.Y of a release or hotfix branch that names one, and the whole version where it names that.
func (r Ref) line() (core *semver.Version, ok bool) {
	if r.Tag != "" || r.ChangeID != "" {
		return nil, false
	}
	for _, pattern := range []lazyregexp.Regexp{releasePattern, hotfixPattern} {
		m := pattern.FindStringSubmatch(r.Branch)
		if m == nil || m[1] == "" {
			continue
		}
		core, err := semver.StrictNewVersion(m[1] + strings.Replace(cmp.Or(m[2], ".0"), ".x", ".0", 1))
		return core, err == nil
	}
	return nil, false
}

// limit is the version that the ref's line stays below: 1.6.0-0 for release/1.5. Nil means no limit.
func (r Ref) limit() *semver.Version {
	core, ok := r.line()
	if !ok {
		return nil
	}
	return semver.New(core.Major(), core.Minor()+1, 0, "0", "")
}

func (r Ref) String() string {
	from := ""
	if r.Origin != "" {
		from = " (from " + r.Origin + ")"
	}
	switch {
	case r.Tag != "":
		return "tag " + shown(r.Tag) + from
	case r.ChangeID != "":
		return "change request " + shown(r.ChangeID) + from
	case r.Branch != "":
		return "branch " + shown(r.Branch) + from
	}
	return "detached HEAD"
}

// shown quotes a name that would not show as what it is: with characters that turn the line around, or no UTF-8.
func shown(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) && r != zeroWidthJoiner }) {
		return strconv.Quote(name)
	}
	return name
}

// zeroWidthJoiner stands inside emoji and Indic words, and moves nothing.
const zeroWidthJoiner = '\u200d'

const (
	slugLimit = 20 // a name up to here stays whole
	slugStem  = 13 // what is kept of a longer one, before "-" and slugHash
	slugHash  = 6  // hex digits
)

var (
	slugOther  = lazyregexp.New(`[^0-9a-z]+`)
	slugHashed = lazyregexp.New(`-[0-9a-f]{6}$`)
	digitsOnly = lazyregexp.New(`^[0-9]+$`)
)

// Slug makes one SemVer identifier, at most limit characters long (7 at least, 20 at most), of a branch name. A name
// that had to change carries a hash of the whole, so two names never share a slug; a name that looks hashed is hashed
// too.
func Slug(name string, limit int) string {
	limit = min(max(limit, slugHash+1), slugLimit)
	slug := strings.Trim(slugOther.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if slug == name && len(slug) <= limit && slug != "" && !digitsOnly.MatchString(slug) && !slugHashed.MatchString(slug) {
		return slug
	}
	if slug == "" || digitsOnly.MatchString(slug) {
		slug = "b" + slug
	}
	stem := max(min(slugStem, limit-slugHash-1), 0)
	slug = strings.TrimRight(slug[:min(len(slug), stem)], "-")
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:slugHash]
	if slug == "" {
		return "b" + hash // never numeric, whatever the hash
	}
	return slug + "-" + hash
}
