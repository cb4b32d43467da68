package render

import (
	"reflect"
	"slices"
	"strconv"
	"text/template/parse"
)

// text/template cannot be interrupted: it runs a loop over 10^12 numbers or a definition that calls itself until it is
// done. guard therefore adds actions to parsed templates that print nothing, but pass through our writer or a function
// of ours, where bounds are checked: one to each loop that does not begin with text, one between actions in a row that
// write nothing, and a pair to each template that calls others by the template action. (Calls by include and tpl are
// seen anyway.) Where an action prints what may be a list or a map, guard lets it pass through show, because package
// fmt does not come back from a map that holds itself.
func guard(tree *parse.Tree, funcs map[string]any) {
	if tree.Root == nil || parse.IsEmptyTree(tree.Root) {
		return // an empty definition must stay one, it replaces nothing
	}
	g := guarder{funcs: funcs}
	if g.list(tree.Root) {
		nodes := append([]parse.Node{guardEnter}, tree.Root.Nodes...)
		tree.Root.Nodes = append(nodes, guardLeave)
	}
	if g.deepest > nestedLittle {
		nodes := append([]parse.Node{guardWeigh(g.deepest)}, tree.Root.Nodes...)
		tree.Root.Nodes = append(nodes, guardWeigh(-g.deepest))
	}
}

// nestedLittle is up to which nesting of blocks and parentheses a template is as heavy as any other on the stack.
const nestedLittle = 10

type guarder struct {
	funcs          map[string]any
	depth, deepest int // nested blocks and parentheses
}

// guardWeigh is {{_weigh n}}.
func guardWeigh(n int) parse.Node {
	action := guardAction(parse.NewIdentifier("_weigh")).(*parse.ActionNode)
	number := &parse.NumberNode{NodeType: parse.NodeNumber, IsInt: true, Int64: int64(n), Text: strconv.Itoa(n)}
	action.Pipe.Cmds[0].Args = append(action.Pipe.Cmds[0].Args, number)
	return action
}

// weigh books n levels of nesting while a template is executed.
func (e *engine) weigh(n int) (string, error) {
	if e.meter.weight += n; e.meter.weight > maxWeight {
		return "", errTooDeep
	}
	return "", nil
}

// The added actions: {{""}}, {{_enter}} and {{_leave}}. They are never changed, so all templates share them.
var (
	guardTick  = guardAction(&parse.StringNode{NodeType: parse.NodeString, Quoted: `""`})
	guardEnter = guardAction(parse.NewIdentifier("_enter"))
	guardLeave = guardAction(parse.NewIdentifier("_leave"))
)

func guardAction(arg parse.Node) parse.Node {
	command := &parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{arg}}
	pipe := &parse.PipeNode{NodeType: parse.NodePipe, Cmds: []*parse.CommandNode{command}}
	return &parse.ActionNode{NodeType: parse.NodeAction, Pipe: pipe}
}

// maxSilent is how many nodes in a row may write nothing.
const maxSilent = 8

// list guards a list of nodes and reports whether there is a template action in it.
func (g *guarder) list(list *parse.ListNode) (calls bool) {
	if list == nil {
		return false
	}
	g.depth++
	defer func() { g.depth-- }()
	silent, longest := 0, 0
	for _, node := range list.Nodes {
		silent++
		switch n := node.(type) {
		case *parse.TextNode:
			silent = 0
		case *parse.ActionNode:
			g.pipe(n.Pipe)
			g.action(n)
		case *parse.TemplateNode:
			calls = true
			if n.Pipe != nil {
				g.pipe(n.Pipe)
			}
		case *parse.IfNode:
			calls = g.branch(&n.BranchNode) || calls
		case *parse.WithNode:
			calls = g.branch(&n.BranchNode) || calls
		case *parse.RangeNode:
			calls = g.branch(&n.BranchNode) || calls
			guardLoop(n.List)
		}
		longest = max(longest, silent)
	}
	if longest > maxSilent {
		list.Nodes = withTicks(list.Nodes)
	}
	return calls
}

// pipe measures how deeply a pipeline is nested.
func (g *guarder) pipe(p *parse.PipeNode) {
	g.deepest = max(g.deepest, g.depth)
	for _, command := range p.Cmds {
		for _, arg := range command.Args {
			if chain, ok := arg.(*parse.ChainNode); ok {
				arg = chain.Node
			}
			if inner, ok := arg.(*parse.PipeNode); ok {
				g.depth++
				g.pipe(inner)
				g.depth--
			}
		}
	}
}

func (g *guarder) branch(n *parse.BranchNode) bool {
	g.pipe(n.Pipe)
	inside := g.list(n.List)
	return g.list(n.ElseList) || inside
}

func withTicks(nodes []parse.Node) []parse.Node {
	out := make([]parse.Node, 0, len(nodes)+len(nodes)/maxSilent)
	for i, node := range nodes {
		out = append(out, node)
		if i%maxSilent == maxSilent-1 {
			out = append(out, guardTick)
		}
	}
	return out
}

func guardLoop(body *parse.ListNode) {
	if len(body.Nodes) > 0 {
		if text, ok := body.Nodes[0].(*parse.TextNode); ok && len(text.Text) > 0 {
			return
		}
	}
	body.Nodes = append([]parse.Node{guardTick}, body.Nodes...)
}

// action lets what an action prints pass through show.
func (g *guarder) action(n *parse.ActionNode) {
	commands := n.Pipe.Cmds
	if len(n.Pipe.Decl) > 0 || len(commands) == 0 || !g.mayNest(commands[len(commands)-1]) {
		return
	}
	node := &parse.IdentifierNode{NodeType: parse.NodeIdentifier, Pos: n.Pos, Ident: showName}
	n.Pipe.Cmds = append(slices.Clip(commands), &parse.CommandNode{
		NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{node},
	})
}

// mayNest reports whether a command may give a list or a map of anything.
func (g *guarder) mayNest(c *parse.CommandNode) bool {
	switch arg := c.Args[0].(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.NilNode:
		return false
	case *parse.IdentifierNode:
		f, ok := g.funcs[arg.Ident]
		if !ok { // built in
			return slices.Contains([]string{"and", "or", "index", "slice", "call"}, arg.Ident)
		}
		switch reflect.TypeOf(f).Out(0).Kind() {
		case reflect.Interface, reflect.Map, reflect.Slice:
			return true
		}
		return false
	}
	return true
}

const showName = "_show"

// show passes on what an action is about to print, unless there is no end to it. The value stays as it is, because
// whether it has an address decides how it is printed.
func show(v reflect.Value) (reflect.Value, error) {
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		return v, checkSize(v.Interface())
	}
	return v, nil
}

// enter books one level of nested templates; leave returns it.
func (e *engine) enter() (string, error) {
	if e.depth >= maxDepth {
		return "", errTooDeep
	}
	e.depth++
	return "", e.call()
}

func (e *engine) leave() string {
	e.depth--
	return ""
}
