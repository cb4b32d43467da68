package versioning

import (
	"bytes"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

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

// change is what a commit message says about the version (Conventional Commits 1.0.0, and release-please's Release-As).
type change struct {
	bump      Bump
	releaseAs string // strict SemVer, or empty
}

var footerPattern = lazyregexp.New(`(?m)^(?:(BREAKING[ -]CHANGE)|([Rr]elease-[Aa]s))(?:: | #)(.*)$`)

// readChange reads a commit message. Types other than feat, fix, perf and revert move nothing by themselves.
// BREAKING CHANGE must be upper case.
func readChange(message []byte) change {
	subject, rest, _ := bytes.Cut(message, []byte("\n"))
	found := change{bump: readSubject(subject)}
	if !bytes.Contains(rest, []byte("BREAKING")) && !bytes.Contains(rest, []byte("elease-")) {
		return found // spares the regexp most messages
	}
	for _, m := range footerPattern.FindAllStringSubmatch(string(rest), -1) {
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

// readSubject reads "type(scope)!: text", where the scope and "!" may be missing. It is no regular expression because
// all commits of a history pass through it.
func readSubject(subject []byte) Bump {
	at := 0
	for at < len(subject) && (subject[at]|0x20 >= 'a' && subject[at]|0x20 <= 'z') {
		at++
	}
	kind, rest := subject[:at], subject[at:]
	if len(kind) == 0 {
		return BumpNone
	}
	if bytes.HasPrefix(rest, []byte("(")) {
		end := bytes.IndexByte(rest, ')')
		if end < 0 || bytes.ContainsAny(rest[1:end], "(\r") {
			return BumpNone
		}
		rest = rest[end+1:]
	}
	rest, breaking := bytes.CutPrefix(rest, []byte("!"))
	switch {
	case !bytes.HasPrefix(rest, []byte(": ")):
		return BumpNone
	case breaking:
		return BumpMajor
	case bytes.EqualFold(kind, []byte("feat")):
		return BumpMinor
	case bytes.EqualFold(kind, []byte("fix")), bytes.EqualFold(kind, []byte("perf")), bytes.EqualFold(kind, []byte("revert")):
		return BumpPatch
	}
	return BumpNone
}
