package text_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/text"
)

func TestClean(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain, with\ttab and\nnewline", "plain, with\ttab and\nnewline"},
		{"\x1b[1;31mred\x1b[0m", "red"},
		{"\x1b]8;;http://x\x07link\x1b]8;;\x1b\\", "link"},
		{"\x1b]0;never ended\nnext line", "\nnext line"},
		{"\x1b(B\x1bMx", "x"},
		{"a\x1b", "a"},
		{"10%\r100%\r\nend", "10%\n100%\nend"},
		{"bell\a, null\x00, delete\x7f, c1\u009b31m", "bell, null, delete, c131m"},
		{"bad \xff\xfe utf-8", "bad \uFFFD utf-8"},
		{"\uFFFE\uFFFF", "\uFFFD\uFFFD"},
		{"商城 سلة café", "商城 سلة café"},
		{"cart\u202egnp.exe \u2066x\u2069", "cartgnp.exe x"},
		{"a\u2028b\u2029c", "a\nb\nc"},
	}
	for _, tt := range tests {
		if got := text.Clean(tt.in); got != tt.want {
			t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestWithoutCommands(t *testing.T) {
	tests := []struct{ in, want string }{
		{"::error::x", ": :error::x"},
		{"  \t::add-mask::x\nrest\n\u00a0::group::", "  \t: :add-mask::x\nrest\n\u00a0: :group::"},
		{"a ::error::x", "a ::error::x"}, // not at the beginning: text such as C++
		{"x ##[add-matcher]f", "x ## [add-matcher]f"},
		{"##vso[task.setvariable variable=a]b ##teamcity[x]", "## vso[task.setvariable variable=a]b ## teamcity[x]"},
		{"## Heading\nplain", "## Heading\nplain"},
	}
	for _, tt := range tests {
		if got := text.WithoutCommands(tt.in); got != tt.want {
			t.Errorf("WithoutCommands(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestWriter splits what is written at every place: it comes out the same.
func TestWriter(t *testing.T) {
	const in = "\x1b[1;31mFAILED\x1b[0m \x1b[8mhidden\x1b[2K\n::error::\x1b[32mno\x1b[0m\r##[group]\nlast"
	const want = "\x1b[1;31mFAILED\x1b[0m hidden\n: :error::\x1b[32mno\x1b[0m\n## [group]\nlast"
	for at := range len(in) {
		var b strings.Builder
		w := text.NewWriter(&b)
		w.Colors = true
		for _, part := range []string{in[:at], in[at:]} {
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatalf("wrote %d of %d: %v", n, len(part), err)
			}
		}
		if err := w.Flush(); err != nil || b.String() != want {
			t.Fatalf("split at %d: %q, %v, want %q", at, b.String(), err, want)
		}
	}
}

func TestWriterTellsErrors(t *testing.T) {
	broken := errors.New("broken")
	w := text.NewWriter(writer(func([]byte) (int, error) { return 0, broken }))
	if _, err := w.Write([]byte("held back")); err != nil {
		t.Errorf("error before the line ends: %v", err)
	}
	if _, err := w.Write([]byte("\n")); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestEscapeJSON(t *testing.T) {
	in := []string{"plain 商城 \t\n\"", "x\u202ey\u009b\x7f", "##[add-matcher]x", "#", "####"}
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	escaped := text.EscapeJSON(string(data))
	var out []string
	if err := json.Unmarshal([]byte(escaped), &out); err != nil || !slices.Equal(in, out) {
		t.Errorf("%s: %q, %v", escaped, out, err)
	}
	if strings.ContainsAny(escaped, "\u202e\u009b\x7f") || strings.Contains(escaped, "##") {
		t.Errorf("left in %q", escaped)
	}
}
