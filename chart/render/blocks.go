package render

import (
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// block is an action that waits for its end.
type block struct {
	keyword string // if, range, with, define, block
	rest    string // the action's text after the keyword
	line    int
}

var controlAction = lazyregexp.New(`(?s)\{\{-?\s*(?:(/\*.*?\*/)|(if|range|with|define|block|end)\b(.*?))\s*-?\}\}`)

// openBlocks lists the blocks that are open at the end of a template's text,
// the outermost first. It is for messages: it reads actions as a human does, and
// may err where a string holds braces.
func openBlocks(text string) []block {
	var open []block
	for _, m := range controlAction.Compiled().FindAllStringSubmatchIndex(text, -1) {
		if m[4] < 0 { // a comment
			continue
		}
		switch keyword := text[m[4]:m[5]]; {
		case keyword != "end":
			open = append(open, block{keyword, strings.TrimSpace(text[m[6]:m[7]]), 1 + strings.Count(text[:m[0]], "\n")})
		case len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	return open
}
