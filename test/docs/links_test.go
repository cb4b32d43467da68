package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	// A file in a package; one in capitals stands for others: step_NAME.go.
	sourcePath = regexp.MustCompile("`([a-z0-9]+/[a-z0-9_/]+\\.go)`")
	pagePath   = regexp.MustCompile(`\bdocs/[a-z0-9/-]+\.md\b`)
	title      = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notSlug    = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinks holds that a link of a page leads to a file and a heading that are
// there.
func TestLinks(t *testing.T) {
	for _, page := range markdown(t) {
		for _, found := range link.FindAllStringSubmatch(prose(read(t, page)), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name(page), found[1])
				continue
			}
			if anchor != "" && !anchors(read(t, file))[anchor] {
				t.Errorf("%s: the link %s leads to no heading", name(page), found[1])
			}
		}
	}
}

// TestPagePaths holds that a page that code, a message or a page names by its
// path is there.
func TestPagePaths(t *testing.T) {
	files := append(sources(t), markdown(t)...)
	for _, more := range []string{"Makefile", ".golangci.yml", "docs/pintle.1", "pipeline/config/schema.json"} {
		files = append(files, filepath.Join(root, more))
	}
	named := 0
	for _, file := range files {
		if strings.Contains(file, "/facts/") {
			continue // what other projects call their pages
		}
		for _, path := range pagePath.FindAllString(read(t, file), -1) {
			named++
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s names %s, which is not there", name(file), path)
			}
		}
	}
	if named < 30 {
		t.Errorf("%d paths found: the search finds too few", named)
	}
}

// TestSourcePaths holds that a source file that a page names is there.
func TestSourcePaths(t *testing.T) {
	for _, page := range markdown(t) {
		if strings.Contains(page, "/facts/") || strings.HasSuffix(page, "CHANGELOG.md") {
			continue // other projects' files; what was there once
		}
		for _, found := range sourcePath.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join(root, found[1])); err != nil {
				t.Errorf("%s names %s, which is not there", name(page), found[1])
			}
		}
	}
}

// markdown are the pages of the repository.
func markdown(t *testing.T) []string {
	t.Helper()
	return tracked(t, ".md")
}

// anchors are the names that GitHub and GitLab give the headings of a page.
func anchors(page string) map[string]bool {
	names := map[string]bool{}
	for _, found := range title.FindAllStringSubmatch(page, -1) {
		slug := notSlug.ReplaceAllString(strings.ToLower(strings.TrimSpace(found[1])), "")
		names[strings.ReplaceAll(slug, " ", "-")] = true
	}
	return names
}

// prose is a page without its blocks of code and its code in lines.
func prose(page string) string {
	page = fenced.ReplaceAllString(page, "")
	return inlineCode.ReplaceAllString(page, "`code`")
}

var (
	fenced     = regexp.MustCompile("(?ms)^```.*?^```$")
	inlineCode = regexp.MustCompile("`[^`\n]+`")
)

// name is a file's path from the repository's root.
func name(file string) string {
	return filepath.ToSlash(strings.TrimPrefix(file, root+string(filepath.Separator)))
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
