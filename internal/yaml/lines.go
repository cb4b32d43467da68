package yaml

import "strings"

// The scalars of decodePlain, which may go on for several lines (YAML 1.1, 9).

// inline reads a value that begins on the line of its key or dash, or on one of
// its own below; indent is that of the key or dash.
func (p *plainParser) inline(rest string, indent int) any {
	switch rest[0] {
	case '|', '>':
		return p.blockScalar(rest, indent)
	case '"', '\'':
		return p.quoted(rest, indent)
	}
	if next := p.peek(); next != nil && next.indent > indent {
		return p.folded(rest, indent)
	}
	v, after, ok := scalarOrFlow(rest)
	if !ok || !onlyComment(after) {
		panic(giveUp{})
	}
	return v
}

// folded reads a scalar without quotes that goes on below: a line end is a
// space, n empty lines are n line ends.
func (p *plainParser) folded(first string, indent int) any {
	if !plainStart(first) {
		panic(giveUp{})
	}
	var b strings.Builder
	b.WriteString(foldedLine(first))
	for next := p.peek(); next != nil && next.indent > indent; next = p.peek() {
		if p.comment {
			panic(giveUp{})
		}
		fold(&b, p.blank)
		b.WriteString(foldedLine(next.text))
		p.line = nil
	}
	if text := b.String(); !mayBeTyped(text) {
		return text
	}
	panic(giveUp{})
}

func foldedLine(text string) string {
	if strings.HasSuffix(text, ":") || strings.Contains(text, ": ") || strings.Contains(text, " #") {
		panic(giveUp{})
	}
	return strings.TrimRight(text, " ")
}

func fold(b *strings.Builder, blank int) {
	if blank == 0 {
		b.WriteByte(' ')
	}
	for range blank {
		b.WriteByte('\n')
	}
}

// quoted reads a quoted scalar, which may end on a later line.
func (p *plainParser) quoted(rest string, indent int) string {
	if closing(rest[1:], rest[0]) < 0 {
		rest = p.quotedLines(rest, indent)
	}
	s, after, ok := quoted(rest)
	if !ok || !onlyComment(after) {
		panic(giveUp{})
	}
	if next := p.peek(); next != nil && next.indent > indent {
		panic(giveUp{})
	}
	return s
}

// quotedLines puts the lines of a quoted scalar on one, with the line ends that
// count in it.
func (p *plainParser) quotedLines(first string, indent int) string {
	quote := first[0]
	var b strings.Builder
	joined := p.quotedLine(&b, first, quote)
	for blank := 0; p.pos < len(p.text); {
		line := p.nextLine()
		text := strings.TrimLeft(line, " ")
		if text == "" {
			blank++
			continue
		}
		if len(line)-len(text) <= indent || strings.IndexByte(text, '\t') >= 0 || joined && blank > 0 {
			break
		}
		if !joined {
			fold(&b, blank)
		}
		if closing(text, quote) >= 0 {
			b.WriteString(text)
			return b.String()
		}
		joined, blank = p.quotedLine(&b, text, quote), 0
	}
	panic(giveUp{})
}

// quotedLine adds a line that does not end its scalar, and reports whether the next
// one follows without a space: after a backslash at the end.
func (p *plainParser) quotedLine(b *strings.Builder, text string, quote byte) (joined bool) {
	trimmed := strings.TrimRight(text, " ")
	if quote == '"' {
		backslashes := len(trimmed) - len(strings.TrimRight(trimmed, `\`))
		if joined = backslashes%2 == 1; joined && len(trimmed) < len(text) {
			panic(giveUp{}) // an escaped space
		}
	}
	if joined {
		trimmed = trimmed[:len(trimmed)-1]
	}
	b.WriteString(trimmed)
	return joined
}

// closing is where the quote that ends a scalar stands in the rest of a line, or
// -1.
func closing(text string, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] != quote:
		case quote == '\'' && strings.HasPrefix(text[i+1:], "'"):
			i++
		default:
			return i
		}
	}
	return -1
}

// blockScalar reads a block scalar: | keeps line ends, > folds them; - drops the
// last ones, + keeps all of them.
func (p *plainParser) blockScalar(header string, indent int) string {
	header = strings.TrimRight(header, " ")
	if indent < 0 || len(header) > 2 {
		panic(giveUp{})
	}
	s := blockText{folds: header[0] == '>', indent: -1}
	p.blockLines(&s, indent)
	text := s.text.String()
	switch header[1:] {
	case "":
		return text + "\n"[:min(s.ends, 1)]
	case "-":
		return text
	case "+":
		return text + strings.Repeat("\n", s.ends)
	}
	panic(giveUp{})
}

// blockText is a block scalar as far as it is read.
type blockText struct {
	text   strings.Builder
	folds  bool
	indent int  // of the text; -1 before it is known
	ends   int  // line ends after the last line with text
	spaced bool // that line begins with a space or a tab
}

// blockLines reads the lines of a block scalar below a key or dash at indent.
func (p *plainParser) blockLines(s *blockText, indent int) {
	for p.pos < len(p.text) {
		before := p.pos
		line := p.nextLine()
		content := strings.TrimLeft(line, " ")
		spaces := len(line) - len(content)
		if content == "" && (s.indent < 0 || spaces <= s.indent) {
			if s.indent < 0 && spaces > indent {
				panic(giveUp{}) // may count as text, or not
			}
			s.ends++
			continue
		}
		if s.indent < 0 {
			s.indent = spaces
			if spaces <= indent || content[0] == '\t' {
				panic(giveUp{})
			}
		}
		if spaces < s.indent {
			if content[0] == '\t' {
				panic(giveUp{})
			}
			p.pos = before
			break
		}
		s.add(line[s.indent:])
	}
	if s.indent < 0 {
		panic(giveUp{})
	}
	if p.pos == len(p.text) && p.text[len(p.text)-1] != '\n' {
		if p.text[len(p.text)-1] == ' ' {
			panic(giveUp{})
		}
		s.ends--
	}
}

// add adds a line after the line ends before it. Lines that begin with a space
// are not folded.
func (s *blockText) add(line string) {
	spaced := line[0] == ' ' || line[0] == '\t'
	ends := s.ends
	if s.folds && s.text.Len() > 0 && !spaced && !s.spaced {
		if ends--; ends == 0 {
			s.text.WriteByte(' ')
		}
	}
	for range ends {
		s.text.WriteByte('\n')
	}
	s.text.WriteString(line)
	s.ends, s.spaced = 1, spaced
}
