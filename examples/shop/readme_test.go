package shop_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// changing is what differs between two runs: times and the registry's address.
var changing = regexp.MustCompile(`127\.0\.0\.1:\d+|\b\d+(?:\.\d+)?m?s\b`)

// checkReadme holds that what the README shows of the second act was printed.
// Lines of waiting depend on when the cluster was asked.
func checkReadme(t *testing.T, printed string) {
	t.Helper()
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "in which a new cart crashes at start:\n\n```\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md does not show the second act")
	}
	printed = withoutTimes(printed)
	for line := range strings.Lines(block) {
		if strings.Contains(line, " waits: ") {
			continue
		}
		for part := range strings.SplitSeq(strings.TrimSpace(line), "..") {
			if part = withoutTimes(strings.TrimPrefix(part, ".")); !strings.Contains(printed, part) {
				t.Errorf("README.md shows of the second act what was not printed: %s", part)
			}
		}
	}
}

// withoutTimes is a text without what changes, its words a space apart.
func withoutTimes(text string) string {
	return strings.Join(strings.Fields(changing.ReplaceAllString(text, "~")), " ")
}
