package text

import "strings"

// The words by which a CI server takes a line of a log for a command, whatever stands before them: GitHub's older form,
// Azure's and TeamCity's.
var inLine = strings.NewReplacer("##[", "## [", "##vso[", "## vso[", "##teamcity[", "## teamcity[")

// WithoutInlineCommands takes from s those words that are commands anywhere in a line, by a space in the middle.
func WithoutInlineCommands(s string) string {
	if !strings.Contains(s, "##") {
		return s
	}
	return inLine.Replace(s)
}

// WithoutCommands takes from each line of s what a CI server would take for a command, by a space in the middle of the
// word. GitHub's "::command" counts at the beginning of a line only, white space apart (facts/ci-integration.md 5).
func WithoutCommands(s string) string {
	s = WithoutInlineCommands(s)
	if !strings.Contains(s, "::") {
		return s
	}
	lines := strings.SplitAfter(s, "\n")
	for i, line := range lines {
		if rest := strings.TrimSpace(line); strings.HasPrefix(rest, "::") {
			lines[i] = strings.Replace(line, "::", ": :", 1)
		}
	}
	return strings.Join(lines, "")
}
