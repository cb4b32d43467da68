package template

import "text/template/parse"

// slab hands out parts of larger allocations: a chart has hundreds of thousands of nodes, and all live until the render
// ends.
type slab[T any] []T

const slabSize = 64

// put is the address of a copy of v.
func (s *slab[T]) put(v T) *T {
	if len(*s) == 0 {
		*s = make([]T, slabSize)
	}
	out := &(*s)[0]
	*out = v
	*s = (*s)[1:]
	return out
}

// copyOf is a copy of list that cannot grow into what comes after it.
func (s *slab[T]) copyOf(list []T) []T {
	n := len(list)
	if n == 0 {
		return nil
	}
	if n > len(*s) {
		*s = make([]T, max(n, slabSize))
	}
	out := (*s)[:n:n]
	copy(out, list)
	*s = (*s)[n:]
	return out
}

// nodeSlabs are where the parser takes its nodes from. What is rare is allocated one by one.
type nodeSlabs struct {
	nodes        slab[parse.Node]
	names        slab[string]
	pipeCommands slab[*parse.CommandNode]

	lists       slab[parse.ListNode]
	texts       slab[parse.TextNode]
	actions     slab[parse.ActionNode]
	pipes       slab[parse.PipeNode]
	commands    slab[parse.CommandNode]
	fields      slab[parse.FieldNode]
	variables   slab[parse.VariableNode]
	identifiers slab[parse.IdentifierNode]
	strings     slab[parse.StringNode]
	dots        slab[parse.DotNode]
	ifs         slab[parse.IfNode]
}

func (s *nodeSlabs) newList(pos int, nodes []parse.Node) *parse.ListNode {
	return s.lists.put(parse.ListNode{NodeType: parse.NodeList, Pos: parse.Pos(pos), Nodes: s.nodes.copyOf(nodes)})
}

func (s *nodeSlabs) newText(pos int, text []byte) parse.Node {
	return s.texts.put(parse.TextNode{NodeType: parse.NodeText, Pos: parse.Pos(pos), Text: text})
}

func (s *nodeSlabs) newAction(pipe *parse.PipeNode) parse.Node {
	return s.actions.put(parse.ActionNode{NodeType: parse.NodeAction, Pos: pipe.Pos, Pipe: pipe})
}

func (s *nodeSlabs) newPipe(pos int) *parse.PipeNode {
	return s.pipes.put(parse.PipeNode{NodeType: parse.NodePipe, Pos: parse.Pos(pos)})
}

func (s *nodeSlabs) newCommand(pos int, args []parse.Node) *parse.CommandNode {
	return s.commands.put(parse.CommandNode{
		NodeType: parse.NodeCommand, Pos: parse.Pos(pos), Args: s.nodes.copyOf(args),
	})
}

func (s *nodeSlabs) newField(pos int, names []string) parse.Node {
	return s.fields.put(parse.FieldNode{NodeType: parse.NodeField, Pos: parse.Pos(pos), Ident: s.names.copyOf(names)})
}

func (s *nodeSlabs) newVariable(pos int, names ...string) *parse.VariableNode {
	return s.variables.put(parse.VariableNode{
		NodeType: parse.NodeVariable, Pos: parse.Pos(pos), Ident: s.names.copyOf(names),
	})
}

func (s *nodeSlabs) newIdentifier(pos int, name string) parse.Node {
	return s.identifiers.put(parse.IdentifierNode{NodeType: parse.NodeIdentifier, Pos: parse.Pos(pos), Ident: name})
}

func (s *nodeSlabs) newString(pos int, quoted, text string) parse.Node {
	return s.strings.put(parse.StringNode{NodeType: parse.NodeString, Pos: parse.Pos(pos), Quoted: quoted, Text: text})
}

func (s *nodeSlabs) newDot(pos int) parse.Node {
	return s.dots.put(parse.DotNode{NodeType: parse.NodeDot, Pos: parse.Pos(pos)})
}

// newNumber is a whole number with every type that can hold it.
func (s *nodeSlabs) newNumber(pos int, text string, i int64) parse.Node {
	n := &parse.NumberNode{
		NodeType: parse.NodeNumber, Pos: parse.Pos(pos), Text: text,
		IsInt: true, Int64: i, IsFloat: true, Float64: float64(i),
	}
	if i >= 0 {
		n.IsUint, n.Uint64 = true, uint64(i)
	}
	return n
}

func (s *nodeSlabs) newBranch(keyword string, pipe *parse.PipeNode, list, other *parse.ListNode) parse.Node {
	branch := parse.BranchNode{Pos: pipe.Pos, Pipe: pipe, List: list, ElseList: other}
	switch keyword {
	case "range":
		branch.NodeType = parse.NodeRange
		return &parse.RangeNode{BranchNode: branch}
	case "with":
		branch.NodeType = parse.NodeWith
		return &parse.WithNode{BranchNode: branch}
	}
	branch.NodeType = parse.NodeIf
	return s.ifs.put(parse.IfNode{BranchNode: branch})
}
