package unittest

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// filter is the condition in [?(...)].
type filter func(node, root *yaml.Node) bool

// maxFilterDepth bounds brackets, negations and filters within filters.
const maxFilterDepth = 50

// filter reads a condition up to ")]". It chooses among the elements of a list;
// anything else is kept or dropped as a whole.
func (p *pathParser) filter(recursive bool) (step, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, p.errorf("filters are nested too deep")
	}
	cond, err := p.or()
	if err != nil {
		return nil, err
	}
	p.depth--
	p.blanks()
	if !p.take(")]") {
		return nil, p.errorf("the closing )] of the filter is missing")
	}
	return func(node, root *yaml.Node) []*yaml.Node {
		candidates := []*yaml.Node{node}
		if node.Kind == yaml.SequenceNode && !recursive {
			candidates = node.Content
		}
		var out []*yaml.Node
		for _, c := range candidates {
			if cond(c, root) {
				out = append(out, c)
			}
		}
		return out
	}, nil
}

func (p *pathParser) or() (filter, error) {
	left, err := p.and()
	for err == nil {
		if p.blanks(); !p.take("||") {
			break
		}
		a := left
		var b filter
		b, err = p.and()
		left = func(node, root *yaml.Node) bool { return a(node, root) || b(node, root) }
	}
	return left, err
}

func (p *pathParser) and() (filter, error) {
	left, err := p.condition()
	for err == nil {
		if p.blanks(); !p.take("&&") {
			break
		}
		a := left
		var b filter
		b, err = p.condition()
		left = func(node, root *yaml.Node) bool { return a(node, root) && b(node, root) }
	}
	return left, err
}

// condition reads a negation, a bracket, a comparison or a term that must exist.
func (p *pathParser) condition() (filter, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, p.errorf("filters are nested too deep")
	}
	defer func() { p.depth-- }()
	p.blanks()
	switch {
	case strings.HasPrefix(p.rest(), "!="):
		return nil, p.errorf("something must stand before !=")
	case p.take("!"):
		cond, err := p.condition()
		return func(node, root *yaml.Node) bool { return !cond(node, root) }, err
	case p.take("("):
		cond, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.blanks(); !p.take(")") {
			return nil, p.errorf("the closing ) is missing")
		}
		return cond, nil
	}
	left, err := p.term()
	if err != nil {
		return nil, err
	}
	p.blanks()
	if p.take("=~") {
		return p.match(left)
	}
	for _, op := range []string{"==", "!=", ">=", "<=", ">", "<"} {
		if !p.take(op) {
			continue
		}
		right, err := p.term()
		return comparison(left, right, comparators[op]), err
	}
	return left.alone(), nil
}

// term is one side of a comparison: a path from the node (@) or from the top
// ($), or a literal.
type term struct {
	path    *Path
	top     bool
	literal typed
}

func (t term) values(node, root *yaml.Node) []typed {
	if t.path == nil {
		return []typed{t.literal}
	}
	var out []typed
	for _, n := range t.nodes(node, root) {
		out = append(out, typedNode(n))
	}
	return out
}

func (t term) nodes(node, root *yaml.Node) []*yaml.Node {
	if t.top {
		node = root
	}
	nodes, err := t.path.from(node, root)
	if err != nil {
		return nil
	}
	return nodes
}

// alone is what a term means that is not compared: its path finds something, or
// it is the literal true.
func (t term) alone() filter {
	if t.path == nil {
		holds := t.literal == typed{"!!bool", "true"}
		return func(_, _ *yaml.Node) bool { return holds }
	}
	return func(node, root *yaml.Node) bool { return len(t.nodes(node, root)) > 0 }
}

func (p *pathParser) term() (term, error) {
	p.blanks()
	top := strings.HasPrefix(p.rest(), "$")
	if top || strings.HasPrefix(p.rest(), "@") {
		p.pos++
		start := p.pos
		steps, err := p.steps()
		return term{top: top, path: &Path{p.text[start:p.pos], steps}}, err
	}
	if rest := p.rest(); strings.HasPrefix(rest, "'") || strings.HasPrefix(rest, `"`) {
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return term{}, p.errorf("the closing %c is missing", rest[0])
		}
		p.pos += end + 2
		return term{literal: typed{"!!str", rest[1 : end+1]}}, nil
	}
	word := p.name(" \t)&|=!><~")
	switch word {
	case "true", "false":
		return term{literal: typed{"!!bool", word}}, nil
	case "null":
		return term{literal: typed{"!!null", word}}, nil
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil {
		return term{}, p.errorf("%q is neither a path (@.name), a number, a text in quotes, true, false nor null", word)
	}
	return term{literal: typed{"!!float", word}}, nil
}

// match reads the /expression/ after =~.
func (p *pathParser) match(left term) (filter, error) {
	p.blanks()
	if left.path == nil || !p.take("/") {
		return nil, p.errorf("=~ stands between a path and a /regular expression/")
	}
	var b strings.Builder
	rest := p.rest()
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && i+1 < len(rest):
			if rest[i+1] != '/' {
				b.WriteByte('\\')
			}
			i++
			b.WriteByte(rest[i])
		case rest[i] == '/':
			p.pos += i + 1
			re, err := regexp.Compile(b.String())
			if err != nil {
				return nil, p.errorf("%w", err)
			}
			return comparison(left, term{}, func(l, _ typed) bool { return l.tag == "!!str" && re.MatchString(l.text) }), nil
		default:
			b.WriteByte(rest[i])
		}
	}
	return nil, p.errorf("the closing / is missing")
}

// typed is a scalar with its YAML tag; anything else has no tag.
type typed struct{ tag, text string }

func typedNode(n *yaml.Node) typed {
	if n.Kind != yaml.ScalarNode {
		return typed{}
	}
	return typed{n.ShortTag(), n.Value}
}

func (t typed) number() (float64, bool) {
	if t.tag != "!!int" && t.tag != "!!float" {
		return 0, false
	}
	f, err := strconv.ParseFloat(t.text, 64)
	return f, err == nil
}

// compare orders two values; known is false if they cannot be compared.
func (t typed) compare(u typed) (order int, known bool) {
	a, isNumber := t.number()
	b, areNumbers := u.number()
	switch {
	case isNumber && areNumbers && a < b:
		return -1, true
	case isNumber && areNumbers && a > b:
		return 1, true
	case isNumber && areNumbers:
		return 0, true
	case t.tag != u.tag || t.tag == "":
		return 0, false
	case t.tag == "!!null":
		return 0, true
	}
	return strings.Compare(t.text, u.text), true
}

// comparators are the operators. What cannot be compared is different.
var comparators = map[string]func(l, r typed) bool{
	"==": func(l, r typed) bool { order, known := l.compare(r); return known && order == 0 },
	"!=": func(l, r typed) bool { order, known := l.compare(r); return !known || order != 0 },
	">":  func(l, r typed) bool { order, known := l.compare(r); return known && order > 0 },
	">=": func(l, r typed) bool { order, known := l.compare(r); return known && order >= 0 },
	"<":  func(l, r typed) bool { order, known := l.compare(r); return known && order < 0 },
	"<=": func(l, r typed) bool { order, known := l.compare(r); return known && order <= 0 },
}

// comparison holds if it holds for each value on the left with each on the
// right, and there are some on both sides.
func comparison(left, right term, holds func(l, r typed) bool) filter {
	return func(node, root *yaml.Node) bool {
		found := false
		for _, l := range left.values(node, root) {
			for _, r := range right.values(node, root) {
				if !holds(l, r) {
					return false
				}
				found = true
			}
		}
		return found
	}
}
