package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Tags says which version tags an environment takes: one of the constants, or a pattern of the tag's whole name, as for
// branches. In the file it is true (ReleaseTags), false (NoTags), candidates, all, or the pattern.
type Tags string

// The words of Tags.
const (
	NoTags        Tags = ""
	ReleaseTags   Tags = "true"
	CandidateTags Tags = "candidates"
	AllTags       Tags = "all"
)

// String names what is taken, for a message: "release tags".
func (t Tags) String() string {
	switch t {
	case NoTags:
		return "no tags"
	case ReleaseTags:
		return "release tags"
	case CandidateTags:
		return "candidate tags"
	case AllTags:
		return "all tags"
	}
	return "tags " + string(t)
}

func (t Tags) isPattern() bool {
	return !slices.Contains([]Tags{NoTags, ReleaseTags, CandidateTags, AllTags}, t)
}

// overlaps reports whether there are tags that both words take. What patterns have in common is not looked for: a tag
// goes to the first in the file that takes it.
func (t Tags) overlaps(other Tags) bool {
	if t == NoTags || other == NoTags {
		return false
	}
	return t == other || t == AllTags && !other.isPattern() || other == AllTags && !t.isPattern()
}

// takes reports whether a tag of this version is taken.
func (t Tags) takes(tag string, version *semver.Version) bool {
	candidate := version.Prerelease() != ""
	switch t {
	case NoTags:
		return false
	case ReleaseTags:
		return !candidate
	case CandidateTags:
		return candidate
	case AllTags:
		return true
	}
	ok, err := MatchBranch(string(t), tag)
	return err == nil && ok
}

// tagVersion is the version in a tag that is what version.tag says, the prefix of some service and a strict version;
// else nil.
func (c *Config) tagVersion(tag string) *semver.Version {
	for _, prefix := range c.TagPrefixes() {
		text, ok := strings.CutPrefix(tag, prefix)
		if !ok {
			continue
		}
		if version, err := semver.StrictNewVersion(text); err == nil {
			return version
		}
	}
	return nil
}

// IsVersionTag reports whether a tag is what version.tag says; another, as "nightly", is no release and carries
// nothing.
func (c *Config) IsVersionTag(tag string) bool { return c.tagVersion(tag) != nil }

// TakesTag reports whether the tags of an environment take a version tag.
func (c *Config) TakesTag(environment, tag string) bool {
	e, version := c.Environments[environment], c.tagVersion(tag)
	return e != nil && version != nil && e.Tags.takes(tag, version)
}

// environmentOfTag is the environment that takes a version tag: the first in the file with a pattern for it, else the
// one with the word; "" where none does.
func (c *Config) environmentOfTag(tag string) string {
	for _, pattern := range []bool{true, false} {
		for _, name := range c.EnvironmentNames() {
			if c.Environments[name].Tags.isPattern() == pattern && c.TakesTag(name, tag) {
				return name
			}
		}
	}
	return ""
}

// tags checks the tags of an environment. owners are those of the environments before it, by name.
func (v *validator) tags(at string, t Tags, owners map[string]Tags) {
	if v.doubtful(at) {
		return
	}
	if t.isPattern() {
		v.tagPattern(at, string(t))
	}
	for _, name := range v.inOrder("environments", sortedKeys(owners)) {
		if other := owners[name]; t.overlaps(other) {
			v.bad(at, "a tag goes to one environment: keep one, write candidates for the one that takes prereleases, or deploy the other by name with branches: []",
				"%s belong to the environment %s already", shared(t, other), name)
			return
		}
	}
}

// shared names what two overlapping words have in common.
func shared(a, b Tags) Tags {
	if a == AllTags {
		return b
	}
	return a
}

// tagPattern checks a pattern, and that some version tag could match it.
func (v *validator) tagPattern(at, pattern string) {
	const hint = `write true (releases), candidates (prereleases), all, or a pattern of the whole tag`
	if err := checkGlob(pattern); err != nil {
		v.bad(at, hint+": "+v.sampleTag(), "the pattern %q %v", pattern, err)
		return
	}
	if prefixes := v.c.TagPrefixes(); len(prefixes) > 0 && !slices.ContainsFunc(prefixes, func(p string) bool { return mayMatch(pattern, p) }) {
		v.bad(at, hint+": "+v.sampleTag(), "no version tag is like %q: version.tag is %q", pattern, v.c.Version.Tag)
	}
}

// sampleTag is a pattern that version tags match.
func (v *validator) sampleTag() string {
	if prefixes := v.c.TagPrefixes(); len(prefixes) > 0 {
		return fmt.Sprintf("%q", prefixes[0]+"*")
	}
	return `"v*"`
}

// mayMatch reports whether a pattern could match a version behind the prefix, as far as its beginning and its slashes
// tell.
func mayMatch(pattern, prefix string) bool {
	if !strings.Contains(pattern, "**") && strings.Count(pattern, "/") != strings.Count(prefix, "/") {
		return false
	}
	lead := pattern
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		lead = pattern[:i]
	}
	rest, ok := strings.CutPrefix(lead, prefix)
	return ok && (rest == "" || rest[0] >= '0' && rest[0] <= '9') || !ok && lead != pattern && strings.HasPrefix(prefix, lead)
}
