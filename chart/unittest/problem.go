package unittest

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong with a suite file.
type Problem struct {
	File    string
	Line    int // from 1; 0 if unknown
	Message string
	Excerpt string // the lines around the place, if the file is no YAML

	lenient bool // stays a warning with Options.Strict, as helm-unittest's --strict reads assertions without it
}

// String is "file:line: message".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// SuiteError is all that is wrong with the suites of a chart. Nothing was run.
type SuiteError struct {
	Problems []Problem
	Warnings []Problem // keys that nothing reads, which may be why
}

// Error lists the problems, one a line, each with its excerpt.
func (e *SuiteError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.String())
		if p.Excerpt != "" {
			lines = append(lines, p.Excerpt)
		}
	}
	return strings.Join(lines, "\n")
}

// suggest is ": did you mean x?" if one of the known words is near.
func suggest(word string, known []string) string {
	best, nearest := "", 1+max(1, len(word)/3)
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < nearest {
			best, nearest = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}

// distance counts the letters to insert, delete, replace or swap with the next
// between two words.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
