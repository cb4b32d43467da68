package template

import (
	"fmt"
	"testing"
	"text/template/parse"

	"github.com/google/go-cmp/cmp"
)

// TestWalk marks each node with what made its dot.
func TestWalk(t *testing.T) {
	trees, err := new(Parser).Parse("f", "{{ if .a }}a{{ with .b }}b{{ range .c }}c{{ else }}d{{ end }}{{ else }}e{{ end }}{{ end }}{{ .f }}")
	if err != nil {
		t.Fatal(err)
	}
	Walk(trees["f"].Root, func(node, dot parse.Node) parse.Node {
		if node.Type() == parse.NodeAction {
			return nil
		}
		by := ""
		if dot != nil {
			by = fmt.Sprint(dot.Type() == parse.NodeRange)
		}
		return &parse.TextNode{NodeType: parse.NodeText, Text: []byte("<" + by + ">")}
	})
	want := "<>{{if .a}}<>a<>{{with .b}}<false>b<false>{{range .c}}<true>c{{else}}<false>d{{end}}{{else}}<>e{{end}}{{end}}{{.f}}"
	if diff := cmp.Diff(want, trees["f"].Root.String()); diff != "" {
		t.Error(diff)
	}
}
