package unittest

import (
	"slices"
	"strings"
)

// Bounds of a diff: what is compared line by line, how much is shown, and how
// many equal lines stand around a difference.
const (
	maxDiffCells = 1 << 20
	maxDiffLines = 200
	diffContext  = 2
)

// diffLines compares an expected with an actual text: lines with "-" are only
// in the first, with "+" only in the second, with " " in both. Of equal lines
// only those near a difference are shown.
func diffLines(want, got string) []string {
	a, b := textLines(want), textLines(got)
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	out := prefixed(" ", a[:start])
	out = append(out, middle(a[start:len(a)-end], b[start:len(b)-end])...)
	out = append(out, prefixed(" ", a[len(a)-end:])...)
	out = nearDifferences(out)
	if len(out) > maxDiffLines {
		out = append(out[:maxDiffLines:maxDiffLines], " ...")
	}
	return out
}

func textLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func prefixed(prefix string, lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = prefix + line
	}
	return out
}

// middle finds the longest common sequence of lines, unless that is too much
// work.
func middle(a, b []string) []string {
	if len(a)*len(b) > maxDiffCells {
		return append(prefixed("-", a), prefixed("+", b)...)
	}
	common := make([][]int, len(a)+1) // the length of the longest common sequence of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i, line := range slices.Backward(a) {
		for j := len(b) - 1; j >= 0; j-- {
			if line == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, " "+a[i])
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, "-"+a[i])
			i++
		default:
			out = append(out, "+"+b[j])
			j++
		}
	}
	return append(append(out, prefixed("-", a[i:])...), prefixed("+", b[j:])...)
}

// nearDifferences drops equal lines that are far from a difference.
func nearDifferences(lines []string) []string {
	near := make([]bool, len(lines))
	for i, line := range lines {
		if line[0] == ' ' {
			continue
		}
		for k := max(i-diffContext, 0); k <= min(i+diffContext, len(lines)-1); k++ {
			near[k] = true
		}
	}
	var out []string
	for i, line := range lines {
		switch {
		case near[i]:
			out = append(out, line)
		case i > 0 && near[i-1] || i == 0:
			out = append(out, " ...")
		}
	}
	return out
}
