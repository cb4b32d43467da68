package stamp

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// GoesBack reports whether next, deployed over b, would take the unit back. Where a tag's version is deployed,
// everything lower does; where a build of a branch is, an older build of the same branch; and the lower pin of a
// third-party chart. Feature and change builds neither go back nor are gone back behind. What is not known, or no
// version, is never compared.
func (b Build) GoesBack(next Build) bool {
	switch {
	case b.Version == "" || next.Version == "" || b.passing() || next.passing():
		return false
	case b.Kind == Pin || next.Kind == Pin:
		return b.Kind == next.Kind && b.Chart == next.Chart && order(next.Version, b.Version) < 0
	case !counted(b.Version), b.Kind == Branch && next.Kind == Branch && b.Branch == next.Branch:
		return order(next.Version, b.Version) < 0
	}
	return false
}

// passing reports whether a build is one of work that is under way.
func (b Build) passing() bool { return b.Kind == Feature || b.Kind == Change }

// buildTail ends the version of every build between releases (facts/git-ci-canary.md 1.5).
var buildTail = lazyregexp.New(`^(.*)\.([0-9]{1,9})\.g[0-9a-f]{7,40}$`)

// counted reports whether a version is that of a build between releases, and no tag's.
func counted(version string) bool { return buildTail.MatchString(version) }

// order compares versions: two builds between releases by X.Y.Z, by the candidate that they follow, and by their count,
// for their labels may have been changed and a hash has no order; all others as SemVer does. What is no version equals
// everything.
func order(a, b string) int {
	va, errA := semver.StrictNewVersion(a)
	vb, errB := semver.StrictNewVersion(b)
	if errA != nil || errB != nil {
		return 0
	}
	ma, mb := buildTail.FindStringSubmatch(va.Prerelease()), buildTail.FindStringSubmatch(vb.Prerelease())
	if ma == nil || mb == nil {
		return va.Compare(vb)
	}
	return cmp.Or(core(va).Compare(core(vb)), followed(ma[1], mb[1]), number(ma[2])-number(mb[2]))
}

func core(v *semver.Version) *semver.Version {
	return semver.New(v.Major(), v.Minor(), v.Patch(), "", "")
}

// followed compares the candidates that builds follow, as "rc.1" of "rc.1.dev": the last identifier is the build's
// label. None is before the first.
func followed(a, b string) int {
	a, b = beforeLabel(a), beforeLabel(b)
	if a == "" || b == "" {
		return cmp.Compare(len(a), len(b))
	}
	va, errA := semver.StrictNewVersion("0.0.0-" + a)
	vb, errB := semver.StrictNewVersion("0.0.0-" + b)
	if errA != nil || errB != nil {
		return 0
	}
	return va.Compare(vb)
}

func beforeLabel(identifiers string) string {
	i := strings.LastIndexByte(identifiers, '.')
	return identifiers[:max(i, 0)]
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
