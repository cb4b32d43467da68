package changelog

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// MaxFile bounds a CHANGELOG.md, in bytes.
const MaxFile = 16 << 20

// ErrPresent says that a file has a section of the version already, with other text: people edit changelogs.
var ErrPresent = errors.New("has a section of this version already")

var (
	atxHeading = lazyregexp.New(`^ {0,3}##[ \t]+(.*?)[ \t#]*$`)
	underline  = lazyregexp.New(`^ {0,3}-{2,}[ \t]*$`)
	fence      = lazyregexp.New("^ {0,3}(```|~~~)")
	unreleased = lazyregexp.New(`(?i)^\[?unreleased\]?`)
)

// Insert puts the section of a version into a CHANGELOG.md: under the title and below a section "Unreleased", above the
// versions that are there. Every other byte stays; the section takes the file's line ends. An empty file gets a title.
// A file that has the very section stays as it is; ErrPresent when it has another one of that version.
func Insert(file []byte, version, section string) ([]byte, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("%d bytes are more than %d", len(file), MaxFile)
	}
	if !utf8.Valid(file) {
		return nil, errors.New("not UTF-8 text; save the file as UTF-8")
	}
	if own, _ := headings([]byte(section)); len(own) == 0 || own[0].start > 0 || !own[0].names(version) {
		return nil, fmt.Errorf("the section must begin with a line \"## %s\", by which it is found again; write it into the template", version)
	}
	eol := "\n"
	if bytes.Contains(file, []byte("\r\n")) {
		eol = "\r\n"
	}
	section = strings.ReplaceAll(strings.TrimRight(strings.ReplaceAll(section, "\r\n", "\n"), "\n")+"\n", "\n", eol)
	if len(bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\ufeff")))) == 0 {
		return []byte("# Changelog" + eol + eol + section), nil
	}
	at := len(file)
	present, open := headings(file)
	if open > 0 {
		return nil, fmt.Errorf("the code block of line %d is never closed; close it, or a new section ends up in it", open)
	}
	for i, h := range present {
		next := len(file)
		if i+1 < len(present) {
			next = present[i+1].start
		}
		if h.names(version) {
			if unixLines(string(file[h.start:next])) != unixLines(section) {
				return nil, ErrPresent
			}
			return file, nil
		}
		if at == len(file) && !unreleased.MatchString(h.text) {
			at = h.start
		}
	}
	before := ""
	switch text := string(file[:at]); {
	case strings.TrimPrefix(text, "\ufeff") == "":
	case !strings.HasSuffix(text, "\n"):
		before = eol + eol
	case !strings.HasSuffix(text, "\n"+eol) && !strings.HasSuffix(text, "\n\n"):
		before = eol
	}
	after := ""
	if at < len(file) {
		after = eol
	}
	return []byte(string(file[:at]) + before + section + after + string(file[at:])), nil
}

// heading is a heading of the second level.
type heading struct {
	start int
	text  string
}

// names reports whether a heading is the version's: "1.5.0", "v1.5.0", "[1.5.0](...) (date)", "cart 1.5.0 - date".
func (h heading) names(version string) bool {
	for word := range strings.FieldsFuncSeq(h.text, func(r rune) bool { return strings.ContainsRune(" \t[](),", r) }) {
		if word == version || word == "v"+version {
			return true
		}
	}
	return false
}

// headings finds the headings of the second level, in both forms, outside of code. unclosed is the line of a code block
// that does not end, or 0.
func headings(file []byte) (found []heading, unclosed int) {
	offset, previous, previousStart := 0, "", 0
	open, number := "", 0
	for line := range bytes.Lines(file) {
		number++
		text := strings.TrimRight(string(line), "\r\n")
		if offset == 0 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		mark := fence.FindStringSubmatch(text)
		switch {
		case mark != nil && open == "":
			open, unclosed = mark[1], number
		case mark != nil && open == mark[1]:
			open, unclosed = "", 0
		case open != "":
		case atxHeading.MatchString(text):
			found = append(found, heading{offset, atxHeading.FindStringSubmatch(text)[1]})
			text = ""
		case underline.MatchString(text) && strings.TrimSpace(previous) != "":
			found = append(found, heading{previousStart, previous})
		}
		previous, previousStart = text, offset
		offset += len(line)
	}
	return found, unclosed
}

// unixLines is what a section comes down to in a comparison.
func unixLines(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }
