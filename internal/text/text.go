// Package text makes text from outside fit to be shown: to a terminal, in the log of a CI server, in XML and HTML. It
// refuses to touch what is passed on byte for byte, such as manifests and JSON: the caller chooses.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// escapes are the ECMA-48 control sequences: CSI, OSC and other strings, and the two-character ones. A string that is
// never ended ends with its line.
var escapes = lazyregexp.New(`\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~])`)

// Clean makes s harmless for a terminal, XML 1.0 and HTML: valid UTF-8, no escape sequences, no control characters but
// newline and tab, nothing that turns the direction of text around. What a carriage return would have overwritten
// becomes a line of its own, and so does what follows a separator of lines.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	s = escapes.Compiled().ReplaceAllLiteralString(strings.ToValidUTF8(s, "\uFFFD"), "")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || turns(r):
			return -1
		case r == 0xFFFE || r == 0xFFFF: // not characters of XML 1.0
			return utf8.RuneError
		}
		return r
	}, s)
}

func isClean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// turns reports whether a character makes text after it run in another direction: an embedding, an override or an
// isolate (Unicode Standard Annex 9, 2.1 to 2.5).
func turns(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// Line is Clean for text that must stay on one line: white space becomes single spaces.
func Line(s string) string {
	s = Clean(s)
	if strings.ContainsAny(s, "\n\t") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return s
}

// EscapeJSON escapes in JSON what Clean and WithoutCommands would take from text. What JSON's own encoders leave as it
// is stands within strings only, so the document means the same.
func EscapeJSON(s string) string {
	if isClean(s) && !strings.Contains(s, "##") {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "##", `#\u0023`) {
		if r == 0x7f || r >= 0x80 && r < 0xa0 || turns(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Sentence begins with a capital and ends with a full stop.
func Sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
