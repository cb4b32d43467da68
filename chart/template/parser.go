// Package template reads the templates of charts: it makes the parse trees of text/template and walks them. It gives up
// on what it is not sure to read as text/template does, which then reads it. It refuses to execute a template and knows
// no chart.
package template

import (
	"strings"
	"text/template/parse"
)

// Parser makes the parse trees of text/template, several times faster than text/template/parse, for templates as charts
// are written. It keeps what it allocates nodes from; it is for one goroutine. The zero value is ready.
type Parser struct {
	Funcs map[string]any         // the functions that there are, beside Builtins; nil: any name may be one
	Noted func(name string) bool // of which functions the caller wants to hear; nil: of none
	Calls bool                   // a text that Fast has read calls such a function

	nodes nodeSlabs
	text  string
	bytes []byte // the same, for text nodes
	pos   int    // where reading goes on
	vars  []string
	loops int // range actions around
	depth int // how deeply lists and parentheses are nested
	trees map[string]*parse.Tree
	empty *parse.Tree // knows the text, which nodes do not, for the positions in errors

	stack []parse.Node // the nodes of lists and commands that are not complete
	names []string     // the parts of the field that is being read
}

// Builtins are the functions of text/template itself.
var Builtins = map[string]any{
	"and": true, "call": true, "eq": true, "ge": true, "gt": true, "html": true,
	"index": true, "js": true, "le": true, "len": true, "lt": true, "ne": true, "not": true, "or": true,
	"print": true, "printf": true, "println": true, "slice": true, "urlquery": true,
}

// Parse gives the trees of a template and of the definitions in it, by name. Their functions need not exist if Funcs is
// nil. The error is text/template's. It has no bounds of its own.
func (p *Parser) Parse(name, text string) (map[string]*parse.Tree, error) {
	if trees, ok := p.Fast(name, text); ok {
		return trees, nil
	}
	trees := map[string]*parse.Tree{}
	t := parse.New(name)
	if p.Funcs == nil {
		t.Mode = parse.SkipFuncCheck
	}
	if _, err := t.Parse(text, "", "", trees, p.Funcs, Builtins); err != nil {
		return nil, err
	}
	return trees, nil
}

// giveUp is how the parser leaves all its levels at once.
type giveUp struct{}

const maxParseDepth = 200

// noDelimiter stands in no text that the parser reads.
const noDelimiter = "\x00"

// Fast is parse.Parse of text/template for texts that the parser is sure of. ok is false for all others, and for those
// that do not parse: text/template/parse then decides. A fuzz test compares the two.
func (p *Parser) Fast(name, text string) (trees map[string]*parse.Tree, ok bool) {
	if strings.Contains(text, noDelimiter) {
		return nil, false
	}
	trees = map[string]*parse.Tree{}
	empty, err := parse.New(name).Parse(text, noDelimiter, noDelimiter, trees)
	if err != nil {
		return nil, false
	}
	clear(trees)
	p.text, p.pos, p.loops, p.depth = text, 0, 0, 0
	p.vars, p.stack = append(p.vars[:0], "$"), p.stack[:0]
	p.trees, p.empty, p.bytes = trees, empty, nil
	for _, node := range empty.Root.Nodes {
		p.bytes = node.(*parse.TextNode).Text
	}
	empty.Root = nil
	defer func() {
		if r := recover(); r != nil {
			if _, gaveUp := r.(giveUp); !gaveUp {
				panic(r)
			}
			trees, ok = nil, false
		}
	}()
	root, closing := p.list(true)
	p.must(closing.keyword == "")
	p.add(name, root)
	return trees, true
}

func (p *Parser) must(certain bool) {
	if !certain {
		panic(giveUp{})
	}
}

// add takes a definition over. The later of two replaces an empty one, or is empty itself.
func (p *Parser) add(name string, root *parse.ListNode) {
	old, had := p.trees[name]
	if had && !parse.IsEmptyTree(old.Root) {
		p.must(parse.IsEmptyTree(root))
		return
	}
	tree := *p.empty
	tree.Name, tree.Root = name, root
	p.trees[name] = &tree
}

// closing is what ends a list of nodes: "end", "else", "if" and "with" after an else, or nothing at the end of the
// text.
type closing struct {
	keyword string
	pos     int
}

// list reads nodes up to what closes them. Its position is that of the first token in it or after it; comments are
// none.
func (p *Parser) list(top bool) (*parse.ListNode, closing) {
	p.deeper()
	mark, first := len(p.stack), -1
	for {
		from, to, open := p.textAndDelimiter()
		if from < to {
			p.stack = append(p.stack, p.nodes.newText(from, p.bytes[from:to:to]))
			first = firstOf(first, from)
		}
		if open < 0 {
			return p.endList(mark, firstOf(first, len(p.text))), closing{}
		}
		if p.comment() {
			continue
		}
		first = firstOf(first, open)
		node, closes := p.action(top)
		if closes.keyword != "" {
			return p.endList(mark, first), closes
		}
		if node != nil {
			p.stack = append(p.stack, node)
		}
	}
}

func firstOf(first, pos int) int {
	if first < 0 {
		return pos
	}
	return first
}

