package lint

import (
	"slices"
	"strings"
	"text/template/parse"
)

// reach is what templates reach of the values, read from their parse trees.
// Wherever that cannot be read, more counts as reached, never less.
type reach struct {
	all     bool            // .Values itself went somewhere
	whole   map[string]bool // paths that went somewhere with all that is below
	touched map[string]bool // paths that were only asked for
	changed bool            // a template sets values
	reads   []read
}

// read is a value that is written out as it is, without a test or a default.
type read struct {
	path []string
	file string
	line int
}

const pathSeparator = "\x00"

func pathKey(path []string) string { return strings.Join(path, pathSeparator) }

func newReach() *reach { return &reach{whole: map[string]bool{}, touched: map[string]bool{}} }

// below reports whether anything below the path is reached.
func (r *reach) below(path []string) bool {
	prefix := pathKey(path) + pathSeparator
	for _, paths := range []map[string]bool{r.whole, r.touched} {
		for key := range paths {
			if strings.HasPrefix(key, prefix) {
				return true
			}
		}
	}
	return false
}

// mode says what happens to the value of an expression.
type mode uint8

const (
	follow mode = iota // it is only a step on the way
	test               // it is only asked whether it is there
	use                // it goes somewhere, with all that is below
)

// ref is what an expression may stand for: a path below .Values. A nil list of
// them means something else, or unknown.
type ref []string

// walker reads one parse tree.
type walker struct {
	*reach
	file   string
	line   func(parse.Pos) int
	dot    []ref
	vars   map[string][]ref
	guards []ref // paths that an enclosing if, with or range has asked for
	shield int   // depth of functions that cope with what is missing
	asked  *[]ref
}

// tree reads a template; the dot is the root object, as it is in files and, by
// custom, in definitions.
func (r *reach) tree(t *parse.Tree, file, text string) {
	if t.Root == nil {
		return
	}
	w := &walker{reach: r, file: file, vars: map[string][]ref{}}
	w.line = func(p parse.Pos) int {
		return 1 + strings.Count(text[:min(int(p), len(text))], "\n")
	}
	w.list(t.Root)
}

func (w *walker) list(n *parse.ListNode) {
	if n == nil {
		return
	}
	for _, node := range n.Nodes {
		switch x := node.(type) {
		case *parse.ActionNode:
			w.action(x.Pipe)
		case *parse.IfNode:
			w.branch(&x.BranchNode)
		case *parse.WithNode:
			w.branch(&x.BranchNode)
		case *parse.RangeNode:
			w.branch(&x.BranchNode)
		case *parse.TemplateNode:
			w.shielded(func() { w.pipe(x.Pipe, use) })
		}
	}
}

// action is an action by itself: it writes its value, or declares a variable.
func (w *walker) action(p *parse.PipeNode) {
	if len(p.Decl) == 0 {
		w.pipe(p, use)
		return
	}
	w.declare(p, w.pipe(p, follow))
}

func (w *walker) declare(p *parse.PipeNode, refs []ref) {
	for _, r := range refs {
		w.touched[pathKey(r)] = true
	}
	if len(p.Decl) == 0 {
		return
	}
	for _, v := range p.Decl {
		w.vars[v.Ident[0]] = append(w.vars[v.Ident[0]], refs...)
	}
}

// branch is an if, with or range.
func (w *walker) branch(n *parse.BranchNode) {
	how := test
	if n.NodeType == parse.NodeRange {
		how = use
	}
	var asked []ref
	before := w.asked
	w.asked = &asked
	var refs []ref
	w.shielded(func() { refs = w.pipe(n.Pipe, how) })
	w.asked = before
	if before != nil {
		*before = append(*before, asked...)
	}
	dot, guards := w.dot, len(w.guards)
	w.guards = append(w.guards, asked...)
	switch n.NodeType {
	case parse.NodeRange:
		w.dot = nil
	case parse.NodeWith:
		w.dot = refs
		fallthrough
	default:
		w.declare(n.Pipe, refs)
	}
	w.list(n.List)
	w.dot = dot
	w.list(n.ElseList)
	w.guards = w.guards[:guards]
}

func (w *walker) shielded(do func()) {
	w.shield++
	do()
	w.shield--
}

// pipe reads a pipeline: each command's value is the last argument of the next.
func (w *walker) pipe(p *parse.PipeNode, how mode) []ref {
	if p == nil {
		return nil
	}
	return w.commands(p.Cmds, how)
}

func (w *walker) commands(cmds []*parse.CommandNode, how mode) []ref {
	if len(cmds) == 0 {
		return nil
	}
	last := cmds[len(cmds)-1]
	var args []argument
	for _, n := range last.Args[1:] {
		args = append(args, w.argument(n))
	}
	if len(cmds) > 1 {
		args = append(args, argument{eval: func(how mode) []ref { return w.commands(cmds[:len(cmds)-1], how) }})
	}
	if name, ok := last.Args[0].(*parse.IdentifierNode); ok {
		return w.call(name.Ident, args, how)
	}
	for _, a := range args { // of a method
		w.shielded(func() { a.eval(use) })
	}
	return w.node(last.Args[0], how)
}

// argument is one argument of a function, not yet read.
type argument struct {
	literal string // of a string constant
	isText  bool
	eval    func(mode) []ref
}

func (w *walker) argument(n parse.Node) argument {
	a := argument{eval: func(how mode) []ref { return w.node(n, how) }}
	if s, ok := n.(*parse.StringNode); ok {
		a.literal, a.isText = s.Text, true
	}
	return a
}

// node reads an operand.
func (w *walker) node(n parse.Node, how mode) []ref {
	switch x := n.(type) {
	case *parse.PipeNode:
		return w.pipe(x, how)
	case *parse.DotNode:
		return w.mark(w.dot, how, x.Position())
	case *parse.FieldNode:
		return w.mark(extend(w.dot, x.Ident), how, x.Position())
	case *parse.VariableNode:
		return w.mark(extend(w.vars[x.Ident[0]], x.Ident[1:]), how, x.Position())
	case *parse.ChainNode:
		return w.mark(extend(w.node(x.Node, follow), x.Field), how, x.Position())
	}
	return nil
}

// extend follows field names. "Values" begins anew, whatever it is a field of.
func extend(refs []ref, fields []string) []ref {
	if i := slices.Index(fields, "Values"); i >= 0 {
		return []ref{slices.Clone(fields[i+1:])}
	}
	if len(fields) == 0 {
		return refs
	}
	out := make([]ref, 0, len(refs))
	for _, r := range refs {
		out = append(out, slices.Concat(r, fields))
	}
	return out
}

// mark notes what happens to the values that refs stand for.
func (w *walker) mark(refs []ref, how mode, pos parse.Pos) []ref {
	for _, r := range refs {
		if how != follow && w.asked != nil {
			*w.asked = append(*w.asked, r)
		}
		switch {
		case how == test:
			w.touched[pathKey(r)] = true
		case how == use && len(r) == 0:
			w.all = true
		case how == use:
			w.whole[pathKey(r)] = true
			if len(refs) == 1 && w.shield == 0 && !w.guarded(r) {
				w.reads = append(w.reads, read{r, w.file, w.line(pos)})
			}
		}
	}
	return refs
}

// guarded reports whether an enclosing branch has asked for the path, for
// something above it or below it.
func (w *walker) guarded(path ref) bool {
	return slices.ContainsFunc(w.guards, func(g ref) bool {
		n := min(len(g), len(path))
		return slices.Equal(g[:n], path[:n])
	})
}
