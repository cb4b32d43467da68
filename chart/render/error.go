package render

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"
)

// Error says where a chart could not be rendered, and why. It is about a
// template that does not parse, one that fails, or a document that is no valid
// YAML.
type Error struct {
	Template string  // the file: <chart>/templates/x
	Line     int     // 1-based; 0 if unknown
	Col      int     // 1-based; 0 if unknown
	Source   string  // that line of the template
	Node     string  // the failing action, for instance .Values.a.b
	Hint     string  // what the values hold there and where that comes from; may be empty
	Chain    []Frame // how execution came here, from the outside in; empty without include and tpl
	Trace    string  // all that text/template says about a failed execution; columns from 0, as Helm prints them

	// For a document that is no valid YAML, the rendered lines around the
	// place, and the number of the first and of the failing one. Line is 0 then.
	Rendered      []string
	RenderedFirst int
	RenderedLine  int

	Cause error
}

// Frame is one step on the way to an error.
type Frame struct {
	Template string // the file, or "tpl" for a text given to tpl
	Line     int
	Col      int
	Node     string // the action: include "web.labels" .
}

// Error is one message: the place, the way there, the cause. A message that the
// chart's author wrote for required or fail stands as written.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("render " + place(e.Template, e.Line, e.Col))
	if e.RenderedLine > 0 {
		fmt.Fprintf(&b, ", rendered line %d", e.RenderedLine)
	}
	var user *userError
	if e.Node != "" && !errors.As(e.Cause, &user) {
		fmt.Fprintf(&b, ": at <%s>", e.Node)
	}
	fmt.Fprintf(&b, ": %v", e.Cause)
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	if n := len(e.Chain); n > 0 {
		outer := e.Chain[0]
		fmt.Fprintf(&b, " (from %s", place(outer.Template, outer.Line, outer.Col))
		if n > 1 {
			fmt.Fprintf(&b, " through %d more", n-1)
		}
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Details are lines for a human under the message: the way to the place, then
// the template's line or the rendered lines.
func (e *Error) Details() []string {
	var lines []string
	for _, f := range e.Chain {
		lines = append(lines, fmt.Sprintf("%s: %s", place(f.Template, f.Line, f.Col), f.Node))
	}
	if e.Source != "" {
		lines = append(lines, fmt.Sprintf("%s: %s", place(e.Template, e.Line, e.Col), strings.TrimSpace(e.Source)))
	}
	for i, text := range e.Rendered {
		mark := " "
		if e.RenderedFirst+i == e.RenderedLine {
			mark = ">"
		}
		lines = append(lines, fmt.Sprintf("%s %4d | %s", mark, e.RenderedFirst+i, text))
	}
	return lines
}

func place(file string, line, col int) string {
	switch {
	case line == 0:
		return file
	case col == 0:
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fmt.Sprintf("%s:%d:%d", file, line, col)
}

// executionError explains what text/template says about a failed execution of
// the file name. Each nested error is a step: an include, a tpl, the cause.
func (e *engine) executionError(name string, err error) *Error {
	out := &Error{Template: name, Cause: err}
	var frames []Frame
	var levels []string
	for err != nil {
		exec, ok := errors.AsType[template.ExecError](err)
		if !ok {
			break
		}
		inner := errors.Unwrap(exec.Err)
		message := exec.Err.Error()
		if inner != nil {
			message = strings.TrimSuffix(message, inner.Error())
		}
		levels = append(levels, message)
		frame, rest := parseFrame(message)
		frames = append(frames, frame)
		out.Cause = inner
		if inner == nil {
			out.Cause = errors.New(rest)
		}
		err = inner
	}
	out.Trace = trace(levels, err)
	if len(frames) > 0 {
		if frames[0].Template == e.parsedAs[name] {
			frames[0].Template = name
		}
		last := frames[len(frames)-1]
		out.Template, out.Line, out.Col, out.Node = last.Template, last.Line, last.Col, last.Node
		out.Chain = frames[:len(frames)-1]
	}
	if out.Node == "_enter" {
		out.Node = ""
	}
	if tpl, ok := errors.AsType[*tplError](out.Cause); ok { // a tpl text that does not parse
		out.Cause = &tplError{parseCause(tpl.err)}
	}
	out.Source = e.sourceLine(out.Template, out.Line)
	return out
}

const (
	tplName  = "gotpl" // of the set, and so of texts given to tpl
	tplPlace = "tpl"   // what messages call those
)

// parseFrame reads "template: file:1:2: executing "x" at <node>: rest".
func parseFrame(message string) (Frame, string) {
	rest := strings.TrimPrefix(message, "template: ")
	location, rest, ok := strings.Cut(rest, ": executing ")
	if !ok {
		return Frame{}, message
	}
	f := parseLocation(location)
	if f.Template == tplName {
		f.Template = tplPlace
	}
	if _, after, ok := strings.Cut(rest, " at <"); ok {
		if node, tail, ok := strings.Cut(after, ">: "); ok {
			f.Node, rest = node, tail
		}
	}
	return f, rest
}

// parseLocation reads file:line:col or file:line.
func parseLocation(s string) Frame {
	numbers := [2]int{}
	n := 0
	for n < 2 {
		i := strings.LastIndexByte(s, ':')
		if i < 0 {
			break
		}
		v, err := strconv.Atoi(s[i+1:])
		if err != nil {
			break
		}
		numbers[n] = v
		s = s[:i]
		n++
	}
	switch n {
	case 2: // text/template counts columns from 0
		return Frame{Template: s, Line: numbers[1], Col: numbers[0] + 1}
	case 1:
		return Frame{Template: s, Line: numbers[0]}
	}
	return Frame{Template: s}
}

// parseError explains what the parser says: "template: file:line: cause".
func (e *engine) parseError(name string, err error) error {
	out := &Error{Template: name, Cause: err}
	rest := strings.TrimPrefix(err.Error(), "template: ")
	if location, cause, ok := strings.Cut(rest, ": "); ok {
		f := parseLocation(location)
		out.Template, out.Line, out.Col = f.Template, f.Line, f.Col
		out.Cause = errors.New(cause)
		out.Source = e.sourceLine(f.Template, f.Line)
	}
	return out
}

// parseCause is the parser's message without its prefix.
func parseCause(err error) error {
	rest := strings.TrimPrefix(err.Error(), "template: ")
	if location, cause, ok := strings.Cut(rest, ": "); ok {
		if f := parseLocation(location); f.Line > 0 {
			return fmt.Errorf("line %d: %s", f.Line, cause)
		}
	}
	return err
}

// sourceLine is a line of a template file.
func (e *engine) sourceLine(name string, line int) string {
	for _, s := range e.sources {
		if s.name == name {
			return nthLine(s.text, line)
		}
	}
	return ""
}

func nthLine(text string, n int) string {
	for line := range strings.Lines(text) {
		if n--; n == 0 {
			return strings.TrimRight(line, "\r\n")
		}
	}
	return ""
}
