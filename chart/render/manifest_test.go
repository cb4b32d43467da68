package render

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var separator = regexp.MustCompile(`(?m)^---[ \t]*`)

// checkSplit compares with the rule as it is written down, and the line numbers with the text.
func checkSplit(t *testing.T, text string) {
	t.Helper()
	var want []string
	for _, doc := range separator.Split(strings.TrimLeftFunc(text, unicode.IsSpace), -1) {
		if doc = strings.TrimLeftFunc(doc, unicode.IsSpace); doc != "" {
			want = append(want, doc)
		}
	}
	lines := strings.Split(text, "\n")
	var got []string
	for _, doc := range splitDocuments(text) {
		got = append(got, doc.text)
		first, _, _ := strings.Cut(doc.text, "\n")
		if doc.line < 1 || doc.line > len(lines) || !strings.HasSuffix(lines[doc.line-1], first) {
			t.Errorf("%q: document %q is said to begin on line %d", text, doc.text, doc.line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%q (-want +got):\n%s", text, diff)
	}
}

var splitSeeds = []string{
	"", "a", "---\na\n---\nb\n", "---a\n--- b\n", "\n\n  a: 1\n---\n\n---\n  \nb", "a\n ---\nb", "------\na", "a\n---", "--- ---\n", "a\r\n---\r\nb\r\n", "---\t \n\tx", "\u00a0a\n---\n\u2003b",
}

func TestSplitDocuments(t *testing.T) {
	for _, seed := range splitSeeds {
		checkSplit(t, seed)
	}
}

func FuzzSplitDocuments(f *testing.F) {
	for _, seed := range splitSeeds {
		f.Add(seed)
	}
	f.Fuzz(checkSplit)
}

func TestParseKubeVersion(t *testing.T) {
	for in, want := range map[string]kubeVersion{
		"1.29":            {"v1.29", "v1.29", "1", "29"},
		"v1.33.4-gke.100": {"v1.33.4-gke.100", "v1.33.4", "1", "33"},
		"v1.30.1+k3s1":    {"v1.30.1+k3s1", "v1.30.1", "1", "30"},
		"1.2.3.4":         {"v1.2.3.4", "v1.2.3.4", "1", "2"},
		"1.05":            {"v1.05", "v1.5", "1", "5"},
	} {
		if got, err := parseKubeVersion(in); err != nil || got != want {
			t.Errorf("parseKubeVersion(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, bad := range []string{"", "1", "v", "one", "01.2", "1.99999999999999999999"} {
		if got, err := parseKubeVersion(bad); err == nil {
			t.Errorf("parseKubeVersion(%q) = %+v, want an error", bad, got)
		}
	}
}
