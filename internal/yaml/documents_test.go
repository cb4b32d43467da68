package yaml

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var documentSeeds = []string{
	"", "a", "---\na\n---\nb\n", "---a\n--- b\n", "\n\n  a: 1\n---\n\n---\n  \nb", "a\n ---\nb", "------\na", "a\n---", "--- ---\n", "a\r\n---\r\nb\r\n",
	"---\t \n\tx", "\u00a0a\n---\n\u2003b", "---\n---\n---\na", "--- # c\na\n---# d\n#\n", "---\r\r\na\n", "---\r---\n", "a: |\n  b\n---\n  c\n", "---", "\n---", "--",
}

func TestDocuments(t *testing.T) {
	want := []Document{
		{Text: "a: 1\n", Line: 1},
		{Text: "# c\nb: 2\n", Line: 2, Separator: "--- # c"},
		{Text: "\nd: 3", Line: 6, Separator: "---"},
	}
	var got []Document
	for doc := range Documents("a: 1\n--- # c\nb: 2\n---\n---\r\n\nd: 3") {
		got = append(got, doc)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range Documents("a\n---\nb") {
		break // the rest is not read
	}
	for _, seed := range documentSeeds {
		checkDocuments(t, seed)
	}
}

// TestDocumentsFolder compares with the rules of templates and records on the files of
// a folder.
func TestDocumentsFolder(t *testing.T) {
	dir := os.Getenv("PINTLE_TEST_YAML")
	if dir == "" {
		t.Skip("PINTLE_TEST_YAML names no folder")
	}
	count := 0
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		count++
		checkDocuments(t, string(data))
		return err
	})
	t.Logf("%d files", count)
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzDocuments(f *testing.F) {
	for _, seed := range documentSeeds {
		f.Add(seed)
	}
	f.Fuzz(checkDocuments)
}

// checkDocuments compares with the rules that documents are cut by, as they are written
// down for what templates write and for the manifests of records, and the line numbers
// with the text. The rule of values files is held by chart.
func checkDocuments(t *testing.T, stream string) {
	t.Helper()
	lines := strings.Split(stream, "\n")
	var texts, bodies []string
	for doc := range Documents(stream) {
		texts = append(texts, doc.Text)
		first, _, _ := strings.Cut(doc.Text, "\n")
		if doc.Line < 1 || doc.Line > len(lines) || !strings.HasSuffix(lines[doc.Line-1], first) {
			t.Errorf("%q: document %q is said to begin on line %d", stream, doc.Text, doc.Line)
		}
	}
	if diff := cmp.Diff(recordDocuments(stream), texts); diff != "" {
		t.Errorf("%q as a record's manifest (-want +got):\n%s", stream, diff)
	}
	for doc := range Documents(strings.TrimLeftFunc(stream, unicode.IsSpace)) {
		bodies = append(bodies, strings.TrimLeftFunc(doc.Text, unicode.IsSpace))
	}
	if diff := cmp.Diff(templateDocuments(stream), bodies); diff != "" {
		t.Errorf("%q as what a template wrote (-want +got):\n%s", stream, diff)
	}
}

// recordDocuments is the rule of records, line by line.
func recordDocuments(text string) []string {
	var docs []string
	var doc strings.Builder
	flush := func() {
		if strings.TrimSpace(doc.String()) != "" {
			docs = append(docs, doc.String())
		}
		doc.Reset()
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "---"); ok {
			flush()
			line = strings.TrimLeft(rest, " \t\r\n")
		}
		doc.WriteString(line)
	}
	flush()
	return docs
}

var templateSeparator = regexp.MustCompile(`(?m)^---[ \t]*`)

// templateDocuments is Helm's rule of what templates write.
func templateDocuments(text string) []string {
	var docs []string
	for _, doc := range templateSeparator.Split(strings.TrimLeftFunc(text, unicode.IsSpace), -1) {
		if doc = strings.TrimLeftFunc(doc, unicode.IsSpace); doc != "" {
			docs = append(docs, doc)
		}
	}
	return docs
}
