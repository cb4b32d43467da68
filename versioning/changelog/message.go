package changelog

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/pintle-ci/pintle/versioning/commit"
)

// maxText bounds a description or a note, in characters.
const maxText = 300

// entryOf is what a changelog shows of a commit, and its section. The description is empty for a commit without words.
func entryOf(c Commit) (e Entry, title string) {
	m := commit.Read([]byte(c.Message))
	subject := clean(string(m.Subject))
	e = Entry{
		Hash: c.Hash, Type: string(bytes.ToLower(m.Type)), Scope: clean(string(m.Scope)), Breaking: m.Change == commit.Breaking,
		Description: cmp.Or(clean(string(m.Description)), subject), Author: c.Author,
	}
	for _, note := range m.Notes {
		if e.Note = clean(note); e.Note != "" {
			break
		}
	}
	return e, titleOf(m.Change, e.Type)
}

// titleOf is the section of a change. A revert moves the version as a fix does, and is told among the others.
func titleOf(change commit.Change, kind string) string {
	switch {
	case change == commit.Breaking:
		return Breaking
	case change == commit.Feature:
		return Features
	case change == commit.Fix && kind != "revert":
		return Fixes
	}
	return Other
}

// clean makes one line of visible characters: no control characters, and none that turn the direction of the text
// around.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029':
			return ' '
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0xfeff, r == 0x200b:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText]) + "..."
	}
	return s
}
