package changelog

import (
	"cmp"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// maxText bounds a description or a note, in characters.
const maxText = 300

// message is a commit message, read as Conventional Commits 1.0.0 has it.
type message struct {
	subject                        string
	kind, scope, description, note string
	breaking                       bool
}

var (
	// header is matched with the subject as it is: versioning reads it so, and a version and its changelog must agree.
	header = lazyregexp.New(`^([A-Za-z]+)(?:\(([^()\r\n]*)\))?(!)?: (.*)$`)
	// breakingFooter is a line that begins a footer about a breaking change; it must be upper case.
	breakingFooter = lazyregexp.New(`^BREAKING[ -]CHANGE(?:: | #)(.*)$`)
	anyFooter      = lazyregexp.New(`^[A-Za-z][A-Za-z-]*(?:: | #)`)
	// revertLine is what git revert writes; hashes of merges are followed by more text.
	revertLine   = lazyregexp.New(`^This reverts commit ([0-9a-f]{7,40})\b`)
	revertFooter = lazyregexp.New(`^Refs(?:: | #)([0-9a-f]{7,40}(?:,\s*[0-9a-f]{7,40})*)\s*$`)
)

// parseMessage reads a message.
func parseMessage(text string) message {
	subject, rest, _ := strings.Cut(text, "\n")
	m := message{subject: clean(subject)}
	m.description = m.subject
	if found := header.FindStringSubmatch(subject); found != nil {
		m.kind, m.scope, m.breaking = strings.ToLower(found[1]), clean(found[2]), found[3] == "!"
		m.description = cmp.Or(clean(found[4]), m.subject)
	}
	lines := strings.Split(rest, "\n")
	for i, line := range lines {
		found := breakingFooter.FindStringSubmatch(strings.TrimRight(line, "\r"))
		if found == nil {
			continue
		}
		m.breaking = true
		if m.note == "" {
			m.note = clean(strings.Join(append([]string{found[1]}, paragraph(lines[i+1:])...), " "))
		}
	}
	return m
}

// paragraph is what goes on below a footer's first line.
func paragraph(lines []string) []string {
	for i, line := range lines {
		if strings.TrimSpace(line) == "" || anyFooter.MatchString(line) || breakingFooter.MatchString(line) {
			return lines[:i]
		}
	}
	return lines
}

// reverted are the beginnings of the hashes that a message says it reverts.
func reverted(text string) []string {
	subject, rest, _ := strings.Cut(text, "\n")
	conventional := strings.HasPrefix(strings.ToLower(subject), "revert:") || strings.HasPrefix(strings.ToLower(subject), "revert(")
	if !conventional && !strings.HasPrefix(subject, `Revert "`) && !strings.HasPrefix(subject, `Reapply "`) {
		return nil
	}
	var hashes []string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if m := revertLine.FindStringSubmatch(line); m != nil {
			hashes = append(hashes, m[1])
		}
		if m := revertFooter.FindStringSubmatch(line); m != nil && conventional {
			for hash := range strings.SplitSeq(m[1], ",") {
				hashes = append(hashes, strings.TrimSpace(hash))
			}
		}
		if len(hashes) > 100 {
			break
		}
	}
	return hashes
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
