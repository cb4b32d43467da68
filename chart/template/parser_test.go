package template

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/Masterminds/sprig/v3"
	"github.com/google/go-cmp/cmp"
)

// sameTrees compares what the parser makes of a text with what text/template makes of it: every node with its position,
// and what errors would say of it.
func sameTrees(t *testing.T, p *Parser, text string) (sure bool) {
	t.Helper()
	got, sure := p.Fast("f", text)
	if !sure {
		return false
	}
	want, err := parse.Parse("f", text, "", "", p.Funcs, Builtins)
	if err != nil {
		t.Fatalf("text/template refuses what the parser reads: %v\n%s", err, text)
	}
	if diff := cmp.Diff(dumpTrees(want), dumpTrees(got)); diff != "" {
		t.Fatalf("the trees differ (-text/template +parser):\n%s\n%s", diff, text)
	}
	return true
}

func newTestParser() *Parser {
	funcs := sprig.TxtFuncMap()
	for _, name := range []string{"include", "tpl", "required", "lookup", "toYaml", "fromYaml", "fromYamlArray", "toToml", "fromToml", "toYamlPretty", "fromJsonArray"} {
		funcs[name] = true
	}
	return &Parser{Funcs: funcs}
}

// dumpTrees is all there is to know of trees, in lines. Lines numbers are left out: they are deprecated, and
// text/template does not read them.
func dumpTrees(trees map[string]*parse.Tree) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		tree := trees[name]
		place, text := tree.ErrorContext(tree.Root)
		fmt.Fprintf(&b, "%q %q %q %s %q %v\n", name, tree.Name, tree.ParseName, place, text, tree.Mode)
		dump(&b, tree.Root)
	}
	return b.String()
}

// dump writes a node's type, place and content, then the nodes in it.
func dump(b *strings.Builder, node parse.Node) {
	fmt.Fprintf(b, "%T %d %d ", node, node.Type(), node.Position())
	var inside []parse.Node
	switch n := node.(type) {
	case *parse.ListNode:
		inside = n.Nodes
	case *parse.ActionNode:
		inside = []parse.Node{n.Pipe}
	case *parse.PipeNode:
		fmt.Fprint(b, n.IsAssign, len(n.Decl))
		for _, v := range n.Decl {
			inside = append(inside, v)
		}
		for _, c := range n.Cmds {
			inside = append(inside, c)
		}
	case *parse.CommandNode:
		inside = n.Args
	case *parse.ChainNode:
		fmt.Fprintf(b, "%q", n.Field)
		inside = []parse.Node{n.Node}
	case *parse.IfNode:
		inside = branches(&n.BranchNode)
	case *parse.RangeNode:
		inside = branches(&n.BranchNode)
	case *parse.WithNode:
		inside = branches(&n.BranchNode)
	case *parse.TemplateNode:
		fmt.Fprintf(b, "%q", n.Name)
		if n.Pipe != nil {
			inside = []parse.Node{n.Pipe}
		}
	case *parse.FieldNode:
		fmt.Fprintf(b, "%q", n.Ident)
	case *parse.VariableNode:
		fmt.Fprintf(b, "%q", n.Ident)
	case *parse.StringNode:
		fmt.Fprintf(b, "%q %q", n.Quoted, n.Text)
	case *parse.NumberNode:
		fmt.Fprint(b, n.Text, n.IsInt, n.IsUint, n.IsFloat, n.IsComplex, n.Int64, n.Uint64, n.Float64, n.Complex128)
	default:
		fmt.Fprintf(b, "%q", n.String())
	}
	b.WriteString("\n")
	for _, n := range inside {
		dump(b, n)
	}
}

func branches(n *parse.BranchNode) []parse.Node {
	out := []parse.Node{n.Pipe, n.List}
	if n.ElseList != nil {
		out = append(out, n.ElseList)
	}
	return out
}

