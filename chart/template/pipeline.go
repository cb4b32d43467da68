package template

import (
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"unicode/utf8"
)

// pipeContext says where a pipeline stands, and so how it ends.
type pipeContext struct {
	isRange  bool // it may declare two variables
	isParens bool // it ends with a parenthesis, not with the action
}

// pipeline reads commands and what closes them.
func (p *Parser) pipeline(context pipeContext) *parse.PipeNode {
	p.deeper()
	p.blanks()
	pipe := p.nodes.newPipe(p.pos)
	p.declare(pipe, context.isRange)
	var few [4]*parse.CommandNode
	commands := few[:0]
	for more := true; more; {
		var command *parse.CommandNode
		command, more = p.command(context)
		if len(commands) > 0 {
			p.must(executable(command.Args[0]))
		}
		commands = append(commands, command)
	}
	pipe.Cmds = p.nodes.pipeCommands.copyOf(commands)
	p.depth--
	return pipe
}

// executable reports whether a value may be piped into what begins with node.
func executable(node parse.Node) bool {
	switch node.Type() {
	case parse.NodeBool, parse.NodeDot, parse.NodeNil, parse.NodeNumber, parse.NodeString:
		return false
	}
	return true
}

// declare reads $x :=, $x = or, in a range, $i, $x :=, if that is next.
func (p *Parser) declare(pipe *parse.PipeNode, isRange bool) {
	if p.at(0) != '$' {
		return
	}
	start := p.pos
	name := p.variable()
	p.blanks()
	switch {
	case isRange && p.at(0) == ',':
		p.pos++
		p.blanks()
		pos := p.pos
		p.must(p.at(0) == '$')
		second := p.variable()
		p.blanks()
		p.must(p.assigns(pipe))
		pipe.Decl = []*parse.VariableNode{p.nodes.newVariable(start, name), p.nodes.newVariable(pos, second)}
	case p.assigns(pipe):
		pipe.Decl = []*parse.VariableNode{p.nodes.newVariable(start, name)}
	default: // a value
		p.pos = start
		return
	}
	for _, v := range pipe.Decl {
		p.must(v.Ident[0] != "$")
		p.vars = append(p.vars, v.Ident[0])
	}
}

// assigns reads := or = if that is next.
func (p *Parser) assigns(pipe *parse.PipeNode) bool {
	switch {
	case p.at(0) == ':' && p.at(1) == '=':
		p.pos += 2
		return true
	case p.at(0) == '=':
		p.pos++
		pipe.IsAssign = true
		return true
	}
	return false
}

// command reads operands up to a bar, after which there is more, or up to what closes the pipeline.
func (p *Parser) command(context pipeContext) (command *parse.CommandNode, more bool) {
	p.blanks()
	pos, mark := p.pos, len(p.stack)
	for {
		p.stack = append(p.stack, p.operand())
		spaced := p.blanks()
		closed := false
		switch {
		case p.at(0) == '|':
			p.pos++
			closed, more = true, true
		case context.isParens && p.at(0) == ')':
			p.pos++
			closed = true
		case !context.isParens:
			closed = p.closeAction(spaced)
		}
		if closed {
			command = p.nodes.newCommand(pos, p.stack[mark:])
			p.stack = p.stack[:mark]
			return command, more
		}
		p.must(spaced)
	}
}

// operand reads a term and the fields after it.
func (p *Parser) operand() parse.Node {
	start := p.pos
	switch c := p.at(0); {
	case c == '.':
		return p.field()
	case c == '$':
		name := p.variable()
		p.must(slices.Contains(p.vars, name))
		p.names = append(p.names[:0], name)
		pos := p.pos
		if !p.fields() {
			pos = start
		}
		return p.nodes.newVariable(pos, p.names...)
	case c == '(':
		p.pos++
		return p.chain(p.pipeline(pipeContext{isParens: true}))
	case c == '"' || c == '`':
		quoted, text := p.quoted()
		p.must(p.at(0) != '.')
		return p.nodes.newString(start, quoted, text)
	case isDigit(c) || c == '-':
		return p.number()
	case isLetter(c):
		return p.identifier()
	}
	panic(giveUp{})
}

// field reads the dot, or a field of it and the fields of that. The position is
// that of the second field, if there is one.
func (p *Parser) field() parse.Node {
	start := p.pos
	if !isLetter(p.at(1)) {
		p.pos++
		p.must(p.terminated() && p.at(0) != '.')
		return p.nodes.newDot(start)
	}
	p.names = p.names[:0]
	p.pos++
	p.names = append(p.names, p.word())
	pos := p.pos
	if !p.fields() {
		pos = start
	}
	return p.nodes.newField(pos, p.names)
}

