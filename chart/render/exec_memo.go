package render

import (
	"reflect"
	"slices"
	"sync"
	"text/template"
	"text/template/parse"
	"unsafe"
)

// Charts include the same few definitions, their names and labels, in every
// template with the same root object. Where nothing can have changed between two
// includes, the second one gets the text of the first: no template of the render
// changes values (see functions), the definition calls only functions that give
// the same result again, and it looks at nothing that differs from file to file.

// memo keeps what definitions wrote for the root objects of charts.
type memo struct {
	mu      sync.Mutex
	texts   map[memoKey]string
	settled map[string]bool // definition -> whether its text stays the same
}

type memoKey struct{ place, name string } // the chart's basePath, the definition

func newMemo() *memo { return &memo{texts: map[memoKey]string{}, settled: map[string]bool{}} }

// key says what an include's text may be kept under; data must be the root
// object of the file that is being executed.
func (s *templateSet) key(name string, data any) (memoKey, bool) {
	e := s.engine
	root, ok := data.(values)
	if !ok || s.memo == nil || e.root == nil || e.tplParser.Calls || identity(root) != e.root {
		return memoKey{}, false
	}
	return memoKey{e.place, name}, s.memo.settles(name, s.templates)
}

func identity(m values) unsafe.Pointer { return reflect.ValueOf(m).UnsafePointer() }

func (m *memo) get(key memoKey) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok := m.texts[key]
	return text, ok
}

func (m *memo) put(key memoKey, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts[key] = text
}

// settles says whether a definition's text stays the same for one root object.
func (m *memo) settles(name string, templates *template.Template) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settlesNow(name, templates, 0)
}

// maxSettledDepth bounds how deeply definitions that include each other are
// looked through: this runs on the stack, before any of them is executed.
const maxSettledDepth = 100

func (m *memo) settlesNow(name string, templates *template.Template, depth int) bool {
	known, ok := m.settled[name]
	if ok || depth > maxSettledDepth {
		return known
	}
	t := templates.Lookup(name)
	if t == nil || t.Tree == nil {
		return false
	}
	m.settled[name] = false // while it is looked at, for those that include themselves
	l := settledLook{func(name string) bool { return m.settlesNow(name, templates, depth+1) }}
	m.settled[name] = l.list(t.Root)
	return m.settled[name]
}

// settledLook looks for what may come to another text in another file.
type settledLook struct{ settles func(name string) bool }

func (l settledLook) list(list *parse.ListNode) bool {
	return list == nil || !slices.ContainsFunc(list.Nodes, func(n parse.Node) bool { return !l.node(n) })
}

func (l settledLook) node(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.TextNode, *parse.CommentNode, *parse.BreakNode, *parse.ContinueNode:
		return true
	case *parse.ActionNode:
		return l.pipe(n.Pipe)
	case *parse.IfNode:
		return l.branch(&n.BranchNode)
	case *parse.WithNode:
		return l.branch(&n.BranchNode)
	case *parse.RangeNode:
		return l.branch(&n.BranchNode)
	}
	return false // {{template}}, and what is new
}

func (l settledLook) branch(n *parse.BranchNode) bool {
	return l.pipe(n.Pipe) && l.list(n.List) && l.list(n.ElseList)
}

func (l settledLook) pipe(p *parse.PipeNode) bool {
	return !slices.ContainsFunc(p.Cmds, func(c *parse.CommandNode) bool { return !l.command(c) })
}

func (l settledLook) command(c *parse.CommandNode) bool {
	args := c.Args
	if f, ok := args[0].(*parse.IdentifierNode); ok {
		if f.Ident == "include" {
			return l.include(args[1:])
		}
		if !functions[f.Ident].pure {
			return false
		}
		args = args[1:]
	}
	return !slices.ContainsFunc(args, func(n parse.Node) bool { return !l.operand(n) })
}

// include is settled if what it includes is, by name. The root object may be
// handed on.
func (l settledLook) include(args []parse.Node) bool {
	if len(args) != 2 {
		return false
	}
	name, ok := args[0].(*parse.StringNode)
	return ok && (bareRoot(args[1]) || l.operand(args[1])) && l.settles(name.Text)
}

func bareRoot(n parse.Node) bool {
	variable, ok := n.(*parse.VariableNode)
	return n.Type() == parse.NodeDot || ok && len(variable.Ident) == 1 && variable.Ident[0] == "$"
}

// operand refuses the root object as a whole, and the parts of it that are not
// the same in every file.
func (l settledLook) operand(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.NilNode:
		return true
	case *parse.FieldNode:
		return steadyFields(n.Ident)
	case *parse.VariableNode:
		return !bareRoot(n) && steadyFields(n.Ident)
	case *parse.ChainNode:
		return steadyFields(n.Field) && l.operand(n.Node)
	case *parse.PipeNode:
		return l.pipe(n)
	case *parse.IdentifierNode:
		return functions[n.Ident].pure
	}
	return false // the dot, and what is new
}

func steadyFields(names []string) bool {
	return !slices.Contains(names, "Template") && !slices.Contains(names, "Subcharts")
}
