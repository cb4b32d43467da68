package edit

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// tagBytes may end a tag or an anchor; after one of them a value needs a blank.
const tagBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_>"

var errHiddenScalar = errors.New("is written in a way that cannot be edited in place; write it as plain or quoted text on one line")

// LineStarts gives the offset of each line. The breaks are those that the YAML
// scanner counts: LF, CR, CRLF, NEL, LS and PS.
func LineStarts(src []byte) []int {
	starts := []int{0}
	if strings.HasPrefix(string(src[:min(3, len(src))]), "\ufeff") {
		starts[0] = 3 // the scanner drops a byte order mark before it counts
	}
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		i += size
		switch r {
		case '\r':
			if i < len(src) && src[i] == '\n' {
				i++
			}
			starts = append(starts, i)
		case '\n', '\u0085', '\u2028', '\u2029':
			starts = append(starts, i)
		}
	}
	return starts
}

// byteOffset turns the scanner's line and column, which counts characters, into bytes.
func byteOffset(src []byte, lines []int, line, column int) (int, error) {
	if line < 1 || line > len(lines) {
		return 0, errHiddenScalar
	}
	at := lines[line-1]
	for range column - 1 {
		if at >= len(src) {
			return 0, errHiddenScalar
		}
		_, size := utf8.DecodeRune(src[at:])
		at += size
	}
	return at, nil
}

// Range is the range of a scalar's own bytes, its quotes included and
// its anchor and tag not.
func Range(src []byte, lines []int, n *yaml.Node) (start, end int, err error) {
	start, err = byteOffset(src, lines, n.Line, n.Column)
	if err != nil {
		return 0, 0, err
	}
	start = skipProperties(src, start, n)
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		end = quotedEnd(src, start, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		end = quotedEnd(src, start, '\'')
	default:
		end = plainEnd(src, start, n.Value)
	}
	if end < 0 {
		return 0, 0, errHiddenScalar
	}
	return start, end, nil
}

// skipProperties steps over an anchor and a tag and the blanks behind them. An
// empty value starts right behind its properties.
func skipProperties(src []byte, at int, n *yaml.Node) int {
	properties := 0
	if n.Anchor != "" {
		properties++
	}
	if n.Style&yaml.TaggedStyle != 0 {
		properties++
	}
	for range properties {
		word := at
		for word < len(src) && !strings.ContainsRune(" \t\r\n,]}", rune(src[word])) {
			word++
		}
		at = word
		for word < len(src) && (src[word] == ' ' || src[word] == '\t') {
			word++
		}
		if n.Value != "" || word < len(src) && (src[word] == '\'' || src[word] == '"') {
			at = word
		}
	}
	return at
}

// quotedEnd is the offset behind the closing quote, or -1.
func quotedEnd(src []byte, start int, quote byte) int {
	if start >= len(src) || src[start] != quote {
		return -1
	}
	for i := start + 1; i < len(src); i++ {
		switch {
		case quote == '"' && src[i] == '\\':
			i++
		case src[i] != quote:
		case quote == '\'' && i+1 < len(src) && src[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// plainEnd is the offset behind a plain scalar, which may be folded over
// several lines, or -1.
func plainEnd(src []byte, start int, value string) int {
	at := start
	for i, word := range strings.Fields(value) {
		for i > 0 && at < len(src) && strings.IndexByte(" \t\r\n", src[at]) >= 0 {
			at++
		}
		if !strings.HasPrefix(string(src[at:min(len(src), at+len(word))]), word) {
			return -1
		}
		at += len(word)
	}
	return at
}

// safePlain are values that no YAML reader could take for syntax.
var safePlain = lazyregexp.New(`^[A-Za-z0-9_./][A-Za-z0-9_./:@+~-]*$`)

// otherTypesThanText are values that YAML 1.1 or 1.2 readers take for something else
// than text: booleans, null, numbers in all their forms (sexagesimal too) and dates.
var otherTypesThanText = lazyregexp.New(`^(?i:y|n|yes|no|on|off|true|false|null|nan|\.nan|[-+]?\.inf|` +
	`[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)(e[-+]?[0-9]+)?|` +
	`[-+]?0[xob][0-9a-f_]+|` +
	`[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|` +
	`[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([t ].*)?)$`)

// plainString reports whether value can stand without quotes and still is a string.
func plainString(value string, flow bool) bool {
	if !safePlain.MatchString(value) || otherTypesThanText.MatchString(value) || strings.HasSuffix(value, ":") {
		return false
	}
	if flow && strings.Contains(value, ":") {
		return false
	}
	var n yaml.Node
	return yaml.Unmarshal([]byte(value), &n) == nil && len(n.Content) == 1 && isString(n.Content[0], value)
}

// fitsSingleQuotes reports whether value can stand in single quotes on one line.
func fitsSingleQuotes(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Quote writes a string in double quotation marks.
func Quote(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