// fields reads .a.b and reports whether there was any.
func (p *Parser) fields() bool {
	before := len(p.names)
	for p.at(0) == '.' {
		p.must(isLetter(p.at(1)))
		p.pos++
		p.names = append(p.names, p.word())
	}
	return len(p.names) > before
}

// chain reads fields of what node comes to.
func (p *Parser) chain(node parse.Node) parse.Node {
	pos := p.pos
	p.names = p.names[:0]
	if !p.fields() {
		return node
	}
	return &parse.ChainNode{
		NodeType: parse.NodeChain, Pos: parse.Pos(pos), Node: node, Field: slices.Clone(p.names),
	}
}

// variable reads the name of one, with its dollar sign.
func (p *Parser) variable() string {
	start := p.pos
	p.pos++
	for isWordByte(p.at(0)) {
		p.pos++
	}
	p.must(p.terminated())
	return p.text[start:p.pos]
}

// identifier reads a function's name or a constant that is a word.
func (p *Parser) identifier() parse.Node {
	start := p.pos
	word := p.word()
	switch word {
	case "true", "false":
		p.must(p.at(0) != '.')
		return &parse.BoolNode{NodeType: parse.NodeBool, Pos: parse.Pos(start), True: word == "true"}
	case "nil":
		p.must(p.at(0) != '.')
		return &parse.NilNode{NodeType: parse.NodeNil, Pos: parse.Pos(start)}
	case "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with":
		panic(giveUp{})
	}
	p.must(p.Funcs == nil || p.Funcs[word] != nil || Builtins[word] != nil)
	p.Calls = p.Calls || p.Noted != nil && p.Noted(word)
	return p.chain(p.nodes.newIdentifier(start, word))
}

// number reads a whole decimal number; there are others, but not in charts.
func (p *Parser) number() parse.Node {
	start := p.pos
	if p.at(0) == '-' {
		p.pos++
	}
	digits := p.pos
	for isDigit(p.at(0)) {
		p.pos++
	}
	n := p.pos - digits
	p.must(n > 0 && n <= 18 && (p.text[digits] != '0' || n == 1 && digits == start))
	c := p.at(0)
	p.must(!isWordByte(c) && c < utf8.RuneSelf && c != '.' && c != '+' && c != '-')
	text := p.text[start:p.pos]
	i, err := strconv.ParseInt(text, 10, 64)
	p.must(err == nil)
	return p.nodes.newNumber(start, text, i)
}

// quoted reads a string of either kind: as it is written, and its meaning.
func (p *Parser) quoted() (quoted, text string) {
	start := p.pos
	quote := p.at(0)
	p.must(quote == '"' || quote == '`')
	plain := quote == '"'
	for p.pos++; p.at(0) != quote; p.pos++ {
		c := p.at(0)
		p.must(c != 0 && (c != '\n' || quote == '`'))
		if c == '\\' && quote == '"' {
			p.pos++
			p.must(p.at(0) != 0 && p.at(0) != '\n')
		}
		plain = plain && c != '\\' && c < utf8.RuneSelf
	}
	p.pos++
	quoted = p.text[start:p.pos]
	if plain {
		return quoted, quoted[1 : len(quoted)-1]
	}
	text, err := strconv.Unquote(quoted)
	p.must(err == nil)
	return quoted, text
}

// word reads letters and digits up to what may stand after a name.
func (p *Parser) word() string {
	start := p.pos
	for isWordByte(p.at(0)) {
		p.pos++
	}
	p.must(p.terminated())
	return p.text[start:p.pos]
}

// terminated reports whether the next byte may stand after a name.
func (p *Parser) terminated() bool {
	c := p.at(0)
	return isBlank(c) || c != 0 && strings.IndexByte(".,|:()", c) >= 0 || c == '}' && p.at(1) == '}'
}

// blanks skips blanks and reports whether there were any.
func (p *Parser) blanks() bool {
	start := p.pos
	for isBlank(p.at(0)) {
		p.pos++
	}
	return p.pos > start
}

// at is the n-th of the bytes not read yet, or 0 after the end.
func (p *Parser) at(n int) byte {
	if p.pos+n < len(p.text) {
		return p.text[p.pos+n]
	}
	return 0
}
