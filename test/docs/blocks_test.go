package docs_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// block is a fenced block of a page. What stands in an HTML comment above it
// tells how it is tested:
//
//	<!-- not run: REASON -->   nothing runs it
//	<!-- exit code N -->       its last command ends so
//	<!-- before: SHELL -->     runs first; the reader does not see it
type block struct {
	page   string
	line   int
	lang   string
	text   string
	notRun string
	before string
	exit   int
	output string // the text block that follows it directly: what it prints
}

// at is the block's place, for a message.
func (b block) at() string { return name(b.page) + ":" + strconv.Itoa(b.line) }

var (
	notRun  = regexp.MustCompile(`(?s)<!-- not run: (.+?) -->\n*$`)
	ends    = regexp.MustCompile(`<!-- exit code (\d+) -->\n*$`)
	before  = regexp.MustCompile(`(?s)<!-- before:\s(.+?)-->`)
	runsIn  = regexp.MustCompile(`(?m)^<!-- runs in: ([a-z]+) -->$`)
	opening = regexp.MustCompile("^```([a-z]*)$")
)

// blocks are the fenced blocks of a page in order.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	var all []block
	var between strings.Builder
	var open *block
	for i, line := range strings.Split(read(t, page), "\n") {
		switch {
		case open == nil && opening.MatchString(line):
			open = &block{page: page, line: i + 1, lang: opening.FindStringSubmatch(line)[1]}
			open.mark(between.String())
		case open == nil:
			between.WriteString(line + "\n")
		case line == "```":
			if last := len(all) - 1; open.lang == "text" && last >= 0 && all[last].lang == "sh" && len(strings.TrimSpace(between.String())) == 0 {
				all[last].output = open.text
			}
			all = append(all, *open)
			open = nil
			between.Reset()
		default:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Errorf("%s: the block is not closed", open.at())
	}
	return all
}

// mark reads what stands between the block before and this one.
func (b *block) mark(above string) {
	if found := notRun.FindStringSubmatch(above); found != nil {
		b.notRun = found[1]
	}
	if found := ends.FindStringSubmatch(above); found != nil {
		b.exit, _ = strconv.Atoi(found[1])
	}
	for _, found := range before.FindAllStringSubmatch(above, -1) {
		b.before += found[1] + "\n"
	}
}

// userPages are the pages for users: docs/*.md and README.md.
func userPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return append(pages, filepath.Join(root, "README.md"))
}
