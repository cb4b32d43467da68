package render

import "strings"

// Bounds of a template's text: a tree of nodes takes up to a hundred times its room, and the parser calls itself for
// each level.
const (
	maxTemplateNest  = 200     // blocks and parentheses within each other
	maxTemplateWords = 1 << 20 // in the actions of one text
	maxActionWords   = 1 << 14 // in one action
	largeTemplate    = 1 << 19 // bytes of a text that is looked at before our own parser reads it
)

// checkTemplate refuses texts that would be too much for the parser. Where it is not certain it counts too much rather
// than too little.
func checkTemplate(text string) error {
	s := scanner{text: text}
	for s.next() {
		if err := s.action(); err != nil {
			return err
		}
	}
	return nil
}

// scanner counts in a template's text what its parser would recurse into.
type scanner struct {
	text   string
	pos    int
	words  int
	levels []int // what each open block adds: itself and its else ifs
	nested int   // the sum of levels

	deepest int // level so far, with parentheses
}

// next goes to the text of the next action.
func (s *scanner) next() bool {
	i := strings.Index(s.text[s.pos:], "{{")
	if i < 0 {
		return false
	}
	s.pos += i + 2
	return true
}

// action reads one action and its closing delimiter.
func (s *scanner) action() error {
	const blanks = " \t\r\n"
	rest := s.text[s.pos:]
	if len(rest) > 1 && rest[0] == '-' && strings.IndexByte(blanks, rest[1]) >= 0 {
		rest = rest[1:]
	}
	rest = strings.TrimLeft(rest, blanks)
	if strings.HasPrefix(rest, "/*") {
		s.comment()
		return nil
	}
	s.block(rest)
	first, depth, deepest := s.words, 0, 0
	for s.pos < len(s.text) && !strings.HasPrefix(s.text[s.pos:], "}}") {
		switch c := s.text[s.pos]; c {
		case '"', '\'', '`':
			s.quoted(c)
			s.words++
			continue
		case '(':
			depth++
			deepest = max(deepest, depth)
			s.words++
		case ')':
			depth--
		case '|', '.', '$', ',':
			s.words++
		case ' ', '\t', '\r', '\n':
			if s.pos+1 < len(s.text) && strings.IndexByte(blanks, s.text[s.pos+1]) < 0 {
				s.words++
			}
		}
		s.pos++
	}
	s.words++
	s.deepest = max(s.deepest, s.nested+deepest)
	switch {
	case s.nested+deepest > maxTemplateNest:
		return limitf("blocks and parentheses are nested more than %d deep", maxTemplateNest)
	case s.words-first > maxActionWords:
		return limitf("an action of more than %d words", maxActionWords)
	case s.words > maxTemplateWords:
		return limitf("a template of more than %d words in actions", maxTemplateWords)
	}
	return nil
}

// comment skips to the end of a comment.
func (s *scanner) comment() {
	i := strings.Index(s.text[s.pos:], "*/")
	if i < 0 {
		s.pos = len(s.text)
		return
	}
	s.pos += i + 2
}

// quoted skips a string, a character or a raw string; one that does not end
// ends the parse.
func (s *scanner) quoted(quote byte) {
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == quote:
			s.pos++
			return
		case c == '\\' && quote != '`' && s.pos+1 < len(s.text):
			s.pos++
		case c == '\n' && quote != '`':
			return
		}
	}
}

// block books the block that an action opens, goes on with or ends.
func (s *scanner) block(action string) {
	end := strings.IndexFunc(action, func(r rune) bool { return r < 'a' || r > 'z' })
	if end < 0 {
		end = len(action)
	}
	switch action[:end] {
	case "if", "range", "with", "define", "block":
		s.levels = append(s.levels, 1)
		s.nested++
	case "else":
		if n := len(s.levels); n > 0 {
			s.levels[n-1]++
			s.nested++
		}
	case "end":
		if n := len(s.levels); n > 0 {
			s.nested -= s.levels[n-1]
			s.levels = s.levels[:n-1]
		}
	}
}
