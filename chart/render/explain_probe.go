package render

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	charttemplate "github.com/pintle-ci/pintle/chart/template"
)

// probe tells what the dot and the variables of a failing action are, which text/template does not say. It is made by
// executing the failing template once more, with a call before every action that notes them.
type probe struct {
	actions []probed
	levels  []probeLevel // of the template and what it includes, the outermost first
	marked  map[*parse.ListNode]bool
}

// probed is an action with a call before it.
type probed struct {
	template string   // in which it stands
	names    []string // what the call is given: ".", "$", "$x"
	scope    int      // the range or with that made its dot, in probe.actions; -1 if the template was given it
	keyword  string   // of a range or with
	pipe     string   // what that is given
}

// bindings are the values of "." and of variables.
type bindings map[string]any

// probeLevel is one execution: of the template, an include or a tpl.
type probeLevel struct {
	last int              // the action that was begun last, -1 for none
	seen map[int]bindings // action -> what it saw the last time
}

func (p *probe) enter() { p.levels = append(p.levels, probeLevel{-1, map[int]bindings{}}) }

// leave forgets an execution that did not fail.
func (p *probe) leave() { p.levels = p.levels[:len(p.levels)-1] }

// note is the function that templates call.
func (p *probe) note(action int, args ...any) string {
	b := bindings{}
	for i, name := range p.actions[action].names {
		b[name] = args[i]
	}
	level := &p.levels[len(p.levels)-1]
	level.last = action
	level.seen[action] = b
	return ""
}

const noteName = "_note"

func (p *probe) mark(tree *parse.Tree) {
	if tree == nil || tree.Root == nil || p.marked[tree.Root] {
		return
	}
	p.marked[tree.Root] = true
	made := map[parse.Node]int{nil: -1} // the range or with that made a dot -> its action
	charttemplate.Walk(tree.Root, func(node, dot parse.Node) parse.Node {
		pipe, keyword := pipeOf(node)
		if pipe == nil && node.Type() != parse.NodeTemplate {
			return nil
		}
		made[node] = len(p.actions)
		return p.newNote(tree.Name, keyword, pipe, made[dot])
	})
}

// pipeOf is what an action or a branch evaluates, and the keyword if that makes a new dot.
func pipeOf(node parse.Node) (pipe *parse.PipeNode, keyword string) {
	switch n := node.(type) {
	case *parse.ActionNode:
		return n.Pipe, ""
	case *parse.TemplateNode:
		return n.Pipe, ""
	case *parse.IfNode:
		return n.Pipe, ""
	case *parse.WithNode:
		return n.Pipe, "with"
	case *parse.RangeNode:
		return n.Pipe, "range"
	}
	return nil, ""
}

// newNote is {{_note n . $ $x}} for the variables that a pipeline reads.
func (p *probe) newNote(template, keyword string, pipe *parse.PipeNode, scope int) parse.Node {
	a := probed{template: template, names: []string{".", "$"}, scope: scope, keyword: keyword}
	if pipe != nil {
		a.names = variables(pipe, a.names)
		var commands []string
		for _, c := range pipe.Cmds {
			commands = append(commands, c.String())
		}
		a.pipe = strings.Join(commands, " | ")
	}
	n := len(p.actions)
	p.actions = append(p.actions, a)
	action := guardAction(parse.NewIdentifier(noteName)).(*parse.ActionNode)
	number := &parse.NumberNode{NodeType: parse.NodeNumber, IsInt: true, Int64: int64(n), Text: strconv.Itoa(n)}
	args := append(action.Pipe.Cmds[0].Args, number, &parse.DotNode{NodeType: parse.NodeDot})
	for _, name := range a.names[1:] {
		args = append(args, &parse.VariableNode{NodeType: parse.NodeVariable, Ident: []string{name}})
	}
	action.Pipe.Cmds[0].Args = args
	return action
}

// variables adds the variables that a pipeline reads to names.
func variables(pipe *parse.PipeNode, names []string) []string {
	for _, c := range pipe.Cmds {
		for _, arg := range c.Args {
			if chain, ok := arg.(*parse.ChainNode); ok {
				arg = chain.Node
			}
			switch n := arg.(type) {
			case *parse.VariableNode:
				if !slices.Contains(names, n.Ident[0]) {
					names = append(names, n.Ident[0])
				}
			case *parse.PipeNode:
				names = variables(n, names)
			}
		}
	}
	return names
}

// watch executes the template that failed once more. It is nil if that does not come to the same failure: templates
// change values and use random ones.
func (e *engine) watch(failed *Error) *probe {
	i := slices.IndexFunc(e.sources, func(s source) bool { return s.name == failed.file })
	endless := errors.Is(failed.Cause, ErrLimit) || errors.Is(failed.Cause, errTooDeep)
	if i < 0 || failed.Trace == "" || endless || context.Cause(e.ctx) != nil {
		return nil
	}
	again := newEngine(e.ctx, e.opts)
	again.sources = e.sources
	p := &probe{marked: map[*parse.ListNode]bool{}}
	again.funcs[noteName] = p.note
	set, err := again.parse()
	if err != nil {
		return nil
	}
	for _, t := range set.templates.Templates() {
		p.mark(t.Tree)
	}
	again.probe = p
	e.sources[i].root["Template"] = e.sources[i].template()
	_, err = again.execute(set.templates.Lookup(failed.file), e.sources[i].root)
	if _, ok := errors.AsType[template.ExecError](err); !ok {
		return nil
	}
	if same := e.executionError(failed.file, err); same.Trace != failed.Trace || len(p.levels) != len(failed.Chain)+1 {
		return nil
	}
	return p
}
