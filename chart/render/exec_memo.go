package render

import (
	"reflect"
	"slices"
	"sync"
	"text/template"
	"text/template/parse"
	"unsafe"
)

// Charts include the same few definitions, their names and labels, in every template with the same root object. Where
// nothing can have changed between two includes, the second one gets the text of the first: no template of the render
// changes values (see functions), the definition calls only functions that give the same result again, and it looks at
// nothing that differs from file to file.

// memo keeps what definitions wrote for the root objects of charts.
type memo struct {
	mu    sync.Mutex
	texts map[memoKey]string
	pure  map[string]bool // definition -> whether its text stays the same
}

type memoKey struct{ place, name string } // the chart's basePath, the definition

func newMemo() *memo { return &memo{texts: map[memoKey]string{}, pure: map[string]bool{}} }

// key says what an include's text may be kept under; data must be the root object of the file that is being executed.
func (s *templateSet) key(name string, data any) (memoKey, bool) {
	e := s.engine
	root, ok := data.(values)
	if !ok || s.memo == nil || e.root == nil || e.tplParser.Calls || identity(root) != e.root {
		return memoKey{}, false
	}
	return memoKey{e.place, name}, s.memo.isPure(name, s.templates)
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

// isPure reports whether a definition's text stays the same for one root object.
func (m *memo) isPure(name string, templates *template.Template) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lookThrough(name, templates, 0)
}

// maxPurityDepth bounds how deeply definitions that include each other are looked through: this runs on the stack,
// before any of them is executed.
const maxPurityDepth = 100

func (m *memo) lookThrough(name string, templates *template.Template, depth int) bool {
	known, ok := m.pure[name]
	if ok || depth > maxPurityDepth {
		return known
	}
	t := templates.Lookup(name)
	if t == nil || t.Tree == nil {
		return false
	}
	m.pure[name] = false // while it is looked at, for those that include themselves
	l := purityCheck{func(name string) bool { return m.lookThrough(name, templates, depth+1) }}
	m.pure[name] = l.list(t.Root)
	return m.pure[name]
}

// purityCheck looks for what may come to another text in another file.
type purityCheck struct{ isPure func(name string) bool }

func (l purityCheck) list(list *parse.ListNode) bool {
	return list == nil || !slices.ContainsFunc(list.Nodes, func(n parse.Node) bool { return !l.node(n) })
}

func (l purityCheck) node(n parse.Node) bool {
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

func (l purityCheck) branch(n *parse.BranchNode) bool {
	return l.pipe(n.Pipe) && l.list(n.List) && l.list(n.ElseList)
}

func (l purityCheck) pipe(p *parse.PipeNode) bool {
	return !slices.ContainsFunc(p.Cmds, func(c *parse.CommandNode) bool { return !l.command(c) })
}

func (l purityCheck) command(c *parse.CommandNode) bool {
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

// include is pure if what it includes is, by name. The root object may be handed on.
func (l purityCheck) include(args []parse.Node) bool {
	if len(args) != 2 {
		return false
	}
	name, ok := args[0].(*parse.StringNode)
	return ok && (bareRoot(args[1]) || l.operand(args[1])) && l.isPure(name.Text)
}

func bareRoot(n parse.Node) bool {
	variable, ok := n.(*parse.VariableNode)
	return n.Type() == parse.NodeDot || ok && len(variable.Ident) == 1 && variable.Ident[0] == "$"
}

// operand refuses the root object as a whole, and the parts of it that are not the same in every file.
func (l purityCheck) operand(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.NilNode:
		return true
	case *parse.FieldNode:
		return sameFields(n.Ident)
	case *parse.VariableNode:
		return !bareRoot(n) && sameFields(n.Ident)
	case *parse.ChainNode:
		return sameFields(n.Field) && l.operand(n.Node)
	case *parse.PipeNode:
		return l.pipe(n)
	case *parse.IdentifierNode:
		return functions[n.Ident].pure
	}
	return false // the dot, and what is new
}

func sameFields(names []string) bool {
	return !slices.Contains(names, "Template") && !slices.Contains(names, "Subcharts")
}
