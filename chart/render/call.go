package render

import (
	"slices"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

var functionName = lazyregexp.New(`^\s*-?\s*(?:(?:else\s+)?(?:if|with|range)\s)?\s*([a-zA-Z]\w*)\b`)

// calledFunction is the function whose argument the failing node is, or whose
// argument came to it through a pipe; empty if the node is no argument.
// text/template names the last argument that is written there, even if the one
// from the pipe is wrong.
func (e *Error) calledFunction(source string) string {
	text := quotedTexts.ReplaceAllString(e.actionBefore(source), `""`)
	starts := []int{0} // of the command in each parenthesis that is open
	for i := range len(text) {
		switch text[i] {
		case '(':
			starts = append(starts, i+1)
		case ')':
			starts = starts[:max(1, len(starts)-1)]
		case '|', '=', ',':
			starts[len(starts)-1] = i + 1
		}
	}
	m := functionName.FindStringSubmatch(text[starts[len(starts)-1]:])
	if m == nil || slices.Contains([]string{"if", "with", "range", "else"}, m[1]) {
		return ""
	}
	return m[1]
}
