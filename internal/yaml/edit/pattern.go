package edit

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxPatternMatches bounds what a pattern with all may replace.
const maxPatternMatches = 10_000

// ErrNoMatch says that a pattern finds nothing in the file.
var ErrNoMatch = errors.New("the pattern matches nothing")

// SetPattern replaces what re captures in a text by value and leaves every other byte as it is. What is replaced is the
// group named version, else the first group, else the whole match. More than one match is an error, unless all is set:
// "<version>" stands in a pom.xml for its dependencies too. The result must still match, so that a second SetPattern
// changes nothing. Errors: ErrNoMatch; a text of more than 5 MiB.
func SetPattern(src []byte, re *regexp.Regexp, value string, all bool) ([]byte, error) {
	if len(src) > MaxBytes {
		return nil, fmt.Errorf("%d bytes are more than the %d of a file that is edited", len(src), MaxBytes)
	}
	spans, err := captured(src, re)
	if err != nil {
		return nil, err
	}
	if len(spans) > 1 && !all {
		return nil, fmt.Errorf("the pattern matches %d places (%s): make it match one, or write all: true", len(spans), placesIn(src, spans))
	}
	var out bytes.Buffer
	at := 0
	for _, s := range spans {
		out.Write(src[at:s[0]])
		out.WriteString(value)
		at = s[1]
	}
	out.Write(src[at:])
	again, err := captured(out.Bytes(), re)
	if err != nil || len(again) != len(spans) || slices.ContainsFunc(again, func(s [2]int) bool { return string(out.Bytes()[s[0]:s[1]]) != value }) {
		return nil, fmt.Errorf("the pattern does not match %q, which it is to be replaced by: put what changes in a group that takes any version, as ([^\"]*)", value)
	}
	return out.Bytes(), nil
}

// captured are the ranges that are to be replaced, in order.
func captured(src []byte, re *regexp.Regexp) ([][2]int, error) {
	matches := re.FindAllSubmatchIndex(src, maxPatternMatches+1)
	switch {
	case len(matches) == 0:
		return nil, ErrNoMatch
	case len(matches) > maxPatternMatches:
		return nil, fmt.Errorf("the pattern matches more than %d places", maxPatternMatches)
	}
	group := min(re.NumSubexp(), 1)
	if named := re.SubexpIndex("version"); named > 0 {
		group = named
	}
	spans := make([][2]int, len(matches))
	for i, m := range matches {
		spans[i] = [2]int{m[2*group], m[2*group+1]}
		if spans[i][0] < 0 {
			return nil, fmt.Errorf("the group of the pattern takes no part in its match in line %d", lineAt(src, m[0]))
		}
	}
	return spans, nil
}

func placesIn(src []byte, spans [][2]int) string {
	var lines []string
	for _, s := range spans[:min(len(spans), 5)] {
		lines = append(lines, fmt.Sprint(lineAt(src, s[0])))
	}
	if len(spans) > len(lines) {
		lines = append(lines, "...")
	}
	return "lines " + strings.Join(lines, ", ")
}

func lineAt(src []byte, offset int) int { return bytes.Count(src[:offset], []byte("\n")) + 1 }
