package text

import (
	"strings"
	"unicode/utf8"
)

// Wrap breaks lines that are wider than width at spaces, never in a word. A line
// that goes on begins with the space before the first one, and hang. A width of
// 0 or less leaves the text as it is.
func Wrap(s string, width int, hang string) string {
	if width <= 0 {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		body, ended := strings.CutSuffix(line, "\n")
		wrapLine(&b, body, width, hang)
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func wrapLine(b *strings.Builder, line string, width int, hang string) {
	if Width(line) <= width {
		b.WriteString(line)
		return
	}
	body := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(body)]
	used, begun := 0, false
	for body != "" {
		gap := body[:len(body)-len(strings.TrimLeft(body, " "))]
		word, _, _ := strings.Cut(body[len(gap):], " ")
		body = body[len(gap)+len(word):]
		switch {
		case !begun:
			b.WriteString(indent + word)
			used, begun = Width(indent)+Width(word), true
		case word == "":
		case used+len(gap)+Width(word) > width:
			b.WriteString("\n" + indent + hang + word)
			used = Width(indent) + Width(hang) + Width(word)
		default:
			b.WriteString(gap + word)
			used += len(gap) + Width(word)
		}
	}
}

// Width is how many cells a line takes: a sequence that colours it takes none.
func Width(line string) int {
	if !strings.Contains(line, "\x1b") {
		return utf8.RuneCountInString(line)
	}
	n, inside := 0, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			inside = true
		case inside:
			inside = r != 'm'
		default:
			n++
		}
	}
	return n
}
