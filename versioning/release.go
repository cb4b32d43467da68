package versioning

import (
	"errors"
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/text"
)

// The kinds of releases that Release knows beside a version.
const (
	ReleaseAuto  = "auto" // what the builds of this branch lead to
	ReleasePatch = "patch"
	ReleaseMinor = "minor"
	ReleaseMajor = "major"
)

// ReleaseKinds are those kinds, for messages.
var ReleaseKinds = []string{ReleaseAuto, ReleasePatch, ReleaseMinor, ReleaseMajor}

// Released is the version that a tag at HEAD would have.
type Released struct {
	// Number is the version, and Tag its tag.
	Number, Tag string
	// Commit is the full hash of what is tagged: HEAD, or the commit of the tag that is there already.
	Commit string
	// Present: that tag is at HEAD already. Unchanged: nothing changed since that tag, so there is nothing to release.
	Present, Unchanged bool
	// Explain says how it came about, a line for each decision.
	Explain []string
}

// ErrNotReleased says that a branch or request is none that versions are released from.
var ErrNotReleased = errors.New("versions are released from trunk, release and hotfix branches")

// Release decides the version that a tag at HEAD gets: a kind, or the version itself. It is pure.
//
// auto is X.Y.Z of what Next gives to the branch's builds, so a release sorts above all of them. The other kinds move
// the base tag; from a prerelease, to its own X.Y.Z where that is such a step. A release at HEAD, or a service that did
// not change, stays. Errors: Next's, ErrNotReleased, a version that is no higher than the base or leaves the branch's
// line.
func Release(facts Facts, rules Rules, wanted string) (Released, error) {
	class := facts.Ref.Class(rules.Trunks)
	base, err := facts.base()
	if err != nil {
		return Released{}, err
	}
	if !slices.Contains(ReleaseKinds, wanted) {
		return releaseAs(facts, base, class, wanted)
	}
	if class == ClassFeature || class == ClassChange {
		return Released{}, fmt.Errorf("%s is a %s: %w; name a version instead of %q to release it all the same", facts.Ref, class, ErrNotReleased, wanted)
	}
	coming, err := Next(facts, rules)
	if err != nil {
		return Released{}, err
	}
	number, err := semver.StrictNewVersion(coming.Number)
	if err != nil {
		return Released{}, fmt.Errorf("version %s: %w", coming.Number, err)
	}
	if (coming.Exact || coming.Unchanged) && number.Prerelease() == "" {
		return Released{
			Number: coming.Number, Tag: coming.Tag, Commit: coming.Commit, Present: coming.Exact, Unchanged: coming.Unchanged, Explain: coming.Explain,
		}, nil
	}
	explain := coming.Explain
	least := coreVersion(number)
	v := least
	if wanted != ReleaseAuto {
		v = step(base, least, wanted)
		explain = append(explain, fmt.Sprintf("release %s: %s", wanted, v))
	} else {
		explain = append(explain, fmt.Sprintf("release %s", v))
	}
	if v.LessThan(least) {
		explain = append(explain, fmt.Sprintf("builds of this branch were %s-..., which sort above %s", least, v))
	}
	if err := inLine(facts, base, class, v); err != nil {
		return Released{}, err
	}
	return released(facts, v, explain)
}

// step moves the base by a kind. Without a base it is what the builds lead to, but a first major version is 1.0.0 at
// least.
func step(base, least *semver.Version, kind string) *semver.Version {
	if base == nil {
		if first := semver.New(1, 0, 0, "", ""); kind == ReleaseMajor && least.LessThan(first) {
			return first
		}
		return least
	}
	if core := coreVersion(base); base.Prerelease() != "" &&
		(kind == ReleasePatch || core.Patch() == 0 && (kind == ReleaseMinor || core.Minor() == 0)) {
		return core
	}
	var v semver.Version
	switch kind {
	case ReleaseMajor:
		v = base.IncMajor()
	case ReleaseMinor:
		v = base.IncMinor()
	default:
		v = base.IncPatch()
	}
	return &v
}

// releaseAs checks a version that was named.
func releaseAs(facts Facts, base *semver.Version, class Class, wanted string) (Released, error) {
	v, err := semver.StrictNewVersion(wanted)
	if err != nil {
		return Released{}, fmt.Errorf("%q is no release: write auto, patch, minor, major or a whole version, as 1.5.0 or 1.5.0-rc.1", text.Short(wanted))
	}
	for _, tag := range facts.Tags {
		if tag.Version == wanted {
			return Released{Number: wanted, Tag: tag.Name, Commit: tag.Commit.Hash, Present: true}, nil
		}
	}
	if facts.Shallow {
		return Released{}, &ShallowError{Prefix: facts.Prefix}
	}
	if class == ClassChange {
		return Released{}, fmt.Errorf("%s is a throw-away merge: %w", facts.Ref, ErrNotReleased)
	}
	if base != nil && !v.GreaterThan(base) {
		return Released{}, fmt.Errorf("version %s is not above %s, which this branch has released as %s", wanted, base, facts.Base.Name)
	}
	if err := inLine(facts, base, class, v); err != nil {
		return Released{}, err
	}
	return released(facts, v, []string{"release " + wanted + ", as asked"})
}

// inLine refuses what is not of the release or hotfix branch's line.
func inLine(facts Facts, base *semver.Version, class Class, v *semver.Version) error {
	if class != ClassRelease && class != ClassHotfix {
		return nil
	}
	line, ok := facts.Ref.line()
	switch {
	case ok && (v.Major() != line.Major() || v.Minor() != line.Minor()):
	case !ok && base != nil && !sameLine(v, base):
		line = base
	default:
		return nil
	}
	return fmt.Errorf("version %s is not of the line %d.%d, which %s is for", v, line.Major(), line.Minor(), facts.Ref)
}

func sameLine(a, b *semver.Version) bool { return a.Major() == b.Major() && a.Minor() == b.Minor() }

func released(facts Facts, v *semver.Version, explain []string) (Released, error) {
	if err := Check(v.String()); err != nil {
		return Released{}, err
	}
	return Released{Number: v.String(), Tag: facts.Prefix + v.String(), Commit: facts.Head.Hash, Explain: explain}, nil
}
