// Package commit reads commit messages as Conventional Commits 1.0.0 has them, for the version and for its changelog
// alike: the type, the scope, what is breaking, what is reverted, and release-please's Release-As.
//
// It is pure. It refuses to correct what it reads: texts are as they were written, and may hold anything.
package commit

import (
	"bytes"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Change is what a commit changes for those who use the software.
type Change uint8

// The changes, smallest first.
const (
	None Change = iota
	Fix
	Feature
	Breaking
)

// Message is what a commit message says. Its slices are of the message: nothing is copied, as all commits of a history
// pass through here.
type Message struct {
	// Subject is the first line.
	Subject []byte
	// Type, Scope and Description are those of "type(scope)!: description"; all are empty for another subject.
	Type, Scope, Description []byte
	// Change is what the type and the footers say.
	Change Change
	// Notes are the texts of BREAKING CHANGE footers, with the lines that they go on in.
	Notes []string
	// ReleaseAs is the version that a footer asks for: strict SemVer without build metadata, or empty.
	ReleaseAs string
}

// footers are BREAKING CHANGE, which must be upper case, and Release-As, on a line of their own.
var footers = lazyregexp.New(`^(?:(BREAKING[ -]CHANGE)|([Rr]elease-[Aa]s))(?:: | #)(.*)$`)

// anyFooter is the beginning of one.
var anyFooter = lazyregexp.New(`^(?:[A-Za-z][A-Za-z-]*|BREAKING CHANGE)(?:: | #)`)

// Read reads a commit message.
func Read(message []byte) Message {
	subject, rest, _ := bytes.Cut(message, []byte("\n"))
	m := Message{Subject: subject}
	m.readSubject()
	if bytes.Contains(rest, []byte("BREAKING")) || bytes.Contains(rest, []byte("elease-")) {
		m.readFooters(string(rest)) // spares the regexp most messages
	}
	return m
}

// readSubject reads "type(scope)!: description", where the scope and "!" may be missing.
func (m *Message) readSubject() {
	at := 0
	for at < len(m.Subject) && (m.Subject[at]|0x20 >= 'a' && m.Subject[at]|0x20 <= 'z') {
		at++
	}
	kind, rest := m.Subject[:at], m.Subject[at:]
	if len(kind) == 0 {
		return
	}
	var scope []byte
	if bytes.HasPrefix(rest, []byte("(")) {
		end := bytes.IndexByte(rest, ')')
		if end < 0 || bytes.ContainsAny(rest[1:end], "(\r") {
			return
		}
		scope, rest = rest[1:end], rest[end+1:]
	}
	rest, breaking := bytes.CutPrefix(rest, []byte("!"))
	description, found := bytes.CutPrefix(rest, []byte(": "))
	if !found {
		return
	}
	m.Type, m.Scope, m.Description = kind, scope, description
	m.Change = changeOf(kind)
	if breaking {
		m.Change = Breaking
	}
}

// changeOf is what a type says by itself: types other than these change nothing for users.
func changeOf(kind []byte) Change {
	switch {
	case bytes.EqualFold(kind, []byte("feat")):
		return Feature
	case bytes.EqualFold(kind, []byte("fix")), bytes.EqualFold(kind, []byte("perf")), bytes.EqualFold(kind, []byte("revert")):
		return Fix
	}
	return None
}

// readFooters reads the lines behind the subject.
func (m *Message) readFooters(rest string) {
	lines := strings.Split(rest, "\n")
	for i, line := range lines {
		found := footers.FindStringSubmatch(strings.TrimRight(line, "\r"))
		switch {
		case found == nil:
		case found[1] != "":
			m.Change = Breaking
			m.Notes = append(m.Notes, strings.Join(append([]string{found[3]}, paragraph(lines[i+1:])...), "\n"))
		default:
			as := strings.TrimPrefix(strings.TrimSpace(found[3]), "v")
			if v, err := semver.StrictNewVersion(as); err == nil && v.Metadata() == "" {
				m.ReleaseAs = as
			}
		}
	}
}

// paragraph is what goes on below a footer's first line.
func paragraph(lines []string) []string {
	for i, line := range lines {
		if strings.TrimSpace(line) == "" || anyFooter.MatchString(line) {
			return lines[:i]
		}
	}
	return lines
}
