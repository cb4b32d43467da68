package yaml

import (
	"strings"
	"unicode/utf8"
)

// decodePlain decodes the YAML that nearly all values files and manifests are written in, several times faster than the
// full decoder: block mappings and sequences, scalars of all styles, one-line flow collections. It gives up, with ok
// false, on everything else, on every error and wherever it is not certain to agree with the full decoder, which then
// decides. A fuzz test compares the two.
func decodePlain(text string) (v any, ok bool) {
	if !plainChars(text) {
		return nil, false
	}
	p := &plainParser{text: text}
	defer func() {
		if r := recover(); r != nil {
			if _, gaveUp := r.(giveUp); !gaveUp {
				panic(r)
			}
			v, ok = nil, false
		}
	}()
	if line := p.peek(); line != nil && line.indent == 0 && strings.TrimRight(line.text, " ") == "---" {
		p.line = nil
		p.started = true
	}
	line := p.peek()
	if line == nil {
		return nil, true
	}
	if isItem(line.text) || startsMapping(line.text) {
		v = p.block(line.indent, 0)
	} else {
		v = p.below(-1, 0)
	}
	if p.peek() != nil {
		return nil, false
	}
	return v, true
}

// giveUp is how the parser leaves all its levels at once.
type giveUp struct{}

// plainChars reports whether a text has only characters that mean themselves.
func plainChars(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= ' ' && c < 0x7f, c == '\n', c == '\t':
			i++
		case c < utf8.RuneSelf:
			return false
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError || !plainRune(r) {
				return false
			}
			i += n
		}
	}
	return true
}

// plainRune leaves out control characters, line separators, byte order marks
// and what is no character.
func plainRune(r rune) bool {
	return r >= 0xA0 && r != 0x2028 && r != 0x2029 && r != 0xFEFF && r&0xFFFE != 0xFFFE
}

const plainNesting = 200

// plainLine is a line with something on it; text begins after the indentation.
type plainLine struct {
	indent int
	text   string
}

type plainParser struct {
	text    string
	pos     int // of the next line that was not read
	line    *plainLine
	store   plainLine
	started bool // after the document's first line
	blank   int  // empty lines before the next line
	comment bool // whether a comment is among them
}

// peek is the next line that is neither blank nor a comment, or nil at the end.
func (p *plainParser) peek() *plainLine {
	if p.line == nil {
		p.blank, p.comment = 0, false
	}
	for p.line == nil && p.pos < len(p.text) {
		line := p.nextLine()
		text := strings.TrimLeft(line, " ")
		if text == "" {
			p.blank++
			continue
		}
		if text[0] == '#' {
			p.comment = true
			continue
		}
		p.store = plainLine{indent: len(line) - len(text), text: text}
		if strings.IndexByte(text, '\t') >= 0 || p.store.indent == 0 && p.marker(text) {
			panic(giveUp{})
		}
		p.line = &p.store
		p.started = true
	}
	return p.line
}

// marker reports whether a line begins or ends a document or gives a directive;
// three dashes on the first line are allowed.
func (p *plainParser) marker(text string) bool {
	if !p.started && strings.TrimRight(text, " ") == "---" {
		return false
	}
	return text[0] == '%' || strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...")
}

func (p *plainParser) nextLine() string {
	rest := p.text[p.pos:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		p.pos += i + 1
		return rest[:i]
	}
	p.pos = len(p.text)
	return rest
}

// block reads the mapping or sequence whose first line is the next one.
func (p *plainParser) block(indent, depth int) any {
	if depth > plainNesting {
		panic(giveUp{})
	}
	if isItem(p.peek().text) {
		return p.sequence(indent, depth)
	}
	return p.mapping(indent, depth)
}

func isItem(text string) bool { return text == "-" || strings.HasPrefix(text, "- ") }

func (p *plainParser) mapping(indent, depth int) map[string]any {
	m := map[string]any{}
	for {
		line := p.peek()
		if line == nil || line.indent < indent {
			return m
		}
		if line.indent > indent || isItem(line.text) {
			panic(giveUp{})
		}
		key, rest, ok := splitKey(line.text)
		if _, seen := m[key]; seen || !ok {
			panic(giveUp{})
		}
		p.line = nil
		m[key] = p.value(rest, indent, depth)
	}
}

// value reads what follows a key's colon, on the line or below it.
func (p *plainParser) value(rest string, indent, depth int) any {
	if rest != "" {
		return p.inline(rest, indent)
	}
	next := p.peek()
	switch {
	case next == nil || next.indent < indent:
		return nil
	case next.indent > indent:
		return p.below(indent, depth)
	case isItem(next.text):
		return p.sequence(indent, depth+1)
	}
	return nil
}

func (p *plainParser) sequence(indent, depth int) []any {
	list := []any{}
	for {
		line := p.peek()
		if line == nil || line.indent < indent || line.indent == indent && !isItem(line.text) {
			return list
		}
		if line.indent > indent {
			panic(giveUp{})
		}
		rest := strings.TrimLeft(line.text[1:], " ")
		offset := len(line.text) - len(rest)
		if rest == "" || rest[0] == '#' {
			p.line = nil
			list = append(list, p.below(indent, depth))
			continue
		}
		if isItem(rest) || startsMapping(rest) { // a collection that begins on this line
			p.store = plainLine{indent: indent + offset, text: rest}
			list = append(list, p.block(indent+offset, depth+1))
			continue
		}
		p.line = nil
		list = append(list, p.inline(rest, indent))
	}
}

// below is a value that begins on a line of its own, if there is one.
func (p *plainParser) below(indent, depth int) any {
	next := p.peek()
	switch {
	case next == nil || next.indent <= indent:
		return nil
	case isItem(next.text) || startsMapping(next.text):
		return p.block(next.indent, depth+1)
	}
	p.line = nil
	return p.inline(next.text, indent)
}
