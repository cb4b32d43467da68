package unittest

import (
	"fmt"
	"strconv"
	"strings"
)

// ParsePath compiles a path. The empty one means the whole document.
func ParsePath(text string) (*Path, error) {
	if len(text) > maxPath {
		return nil, fmt.Errorf("path %.40s...: it is longer than %d bytes", text, maxPath)
	}
	p := &pathParser{text: text}
	steps, err := p.path()
	if err == nil && p.pos < len(text) {
		err = p.errorf("%q is not understood", text[p.pos:])
	}
	if err != nil {
		return nil, fmt.Errorf("path %s: %w", text, err)
	}
	return &Path{text, steps}, nil
}

// pathParser reads a path, or one inside a filter.
type pathParser struct {
	text  string
	pos   int
	depth int // of filters
}

func (p *pathParser) errorf(format string, args ...any) error {
	return fmt.Errorf("at character %d: %w", p.pos+1, fmt.Errorf(format, args...))
}

func (p *pathParser) rest() string { return p.text[p.pos:] }

func (p *pathParser) take(token string) bool {
	if !strings.HasPrefix(p.rest(), token) {
		return false
	}
	p.pos += len(token)
	return true
}

func (p *pathParser) blanks() {
	p.pos += len(p.rest()) - len(strings.TrimLeft(p.rest(), " \t\n\r"))
}

// name takes characters up to one of stop.
func (p *pathParser) name(stop string) string {
	rest := p.rest()
	if i := strings.IndexAny(rest, stop); i >= 0 {
		rest = rest[:i]
	}
	p.pos += len(rest)
	return rest
}

// nameEnd are the characters that end a name that is not quoted.
const nameEnd = ".[]) &|=!><~"

// path reads a whole path: a name without a dot may begin it.
func (p *pathParser) path() ([]step, error) {
	if p.take("$") {
		return p.steps()
	}
	name := ""
	if rest := p.rest(); rest != "" && rest[0] != '.' && rest[0] != '[' {
		if name = p.name(nameEnd); name == "" {
			return nil, p.errorf("a name is missing")
		}
	}
	if name == "" {
		return p.steps()
	}
	first := named(name)
	if p.take("~") {
		return []step{key(unescape(name))}, p.mustEnd()
	}
	steps, err := p.steps()
	return append([]step{first}, steps...), err
}

func named(name string) step {
	if name == "*" {
		return children
	}
	return child(unescape(name))
}

// steps reads what follows the beginning of a path, until something comes that
// does not continue it.
func (p *pathParser) steps() ([]step, error) {
	var out []step
	for {
		more, err := p.next()
		if err != nil {
			return nil, err
		}
		if more == nil {
			return out, nil
		}
		out = append(out, more...)
	}
}

// next reads one step; nil means that the path ends here.
func (p *pathParser) next() ([]step, error) {
	switch {
	case p.take(".."):
		return p.recursion()
	case p.take("."):
		name := p.name(nameEnd)
		if name == "" {
			return nil, p.errorf("a name is missing after the dot")
		}
		if p.take("~") {
			return []step{key(unescape(name))}, p.mustEnd()
		}
		return []step{named(name)}, nil
	case strings.HasPrefix(p.rest(), "["):
		s, err := p.bracket(false)
		return []step{s}, err
	}
	return nil, nil
}

// recursion reads what follows two dots: a name, or a bracket.
func (p *pathParser) recursion() ([]step, error) {
	if strings.HasPrefix(p.rest(), "[") {
		s, err := p.bracket(true)
		return []step{descendants, s}, err
	}
	name := p.name(nameEnd)
	if name == "" {
		return nil, p.errorf("a name or a bracket is missing after the two dots")
	}
	return []step{descendants, named(name)}, nil
}

func (p *pathParser) mustEnd() error {
	if p.rest() != "" {
		return p.errorf("~ must end the path")
	}
	return nil
}

// bracket reads ["names"], [?(filter)] or [subscript]. After two dots a filter
// looks at the nodes themselves, not at the elements of lists.
func (p *pathParser) bracket(recursive bool) (step, error) {
	p.take("[")
	if p.take("?(") {
		return p.filter(recursive)
	}
	p.blanks()
	if rest := p.rest(); strings.HasPrefix(rest, "'") || strings.HasPrefix(rest, `"`) {
		return p.quotedNames()
	}
	subscript := p.name("]")
	if !p.take("]") {
		return nil, p.errorf("the closing ] is missing")
	}
	if p.take("~") {
		if strings.TrimSpace(subscript) != "*" {
			return nil, p.errorf("only [*] can be followed by ~")
		}
		return keys, p.mustEnd()
	}
	spans, err := parseSubscript(subscript)
	if err != nil {
		return nil, p.errorf("[%s]: %w", subscript, err)
	}
	return elements(spans), nil
}

// quotedNames reads the rest of ["a", 'b'].
func (p *pathParser) quotedNames() (step, error) {
	var names []string
	for {
		name, err := p.quoted()
		if err != nil {
			return nil, err
		}
		names = append(names, name)
		p.blanks()
		if !p.take(",") {
			break
		}
		p.blanks()
	}
	if !p.take("]") {
		return nil, p.errorf("the closing ] is missing")
	}
	if p.take("~") {
		return key(names...), p.mustEnd()
	}
	return child(names...), nil
}

// quoted reads a name in quotes. A backslash may stand before a quote or another
// backslash.
func (p *pathParser) quoted() (string, error) {
	rest := p.rest()
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return "", p.errorf("a name in quotes is missing")
	}
	quote := rest[0]
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == quote:
			p.pos += i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(rest) && (rest[i+1] == quote || rest[i+1] == '\\'):
			i++
			b.WriteByte(rest[i])
		case c == '\\':
			p.pos += i
			return "", p.errorf(`a backslash must stand before a quote or a backslash`)
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf("the closing %c is missing", quote)
}

// unescape drops backslashes; of two, one stays.
func unescape(name string) string {
	if !strings.Contains(name, `\`) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' {
			if i++; i == len(name) || name[i] != '\\' {
				i--
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// parseSubscript reads an index, a slice, * or several of the first two.
func parseSubscript(text string) ([]span, error) {
	var out []span
	members := strings.Split(text, ",")
	for _, member := range members {
		s, err := parseSpan(strings.TrimSpace(member))
		if err != nil {
			return nil, err
		}
		if s.everything && len(members) > 1 {
			return nil, fmt.Errorf("* must stand alone")
		}
		out = append(out, s)
	}
	return out, nil
}

func parseSpan(text string) (span, error) {
	if text == "*" {
		return span{everything: true}, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return span{}, fmt.Errorf("too many colons")
	}
	s := span{step: 1, single: len(parts) == 1}
	for i, part := range parts {
		part = strings.TrimSpace(part)
		if part == "" && !s.single {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return span{}, fmt.Errorf("%q is no number; names stand in quotes", part)
		}
		switch i {
		case 0:
			s.start, s.hasStart = n, true
		case 1:
			s.end, s.hasEnd = n, true
		case 2:
			s.step = n
		}
	}
	if s.step == 0 {
		return span{}, errStepZero
	}
	return s, nil
}
