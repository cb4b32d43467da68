package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var symptom = regexp.MustCompile("(?m)^\\| `([^`]+)`")

// TestSymptoms holds that the messages of docs/troubleshooting.md are such as the
// program prints.
func TestSymptoms(t *testing.T) {
	var code strings.Builder
	for _, file := range sources(t) {
		if !strings.HasSuffix(file, "_test.go") {
			code.WriteString(read(t, file))
		}
	}
	_, tables, _ := strings.Cut(read(t, filepath.Join(root, "docs/troubleshooting.md")), "## By symptom")
	found := symptom.FindAllStringSubmatch(tables, -1)
	for _, match := range found {
		if !strings.Contains(code.String(), match[1]) {
			t.Errorf("no message has %q", match[1])
		}
	}
	if len(found) < 15 {
		t.Errorf("%d messages found: the search finds too few", len(found))
	}
}
