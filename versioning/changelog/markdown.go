package changelog

import (
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// shortHash is how many digits of a hash are shown: as many as a version carries.
const shortHash = 8

// special finds what is no plain text to a reader of Markdown: references to requests, mentions, and characters of
// markup.
var special = lazyregexp.New(`(\()?([#!])([0-9]{1,9})\b(\))?|@[A-Za-z0-9][\w./-]*|[\\` + "`" + `*_{}\[\]<>&|~#!+=-]|[0-9]+[.)]`)

// Escape makes Markdown of a text that shows as that text: no markup, no HTML, no mention; references become links
// where f is known.
func (f Forge) Escape(s string) string {
	var out strings.Builder
	at := 0
	for _, m := range special.Compiled().FindAllStringSubmatchIndex(s, -1) {
		if m[0] < at {
			continue
		}
		out.WriteString(s[at:m[0]])
		out.WriteString(f.token(s, m))
		at = m[1]
	}
	out.WriteString(s[at:])
	return out.String()
}

// token is the Markdown of one match of special.
func (f Forge) token(s string, m []int) string {
	text := s[m[0]:m[1]]
	startsWord := m[0] == 0 || !wordByte(s[m[0]-1])
	switch {
	case m[4] >= 0: // a reference
		sign, number := s[m[4]:m[5]], s[m[6]:m[7]]
		inBrackets := m[2] >= 0 && m[8] >= 0
		link := ""
		if m[4] == 0 || !wordByte(s[m[4]-1]) && s[m[4]-1] != '/' {
			link = f.reference(sign, number, inBrackets && m[1] == len(s))
		}
		shown := sign + number
		if link != "" {
			shown = "[" + sign + number + "](" + link + ")"
		} else if m[0] == 0 {
			shown = `\` + shown
		}
		return s[m[0]:m[4]] + shown + s[m[7]:m[1]]
	case text[0] == '@':
		if startsWord {
			return "`" + strings.TrimRight(text, ".") + "`" + text[len(strings.TrimRight(text, ".")):]
		}
		return text
	case text == "<":
		return "&lt;"
	case text == ">":
		return "&gt;"
	case text == "&":
		return "&amp;"
	case text == "_" && !startsWord && m[1] < len(s) && wordByte(s[m[1]]):
		return text // within a word it is no markup
	case strings.Contains("#!+=-", text):
		if m[0] == 0 {
			return `\` + text // markup only at the beginning
		}
		return text
	case text[0] >= '0' && text[0] <= '9':
		if m[0] == 0 {
			return text[:len(text)-1] + `\` + text[len(text)-1:]
		}
		return text
	}
	return `\` + text
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// Markdown is the section of a version: a heading of the second level, then the sections. Every line ends in "\n".
func (n Notes) Markdown(f Forge) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n", n.heading(f))
	if len(n.Sections) == 0 {
		b.WriteString("\nNo changes.\n")
	}
	for _, s := range n.Sections {
		fmt.Fprintf(&b, "\n### %s\n\n", s.Title)
		for _, e := range s.Entries {
			b.WriteString(e.line(f))
		}
		if s.More > 0 {
			fmt.Fprintf(&b, "- and %d more\n", s.More)
		}
	}
	return b.String()
}

func (n Notes) heading(f Forge) string {
	name := n.Version
	if name == "" {
		name = "Unreleased"
	}
	if link := f.Compare(n.Previous, n.Tag); link != "" {
		name = "[" + name + "](" + link + ")"
	}
	if n.Service != "" {
		name = n.Service + " " + name
	}
	if n.Version != "" && !n.Date.IsZero() {
		name += " (" + n.Date.UTC().Format("2006-01-02") + ")"
	}
	return name
}

func (e Entry) line(f Forge) string {
	var b strings.Builder
	b.WriteString("- ")
	if e.Scope != "" {
		b.WriteString("**" + Forge{}.Escape(e.Scope) + ":** ")
	}
	b.WriteString(f.Escape(e.Description))
	hash := e.Hash[:min(shortHash, len(e.Hash))]
	if link := f.Commit(e.Hash); link != "" {
		hash = "[" + hash + "](" + link + ")"
	}
	if hash != "" {
		b.WriteString(" (" + hash + ")")
	}
	b.WriteString("\n")
	if e.Note != "" && e.Note != e.Description {
		b.WriteString("  - " + f.Escape(e.Note) + "\n")
	}
	return b.String()
}
