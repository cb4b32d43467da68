// Package docs_test holds the documentation against what it speaks of.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

var (
	citation = regexp.MustCompile(`\b([a-z-]+\.md)((?:,? (?:and |to )?\d+(?:\.\d+)*)*)`)
	number   = regexp.MustCompile(`\d+(?:\.\d+)*`)
	fact     = regexp.MustCompile(`facts/([a-z-]+\.md)`)
	heading  = regexp.MustCompile(`(?m)^#+ (\d+(?:\.\d+)*)\.? `)
)

// TestCitations holds that the source of each rule that a comment names is there:
// the page of docs/engineering and its section.
func TestCitations(t *testing.T) {
	pages := readPages(t)
	cited := 0
	for _, file := range sources(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range citation.FindAllStringSubmatch(string(text), -1) {
			sections, ok := pages[found[1]]
			if !ok {
				continue // a page of another project, or a file that a test makes
			}
			for _, section := range number.FindAllString(found[2], -1) {
				cited++
				if !sections[section] {
					t.Errorf("%s cites %s %s, which has no such section", strings.TrimPrefix(file, root+"/"), found[1], section)
				}
			}
		}
		for _, found := range fact.FindAllStringSubmatch(string(text), -1) {
			if _, ok := pages[found[1]]; !ok {
				t.Errorf("%s cites %s, which is not in docs/engineering/facts", strings.TrimPrefix(file, root+"/"), found[0])
			}
		}
	}
	if cited < 50 {
		t.Errorf("%d citations found: the search finds too few", cited)
	}
}

// readPages are the numbered sections of each page of docs/engineering.
func readPages(t *testing.T) map[string]map[string]bool {
	t.Helper()
	pages := map[string]map[string]bool{}
	for _, pattern := range []string{"docs/engineering/*.md", "docs/engineering/facts/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sections := map[string]bool{}
			for _, found := range heading.FindAllStringSubmatch(string(text), -1) {
				sections[found[1]] = true
			}
			pages[filepath.Base(file)] = sections
		}
	}
	return pages
}

// sources are the Go files of the repository.
func sources(t *testing.T) []string {
	t.Helper()
	return tracked(t, ".go")
}

// tracked are the files of the repository whose names end like that, without tests' data and what was built.
func tracked(t *testing.T, suffix string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "bin" || d.Name() == "build" || d.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(path, suffix):
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
