package text

import (
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		hang  string
		want  string
	}{
		{"one two three", 0, "", "one two three"},
		{"one two three", 7, "", "one two\nthree"},
		{"  one two three\nfour\n", 9, "- ", "  one two\n  - three\nfour\n"},
		{"averylongword of ten", 6, "", "averylongword\nof ten"},
		{"a  b   c", 5, "", "a  b\nc"},
		{"\x1b[31mone\x1b[0m two", 7, "", "\x1b[31mone\x1b[0m two"},
		{"", 5, "", ""},
	} {
		if got := Wrap(c.text, c.width, c.hang); got != c.want {
			t.Errorf("Wrap(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// TestWrapKeepsWords holds that the words of a text stay the same at any width.
func TestWrapKeepsWords(t *testing.T) {
	const text = "take over fields that somebody else has set, as \"kubectl edit\" does: --on-conflict force (default: false)\n   and more"
	for width := 1; width < 120; width++ {
		got := Wrap(text, width, "  ")
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
			t.Fatalf("width %d: %q", width, got)
		}
		for line := range strings.Lines(got) {
			if line = strings.TrimSuffix(line, "\n"); Width(line) > width && len(strings.Fields(line)) > 1 {
				t.Fatalf("width %d: %q is too wide", width, line)
			}
		}
	}
}
