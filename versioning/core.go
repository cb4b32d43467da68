package versioning

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// core decides X.Y.Z, and the prerelease of the base when the core is still the base's: after v1.5.0-rc.1 the coming
// version remains 1.5.0, and its builds follow rc.1.
//
// It is the largest of several candidates, each of which can only grow along the history: so versions never fall.
func (d *decision) core() (core, pre string) {
	line, inLine := d.Ref.line()
	if d.version.Class != ClassRelease && d.version.Class != ClassHotfix {
		inLine = false
	}
	v := d.bumped()
	if inLine && v.LessThan(line) {
		v = line
		d.explain("the branch is the line %d.%d: %s", line.Major(), line.Minor(), v)
	}
	v = d.pastReleases(v)
	limit := d.limitOf(v, inLine)
	for _, floor := range []struct{ version, why string }{{d.next.String(), "version.next"}, {d.ReleaseAs, "a Release-As footer"}} {
		if floor.version == "" {
			continue
		}
		least, err := semver.StrictNewVersion(floor.version)
		if err != nil {
			continue
		}
		least = coreVersion(least)
		if v.LessThan(least) && (limit == nil || least.LessThan(limit)) {
			v = least
			d.explain("%s asks for at least %s", floor.why, v)
		}
	}
	if d.base != nil && d.base.Prerelease() != "" && v.Equal(coreVersion(d.base)) {
		pre = d.base.Prerelease()
	}
	return v.String(), pre
}

// pastReleases lifts trunk, and what leads to it, over a release line that left it: what trunk brings comes after that
// line.
func (d *decision) pastReleases(v *semver.Version) *semver.Version {
	if d.Ahead == nil || !d.tracks() {
		return v
	}
	released, err := semver.StrictNewVersion(d.Ahead.Version)
	if err != nil {
		return v
	}
	least := semver.New(released.Major(), released.Minor()+1, 0, "", "")
	if !v.LessThan(least) {
		return v
	}
	d.explain("tag %s is on a line that left this branch: trunk goes past it, to %s", d.Ahead.Name, least)
	return least
}

// limitOf is what a release or hotfix line stays below; nil for other refs.
func (d *decision) limitOf(v *semver.Version, inLine bool) *semver.Version {
	if inLine {
		return d.Ref.limit()
	}
	if d.version.Class == ClassHotfix || d.version.Class == ClassRelease {
		return semver.New(v.Major(), v.Minor()+1, 0, "0", "")
	}
	return nil
}

// bumped is the base moved by the commits since, or the initial version.
func (d *decision) bumped() *semver.Version {
	if d.base == nil {
		d.explain("no %sX.Y.Z tag in its history: %s towards %s", d.Prefix, commits(d.Count), d.initial)
		if d.Unprefixed != "" {
			d.explain("tag %s looks like a version, but has not the prefix %q", shown(d.Unprefixed), d.Prefix)
		}
		return d.initial
	}
	where := ""
	if d.Scoped {
		where = " to its paths"
	}
	d.explain("base tag %s at %s, %s%s since%s", d.Base.Name, abbreviate(d.Base.Commit.Hash), commits(d.Count), where, d.asked())
	if d.base.Prerelease() != "" && (d.base.Patch() == 0 || d.version.Class == ClassRelease || d.version.Class == ClassHotfix) {
		v := coreVersion(d.base)
		if d.Merged && d.tracks() {
			v = semver.New(v.Major(), v.Minor()+1, 0, "", "")
			d.explain("the base is a prerelease of a line that was merged: trunk goes past it, to %s", v)
			return v
		}
		d.explain("the base is a prerelease: still towards %s", v)
		return v
	} // a prerelease of a patch belongs to a release line that was merged: trunk is past that line
	v := d.moved(d.bump())
	d.explain("towards %s", v)
	return v
}

// bump is the larger of the class's own bump and what commits ask for. A release or hotfix line only ever moves its
// patch.
func (d *decision) bump() Bump {
	if d.version.Class == ClassRelease || d.version.Class == ClassHotfix {
		d.explain("bump patch: all that a %s branch does", d.version.Class)
		return BumpPatch
	}
	if d.Bump < BumpMinor {
		d.explain("bump minor: the least that a %s does", d.version.Class)
		return BumpMinor
	}
	if d.Bump == BumpMinor {
		d.explain("bump minor: commit %s is a feature", abbreviate(d.BumpCommit))
		return BumpMinor
	}
	if d.base.Major() == 0 {
		d.explain("bump minor: commit %s is breaking, and 0.x makes no promise", abbreviate(d.BumpCommit))
		return BumpMinor
	}
	d.explain("bump major: commit %s is breaking", abbreviate(d.BumpCommit))
	return BumpMajor
}

func (d *decision) moved(bump Bump) *semver.Version {
	var v semver.Version
	switch bump {
	case BumpMajor:
		v = d.base.IncMajor()
	case BumpMinor:
		v = d.base.IncMinor()
	default:
		v = d.base.IncPatch()
	}
	return &v
}

// coreVersion is X.Y.Z without the prerelease.
func coreVersion(v *semver.Version) *semver.Version {
	return semver.New(v.Major(), v.Minor(), v.Patch(), "", "")
}

// asked counts the commits that ask for a bump, in parentheses; nothing when none does.
func (d *decision) asked() string {
	var parts []string
	for bump := BumpMajor; bump > BumpNone; bump-- {
		if n := d.ByBump[bump]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", bump, n))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func commits(n int) string {
	if n == 1 {
		return "1 commit"
	}
	return fmt.Sprintf("%d commits", n)
}