func (p *Parser) endList(mark, pos int) *parse.ListNode {
	p.depth--
	list := p.nodes.newList(pos, p.stack[mark:])
	p.stack = p.stack[:mark]
	return list
}

func (p *Parser) deeper() {
	p.depth++
	p.must(p.depth <= maxParseDepth)
}

// textAndDelimiter finds the next action: the text before it, without what its delimiter trims, and where it opens; -1
// if there is none.
func (p *Parser) textAndDelimiter() (from, to, open int) {
	from = p.pos
	i := strings.Index(p.text[from:], "{{")
	if i < 0 {
		p.pos = len(p.text)
		return from, p.pos, -1
	}
	open = from + i
	to = open
	p.pos = open + 2
	if p.at(0) == '-' && isBlank(p.at(1)) {
		p.pos += 2
		for to > from && isBlank(p.text[to-1]) {
			to--
		}
	}
	return from, to, open
}

// comment reads a comment up to its closing delimiter, if the action is one.
func (p *Parser) comment() bool {
	if p.at(0) != '/' || p.at(1) != '*' {
		return false
	}
	i := strings.Index(p.text[p.pos+2:], "*/")
	p.must(i >= 0)
	p.pos += 2 + i + 2
	spaced := isBlank(p.at(0))
	if spaced {
		p.pos++
		p.must(p.at(0) == '-')
	}
	p.must(p.closeAction(spaced))
	return true
}

// closeAction reads the closing delimiter if it is next. spaced says that there was a blank before, without which a
// dash trims nothing.
func (p *Parser) closeAction(spaced bool) bool {
	if p.at(0) == '}' && p.at(1) == '}' {
		p.pos += 2
		return true
	}
	if !spaced || p.at(0) != '-' || p.at(1) != '}' || p.at(2) != '}' {
		return false
	}
	p.pos += 3
	p.blanks()
	return true
}

// action reads what stands between delimiters, the first of which was read, and everything up to its end if it has one.
// A definition is no node.
func (p *Parser) action(top bool) (parse.Node, closing) {
	p.blanks()
	start := p.pos
	if isLetter(p.at(0)) {
		switch keyword := p.word(); keyword {
		case "if", "range", "with":
			return p.control(keyword), closing{}
		case "end":
			p.must(p.closeAction(p.blanks()))
			return nil, closing{keyword, start}
		case "else":
			return nil, p.otherwise(start)
		case "template":
			return p.template(), closing{}
		case "define":
			p.must(top)
			p.define()
			return nil, closing{}
		case "break", "continue":
			p.must(p.loops > 0 && p.closeAction(p.blanks()))
			if keyword == "break" {
				return &parse.BreakNode{NodeType: parse.NodeBreak, Pos: parse.Pos(start)}, closing{}
			}
			return &parse.ContinueNode{NodeType: parse.NodeContinue, Pos: parse.Pos(start)}, closing{}
		}
		p.pos = start
	}
	return p.nodes.newAction(p.pipeline(pipeContext{})), closing{}
}

// otherwise reads what follows an else that began at start.
func (p *Parser) otherwise(start int) closing {
	if p.closeAction(p.blanks()) {
		return closing{"else", start}
	}
	pos := p.pos
	p.must(isLetter(p.at(0)))
	keyword := p.word()
	p.must(keyword == "if" || keyword == "with")
	return closing{keyword, pos}
}

// control reads the rest of an if, range or with.
func (p *Parser) control(keyword string) parse.Node {
	p.deeper()
	vars := len(p.vars)
	isRange := keyword == "range"
	pipe := p.pipeline(pipeContext{isRange: isRange})
	if isRange {
		p.loops++
	}
	list, closes := p.list(false)
	if isRange {
		p.loops--
	}
	var other *parse.ListNode
	switch {
	case closes.keyword == "end":
	case closes.keyword == "else":
		other, closes = p.list(false)
		p.must(closes.keyword == "end")
	case closes.keyword == keyword && !isRange: // else if after if, else with after with
		other = p.nodes.newList(closes.pos, []parse.Node{p.control(keyword)})
	default:
		panic(giveUp{})
	}
	p.vars = p.vars[:vars]
	p.depth--
	return p.nodes.newBranch(keyword, pipe, list, other)
}

// template reads the rest of a template action.
func (p *Parser) template() parse.Node {
	p.blanks()
	pos := p.pos
	_, name := p.quoted()
	node := &parse.TemplateNode{NodeType: parse.NodeTemplate, Pos: parse.Pos(pos), Name: name}
	if !p.closeAction(p.blanks()) {
		node.Pipe = p.pipeline(pipeContext{})
	}
	return node
}

// define reads the rest of a definition.
func (p *Parser) define() {
	p.blanks()
	_, name := p.quoted()
	p.must(p.closeAction(p.blanks()))
	vars, loops := p.vars, p.loops
	p.vars, p.loops = []string{"$"}, 0
	root, closes := p.list(false)
	p.must(closes.keyword == "end")
	p.vars, p.loops = vars, loops
	p.add(name, root)
}

func isBlank(c byte) bool    { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
func isLetter(c byte) bool   { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }
