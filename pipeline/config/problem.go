package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/secret"
)

// ErrConfig is what every error of this package is, for errors.Is: the file
// or what it names must change, running again will not help.
var ErrConfig = errors.New("bad configuration")

// Bounds on what is reported; a person repairs from the top.
const (
	maxProblems = 50   // that are printed
	maxFound    = 200  // after which the search ends
	maxLine     = 4096 // bytes of a source line that is shown
)

// Position is a place in a file. Line and Column count from 1, Column in
// characters. The zero Line means the file as a whole.
type Position struct {
	File         string
	Line, Column int
}

// String returns FILE:LINE:COLUMN, as editors and CI systems make links of.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one thing to repair: where, what is wrong, and what to write
// instead.
type Problem struct {
	Position
	Message string // what is wrong, one line
	Hint    string // what to write instead, one line; may be empty
	Source  string // the line of the file; empty when there is none to show
}

// Error returns the problem with its source line and a marker under the
// column.
func (p Problem) Error() string {
	if p.Source == "" || p.Line == 0 {
		if p.Hint == "" {
			return fmt.Sprintf("%s: %s", p.Position, p.Message)
		}
		return fmt.Sprintf("%s: %s; %s", p.Position, p.Message, p.Hint)
	}
	line, column := window(p.Source, p.Column)
	marker := strings.TrimRight(padding(line, column)+"^ "+p.Hint, " ")
	return fmt.Sprintf("%s: %s\n%6d | %s\n%6s | %s", p.Position, p.Message, p.Line, line, "", marker)
}

// Is reports whether target is ErrConfig.
func (p Problem) Is(target error) bool { return target == ErrConfig }

// Problems is everything wrong with a file, in order of position; never empty
// when it is an error.
type Problems []Problem

// Error returns all problems, one below the other.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i == maxProblems {
			fmt.Fprintf(&b, "\nand %d more", len(ps)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
	}
	return b.String()
}

// Is reports whether target is ErrConfig.
func (ps Problems) Is(target error) bool { return target == ErrConfig }

// sorted returns the problems in order of position, each once. Those of other
// files (a values file) stand after those of the file itself.
func (ps Problems) sorted(file string) Problems {
	ps = slices.Clone(ps)
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if a.File != b.File && (a.File == file || b.File == file) {
			if a.File == file {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(ps)
}

// userinfo finds credentials in addresses, which no message may repeat.
var userinfo = lazyregexp.New(`(://)([^/@\s"']+)(@)`)

// short cuts a message that repeats too much of the file.
func short(s string) string {
	const limit = 300
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return s
}

// redact masks credentials and replaces what would steer a terminal. What is
// masked keeps its length, so that a marker below it stays right.
func redact(s string) string {
	stars := func(found string) string { return strings.Repeat("*", utf8.RuneCountInString(found)) }
	s = userinfo.Compiled().ReplaceAllStringFunc(s, func(found string) string {
		return "://" + stars(found[len("://"):len(found)-1]) + "@"
	})
	s = secret.Replace(s, stars)
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// The part of a long line that is shown.
const (
	windowWidth  = 120
	windowBefore = 60
)

// window cuts a long line to the part around column and returns that part and
// the column in it.
func window(line string, column int) (string, int) {
	runes := []rune(line)
	if len(runes) <= windowWidth {
		return line, column
	}
	from := min(max(0, column-1-windowBefore), len(runes)-windowWidth)
	cut := string(runes[from : from+windowWidth])
	column -= from
	if from+windowWidth < len(runes) {
		cut += "..."
	}
	if from > 0 {
		cut = "..." + cut
		column += 3
	}
	return cut, column
}

// padding returns what puts a marker under column: a tab under a tab, a wide
// space under a wide character.
func padding(line string, column int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		switch {
		case i >= column-1:
			return b.String()
		case r == '\t':
			b.WriteByte('\t')
		case wide(r):
			b.WriteRune('\u3000')
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// wide reports whether a terminal gives r two columns: the East Asian scripts.
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd
}
