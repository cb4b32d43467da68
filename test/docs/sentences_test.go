package docs_test

import (
	"regexp"
	"strings"
	"testing"
)

// longest is how many words a sentence of a page has at most, on average.
const longest = 25

var (
	comment    = regexp.MustCompile(`(?s)<!--.*?-->`)
	notProse   = regexp.MustCompile(`(?m)^(?:\||#|    ).*$`)
	linkTarget = regexp.MustCompile(`\]\([^)]*\)`)
	item       = regexp.MustCompile(`(?m)^ *(?:[-*]|\d+\.) `)
	end        = regexp.MustCompile(`[.!?]["')]*(?:\s|$)|\n\s*\n`)
)

// TestSentences holds that the sentences of each page for users are short:
// outside of code and tables, on average.
func TestSentences(t *testing.T) {
	for _, page := range userPages(t) {
		words, sentences := measure(read(t, page))
		if sentences == 0 {
			continue
		}
		if average := float64(words) / float64(sentences); average > longest {
			t.Errorf("%s has %.1f words a sentence, more than %d", name(page), average, longest)
		}
	}
}

// measure counts the words and sentences of a page. Code within a line is one
// word; a list's item and a paragraph end a sentence too.
func measure(page string) (words, sentences int) {
	page = comment.ReplaceAllString(prose(page), "")
	page = notProse.ReplaceAllString(page, "")
	page = linkTarget.ReplaceAllString(page, "")
	page = item.ReplaceAllString(page, "\n\n")
	for _, sentence := range end.Split(page, -1) {
		if n := len(strings.Fields(sentence)); n > 0 {
			words += n
			sentences++
		}
	}
	return words, sentences
}
