package chart

import "github.com/pintle-ci/pintle/internal/lazyregexp"

// MaxReleaseName is how many characters the name of a release may have.
const MaxReleaseName = 53

var releaseName = lazyregexp.New(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// IsReleaseName reports whether a release can have the name: lower-case letters,
// digits, - and ., at most MaxReleaseName, a letter or a digit around each dot
// (facts/helm-format.md 4.1).
func IsReleaseName(name string) bool {
	return len(name) <= MaxReleaseName && releaseName.MatchString(name)
}
