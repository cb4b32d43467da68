package render

import (
	"bytes"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	charttemplate "github.com/pintle-ci/pintle/chart/template"
)

// sourceMap tells which part of a template wrote which part of its output. It is made by executing a template once
// more, after its output proved to be no YAML, with a mark before every node that writes: a text node of ours, whose
// bytes text/template hands to the writer as they are, so their address tells them.
type sourceMap struct {
	scanned int64             // bytes of templates, to find lines
	marks   map[*byte]written // the byte of a mark's text -> what follows it
	outputs []*output         // of the template and of all that it includes, in the order in which they begin
}

// written is where in an output a node begins to write.
type written struct {
	at     int // offset in the output
	place  Frame
	isText bool // lines of the output are lines of the template
}

// note takes a mark out of what a template writes and reports whether p was one.
func (r *sourceMap) note(o *output, p []byte) bool {
	if len(p) != 1 {
		return false
	}
	w, ok := r.marks[&p[0]]
	if ok {
		if len(o.marks) == 0 {
			r.outputs = append(r.outputs, o)
		}
		w.at = len(o.text)
		o.marks = append(o.marks, w)
	}
	return ok
}

// mark adds the marks to copies of all templates of a set.
func (r *sourceMap) mark(set *template.Template) error {
	for _, t := range set.Templates() {
		if t.Tree == nil || t.Root == nil || parse.IsEmptyTree(t.Root) {
			continue
		}
		tree := t.Tree.Copy()
		charttemplate.Walk(tree.Root, func(node, _ parse.Node) parse.Node {
			switch node.(type) {
			case *parse.TextNode, *parse.ActionNode, *parse.TemplateNode:
				return r.newMark(tree, node)
			}
			return nil
		})
		if _, err := set.AddParseTree(t.Name(), tree); err != nil {
			return err
		}
	}
	return nil
}

// maxScanned bounds the bytes of templates that are read to number their lines; a long one with many nodes would take
// minutes.
const maxScanned = 1 << 30

// newMark is nil where too much was read already.
func (r *sourceMap) newMark(tree *parse.Tree, node parse.Node) parse.Node {
	if r.scanned > maxScanned {
		return nil
	}
	r.scanned += int64(node.Position())
	location, _ := tree.ErrorContext(node)
	text := []byte{' '}
	_, isText := node.(*parse.TextNode)
	r.marks[&text[0]] = written{place: parseLocation(location), isText: isText}
	return &parse.TextNode{NodeType: parse.NodeText, Text: text}
}

// locate names the template line that wrote the failing line of a rendered file, and the includes within which it was
// written. An error that cannot be located stays as it is: the second execution may come to another text, as templates
// change values and use random ones.
func (e *engine) locate(out *Error) {
	i := slices.IndexFunc(e.sources, func(s source) bool { return s.name == out.Template })
	if i < 0 || out.RenderedLine == 0 || len(out.Rendered) == 0 {
		return
	}
	again := newEngine(e.ctx, e.opts)
	again.sources = e.sources
	again.sourceMap = &sourceMap{marks: map[*byte]written{}}
	set, err := again.parse()
	if err != nil || again.sourceMap.mark(set.templates) != nil || again.sourceMap.scanned > maxScanned {
		return
	}
	e.sources[i].root["Template"] = e.sources[i].template()
	_, err = again.execute(set.templates.Lookup(out.Template), e.sources[i].root)
	if err != nil || len(again.sourceMap.outputs) == 0 {
		return
	}
	main := again.sourceMap.outputs[0]
	line, place := main.writer(out.RenderedLine)
	if place.Line == 0 || dropNoValue(line) != out.Rendered[out.RenderedLine-out.RenderedFirst] {
		return
	}
	out.Line = place.Line
	out.Source = e.sourceLine(out.Template, out.Line)
	out.Node = strings.TrimSpace(out.Source)
	out.Inner = e.innerPlaces(again.sourceMap.outputs[1:], line)
}

// innerPlaces finds the line in what was included, the outermost first.
func (e *engine) innerPlaces(outputs []*output, line string) []Frame {
	line = strings.TrimSpace(line)
	var frames []Frame
	for _, o := range outputs {
		wrote := strings.Split(string(o.text), "\n")
		n := slices.IndexFunc(wrote, func(s string) bool { return strings.TrimSpace(s) == line })
		if line == "" || n < 0 || len(frames) == maxShown {
			continue
		}
		_, at := o.writer(n + 1)
		at.Col = 0
		at.Node = strings.TrimSpace(e.sourceLine(at.Template, at.Line))
		if at.Line > 0 && !slices.Contains(frames, at) {
			frames = append(frames, at)
		}
	}
	return frames
}

// writer is a line of an output, counted from 1, and the place in a template that wrote its first character which is no
// blank.
func (o *output) writer(line int) (string, Frame) {
	start := 0
	for range line - 1 {
		i := bytes.IndexByte(o.text[start:], '\n')
		if i < 0 {
			return "", Frame{}
		}
		start += i + 1
	}
	text, _, _ := strings.Cut(string(o.text[start:]), "\n")
	at := start + len(text) - len(strings.TrimLeft(text, " \t"))
	for _, w := range slices.Backward(o.marks) {
		if w.at <= at {
			place := w.place
			if w.isText {
				place.Line += bytes.Count(o.text[w.at:at], []byte("\n"))
			}
			return text, place
		}
	}
	return text, Frame{}
}
