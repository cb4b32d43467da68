package render

import (
	"text/template/parse"
)

// text/template cannot be interrupted: it runs a loop over 10^12 numbers or a
// definition that calls itself until it is done. guard therefore adds actions
// to parsed templates that print nothing, but pass through our writer or a
// function of ours, where bounds are checked: one to each loop that does not
// begin with text, and a pair to each template that calls others by the
// template action. (Calls by include and tpl are seen anyway.)
func guard(tree *parse.Tree) {
	if tree.Root == nil || parse.IsEmptyTree(tree.Root) {
		return // an empty definition must stay one, it replaces nothing
	}
	if guardList(tree.Root) {
		nodes := append([]parse.Node{guardEnter}, tree.Root.Nodes...)
		tree.Root.Nodes = append(nodes, guardLeave)
	}
}

// The added actions: {{""}}, {{_enter}} and {{_leave}}. They are never changed,
// so all templates share them.
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

// guardList guards the loops in a list of nodes and says whether there is a
// template action in it.
func guardList(list *parse.ListNode) (calls bool) {
	if list == nil {
		return false
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TemplateNode:
			calls = true
		case *parse.IfNode:
			calls = guardBranch(&n.BranchNode) || calls
		case *parse.WithNode:
			calls = guardBranch(&n.BranchNode) || calls
		case *parse.RangeNode:
			calls = guardBranch(&n.BranchNode) || calls
			guardLoop(n.List)
		}
	}
	return calls
}

func guardBranch(n *parse.BranchNode) bool {
	inside := guardList(n.List)
	return guardList(n.ElseList) || inside
}

func guardLoop(body *parse.ListNode) {
	if len(body.Nodes) > 0 {
		if text, ok := body.Nodes[0].(*parse.TextNode); ok && len(text.Text) > 0 {
			return
		}
	}
	body.Nodes = append([]parse.Node{guardTick}, body.Nodes...)
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
