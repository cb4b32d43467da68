package versioning

import (
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Bump is how far a change moves a version.
type Bump int

// The bumps, smallest first.
const (
	BumpNone Bump = iota
	BumpPatch
	BumpMinor
	BumpMajor
)

func (b Bump) String() string {
	return [...]string{"none", "patch", "minor", "major"}[b]
}

// change is what a commit message says about the version (Conventional Commits 1.0.0, and release-please's Release-As).
type change struct {
	bump      Bump
	releaseAs string // strict SemVer, or empty
}

var (
	subjectPattern = lazyregexp.New(`^([A-Za-z]+)(\([^()\r\n]*\))?(!)?: `)
	footerPattern  = lazyregexp.New(`(?m)^(?:(BREAKING[ -]CHANGE)|([Rr]elease-[Aa]s))(?:: | #)(.*)$`)
)

// readChange reads a commit message. Types other than feat, fix, perf and revert move nothing by themselves.
// BREAKING CHANGE must be upper case.
func readChange(message []byte) change {
	subject, rest, _ := strings.Cut(string(message), "\n")
	var found change
	if m := subjectPattern.FindStringSubmatch(subject); m != nil {
		switch strings.ToLower(m[1]) {
		case "feat":
			found.bump = BumpMinor
		case "fix", "perf", "revert":
			found.bump = BumpPatch
		}
		if m[3] == "!" {
			found.bump = BumpMajor
		}
	}
	if !strings.Contains(rest, "BREAKING") && !strings.Contains(rest, "elease-") {
		return found // spares the regexp most messages
	}
	for _, m := range footerPattern.FindAllStringSubmatch(rest, -1) {
		switch {
		case m[1] != "":
			found.bump = BumpMajor
		case m[2] != "":
			as := strings.TrimPrefix(strings.TrimSpace(m[3]), "v")
			if v, err := semver.StrictNewVersion(as); err == nil && v.Metadata() == "" {
				found.releaseAs = as
			}
		}
	}
	return found
}