// sureTexts are read by the parser itself.
var sureTexts = []string{
	"", "text", " \n", "a{{ .b }}c", "{{.}}", "{{ . }}", "{{$}}", "{{ $.Values.a.b }}", "{{.a.b.c}}",
	"{{- .a -}}\n x \n{{- .b }}", "{{ .a -}} ", " {{- .a }}", "{{/* c */}}a{{- /* c */ -}} b", "{{- /* c */}}", "{{/* a }} b */ -}}\n",
	`{{ include "a.b" . | nindent 4 }}`, `{{ "a\n\"é" | quote }}`, "{{ `raw \n }}` }}", `{{ printf "%s" "}}" }}`,
	"{{ $x := .a }}{{ $x = 1 }}{{ $x }}{{ $x.b.c }}", "{{$x:=1}}{{$x = -2}}", "{{ if .a }}x{{ end }}", "{{if(eq 1 2)}}{{else}}{{end}}",
	"{{ if .a }}x{{ else if .b }}y{{ else if and .c (not .d) }}\n{{- else }} z {{ end }}", "{{with .a}}{{.}}{{else with .b}}b{{else}}c{{end}}",
	"{{ range .a }}{{ break }}{{ continue }}{{ else }}n{{ end }}", "{{ range $i, $e := .a }}{{ $i }}{{ $e.x }}{{ end }}",
	"{{ range $e := .a }}{{ end }}{{range .a -}} x {{- end}}", `{{ template "a" . }}{{ template "b" }}{{template "c" (dict "a" 1)}}`,
	`{{ define "a" }}x{{ .b }}{{ end }}y`, "{{- define \"a\" -}}\n{{ $x := 1 }}{{ $x }}\n{{- end -}}\n{{ define `b` }}{{end}}",
	`{{define "a"}}{{end}}{{define "a"}}x{{end}}{{define "a"}} {{end}}`, "{{ (.a).b.c }}{{ (first .a).b }}", "{{ eq .a nil true false }}",
	"{{ .Values.a | default (dict) | toYaml | nindent 2 }}", "{{ list 0 1 -1 123456789012345678 }}", "{{ not (eq (.a | toString) \"b\") }}",
	"{{ ($x := 1) }}{{ $x }}", "{{\n.a\n|\nquote\n}}", "{{ .a }}\r\n{{- .b -}}\r\n", "é{{ .a }}é", "{{ if .a }}{{/* c */}}{{ end }}",
}

// otherTexts are left to text/template, right or wrong.
var otherTexts = []string{
	"{{", "{{ .a", "{{ }}", "{{ .a.1 }}", "{{ .a..b }}", "{{ .a-b }}", "{{ nofunction }}", "{{ $undefined }}", "{{ .a | }}", "{{ .a | .b | 1 }}",
	"{{ 1.5 }}", "{{ 0x10 }}", "{{ 'a' }}", "{{ end }}", "{{ else }}", "{{ if .a }}", "{{ if .a }}{{ else }}{{ else }}{{ end }}", "{{ break }}",
	"{{ block \"a\" . }}{{ end }}", "{{ if .a }}{{ define \"b\" }}{{ end }}{{ end }}", "{{ define \"a\" }}x{{ end }}{{ define \"a\" }}y{{ end }}",
	"{{/* open", "{{/* c */ }}", "{{ \"open }}", "{{ \"a\nb\" }}", "{{ (.a }}", "{{ .a) }}", "{{ range $i, $e }}{{ end }}", "{{ range .a }}{{ else if .b }}{{ end }}",
	"{{ $ := 1 }}", "{{ \"a\".b }}", "{{ true.a }}", "{{ . .a.é }}", "{{ .a(.b) }}", "\x00", "{{ 1234567890123456789 }}", "{{ 01 }}", "{{ -0 }}",
	"{{ if .a }}{{ $x := 1 }}{{ end }}{{ $x }}", "{{ \"\\z\" }}", "{{-}}", "{{ .a -}", "{{ include\"a\" }}",
}

func TestParserAgrees(t *testing.T) {
	p := newTestParser()
	for _, text := range sureTexts {
		if !sameTrees(t, p, text) {
			t.Errorf("the parser gives up on %q", text)
		}
	}
	for _, text := range otherTexts {
		if sameTrees(t, p, text) {
			t.Errorf("the parser is sure of %q", text)
		}
	}
}

// TestParserForReading: functions need not exist, and errors are text/template's.
func TestParserForReading(t *testing.T) {
	var p Parser
	for _, text := range append(slices.Clone(sureTexts), "{{ nofunction .a }}", "{{ 1.5 | nofunction }}") {
		want := map[string]*parse.Tree{}
		tree := parse.New("f")
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(text, "", "", want); err != nil {
			t.Fatal(err)
		}
		got, err := p.Parse("f", text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		for _, trees := range []map[string]*parse.Tree{want, got} {
			for _, tree := range trees {
				tree.Mode = 0 // nobody reads it any more
			}
		}
		if diff := cmp.Diff(dumpTrees(want), dumpTrees(got)); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
	if _, err := p.Parse("f", "{{ if }}"); err == nil {
		t.Error("no error")
	}
}

// TestParserReadsCharts holds the parser against the templates of the charts in PINTLE_BENCH_CHARTS, which it must read
// nearly all.
func TestParserReadsCharts(t *testing.T) {
	root := os.Getenv("PINTLE_BENCH_CHARTS")
	if root == "" {
		t.Skip("no charts: PINTLE_BENCH_CHARTS names a folder of them")
	}
	p := newTestParser()
	files, sure := 0, 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(filepath.Dir(name)) != "templates" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files++
		if sameTrees(t, p, string(text)) {
			sure++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d files", sure, files)
	if sure*100 < files*95 {
		t.Errorf("the parser reads only %d of %d files", sure, files)
	}
}

func FuzzParser(f *testing.F) {
	for _, text := range append(sureTexts, otherTexts...) {
		f.Add(text)
	}
	p := newTestParser()
	f.Fuzz(func(t *testing.T, text string) { sameTrees(t, p, text) })
}
