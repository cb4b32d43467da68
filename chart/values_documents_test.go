package chart

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// FuzzValuesDocuments holds the cut of values files against Helm's rule, line by line.
func FuzzValuesDocuments(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n", "---\na: 1\n---\nb: 2\n", "--- # c\na: 1\n---# d\nb: 2\n", "---#0\n", "a\n---\n---\n---\nb\n", "a: 1\n--- b: 2\n", "a: |\n  b\n\n---\n\n",
		"---\r\na: 1\r\n---\r\n", "\n---#0\na: 1\n", "%YAML 1.1\n---\na: 1\n", "a: 1\n---# \x7f\nb: 2\n", "------\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(checkValuesDocuments)
}

// TestValuesDocumentsFolder does the same with the YAML files of a folder.
func TestValuesDocumentsFolder(t *testing.T) {
	dir := os.Getenv("PINTLE_TEST_YAML")
	if dir == "" {
		t.Skip("PINTLE_TEST_YAML names no folder")
	}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(name) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(name)
		checkValuesDocuments(t, string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// glued is a second separator, right below another one, that Helm takes for text.
var glued = regexp.MustCompile(`(?m)^---.*\n---#`)

func checkValuesDocuments(t *testing.T, text string) {
	t.Helper()
	if !strings.HasSuffix(text, "\n") {
		text += "\n" // as ParseValues does
	}
	if glued.MatchString(text) {
		return
	}
	want, wantErr := helmDocuments([]byte(text))
	docs, err := valuesDocuments(text)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%q: %v, want %v", text, err, wantErr)
	}
	var got []string
	for _, doc := range docs {
		got = append(got, decoded(doc.Text)...)
	}
	if diff := cmp.Diff(want, got); err == nil && diff != "" {
		t.Errorf("%q (-want +got):\n%s", text, diff)
	}
}

// decoded is what a document decodes to, nothing for one that is empty.
func decoded(text string) []string {
	switch v, err := yaml.Decode(text); {
	case strings.TrimSpace(text) == "" || v == nil && err == nil:
		return nil
	case err != nil:
		return []string{"no YAML"}
	default:
		return []string{fmt.Sprintf("%#v", v)}
	}
}

// helmDocuments cuts as Helm does: the separator of the first document stays in it, and
// a line's carriage return goes (facts/helm-format.md 4.10).
func helmDocuments(data []byte) (docs []string, err error) {
	var doc []byte
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if rest, ok := bytes.CutPrefix(line, []byte("---")); ok {
			if rest = bytes.TrimSpace(rest); len(rest) > 0 && rest[0] != '#' {
				return nil, fmt.Errorf("invalid document separator %q: only a comment may follow ---", line)
			}
			if len(doc) > 0 {
				docs = append(docs, decoded(string(doc))...)
				doc = nil
				continue
			}
		}
		doc = append(append(doc, line...), '\n')
	}
	return append(docs, decoded(string(doc))...), nil
}
