package render

import (
	"errors"
	"strings"
	"testing"
	"text/template/parse"
)

func TestCheckTemplate(t *testing.T) {
	for _, good := range []string{
		"", "text", "{{", "{{ . }}", "{{/* {{ if }} {{ if }} */}}", "{{ if 1 }}{{ else if 2 }}{{ else }}{{ end }}",
		strings.Repeat("{{ if 1 }}{{ end }}", 1000), strings.Repeat(`{{ print "{{ if 1 }}((((" }}`, 1000),
		strings.Repeat("{{- if 1 -}}", maxTemplateNest) + strings.Repeat("{{ end }}", maxTemplateNest),
		strings.Repeat("text ( ", 100_000), "{{ `" + strings.Repeat("(", 1000) + "` }}", strings.Repeat("{{ .a }}", 100_000),
	} {
		if err := checkTemplate(good); err != nil {
			t.Errorf("%.60q: %v", good, err)
		}
	}
	for _, bad := range []string{
		strings.Repeat("{{ if 1 }}", maxTemplateNest+1), strings.Repeat("{{-if 1}}x", 5) + strings.Repeat("{{- with 1}}", maxTemplateNest+1),
		"{{ if 1 }}" + strings.Repeat("{{ else if 1 }}", maxTemplateNest), "{{" + strings.Repeat("(", maxTemplateNest+1),
		"{{ or" + strings.Repeat(" 1", maxActionWords+1) + "}}", strings.Repeat("{{.}}", maxTemplateWords),
		"{{ ." + strings.Repeat("a.", maxActionWords) + "a }}", "{{ 1" + strings.Repeat("|len", maxActionWords) + "}}",
	} {
		if err := checkTemplate(bad); !errors.Is(err, ErrLimit) {
			t.Errorf("%.60q: error %v, want a limit", bad, err)
		}
	}
}

// FuzzCheckTemplate holds what is counted against what the parser makes of it: the count must never be less.
func FuzzCheckTemplate(f *testing.F) {
	for _, seed := range []string{
		"{{ if 1 }}{{ else if (2) }}{{ else }}{{ (3 | len (4)) }}{{ end }}", "{{- range . -}}{{/* x */ -}}{{ end }}",
		"{{ define `a` }}{{ with '(' }}{{ end }}{{ end }}{{ block \"b\\\"\" . }}{{ end }}", "{{if 1}}{{with 1}}{{else with ((2))}}{{end}}{{end}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		s := scanner{text: text}
		for s.next() {
			if s.action() != nil {
				return
			}
		}
		trees := map[string]*parse.Tree{}
		tree := parse.New("x")
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(text, "", "", trees); err != nil {
			return
		}
		for _, tree := range trees {
			if depth := treeDepth(tree.Root); depth > s.deepest {
				t.Errorf("%q is %d deep, counted as %d", text, depth, s.deepest)
			}
		}
	})
}

// treeDepth is how deeply the parser called itself for a node.
func treeDepth(node parse.Node) int {
	deepest := 0
	visit := func(n parse.Node) { deepest = max(deepest, treeDepth(n)) }
	branch := func(n *parse.BranchNode) int {
		visit(n.Pipe)
		visit(n.List)
		if n.ElseList != nil {
			visit(n.ElseList)
		}
		return deepest + 1
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			visit(child)
		}
	case *parse.ActionNode:
		visit(n.Pipe)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			for _, arg := range command.Args {
				if chain, ok := arg.(*parse.ChainNode); ok {
					arg = chain.Node
				}
				if pipe, ok := arg.(*parse.PipeNode); ok {
					deepest = max(deepest, treeDepth(pipe)+1)
				}
			}
		}
	case *parse.IfNode:
		return branch(&n.BranchNode)
	case *parse.WithNode:
		return branch(&n.BranchNode)
	case *parse.RangeNode:
		return branch(&n.BranchNode)
	}
	return deepest
}
