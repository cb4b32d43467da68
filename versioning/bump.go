package versioning

import "github.com/pintle-ci/pintle/versioning/commit"

// Bump is how far a change moves a version.
type Bump int8

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

// bumps are what changes ask for.
var bumps = [...]Bump{commit.None: BumpNone, commit.Fix: BumpPatch, commit.Feature: BumpMinor, commit.Breaking: BumpMajor}
