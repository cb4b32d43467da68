package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"

	charttemplate "github.com/pintle-ci/pintle/chart/template"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// executionError explains what text/template says about a failed execution of the file name. Each nested error is a
// step: an include, a tpl, the cause.
func (e *engine) executionError(name string, err error) *Error {
	out := &Error{Template: name, Cause: err, file: name}
	var frames []Frame
	var levels []string
	said := quoted{left: maxQuoted}
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
		levels = append(levels, message+said.around(inner))
		frame, rest := parseFrame(message)
		frames = append(frames, frame)
		out.Cause = inner
		if inner == nil {
			out.Cause = errors.New(rest)
		}
		err = inner
	}
	out.Trace = trace(levels, err, &said)
	if len(frames) > 0 {
		if frames[0].Template == e.parsedAs[name] {
			frames[0].Template = name
		}
		last := frames[len(frames)-1]
		out.Template, out.Line, out.Col, out.Node = last.Template, last.Line, last.Col, last.Node
		out.Chain = frames[:len(frames)-1]
	}
	if strings.HasPrefix(out.Node, "_") { // what guard added
		out.Node = ""
	}
	if tpl, ok := errors.AsType[*tplError](out.Cause); ok { // a tpl text that does not parse
		out.Cause = &tplError{tpl.text, parseCause(tpl.err)}
	}
	out.Source = e.sourceLine(out.Template, out.Line)
	if include, ok := errors.AsType[*includeError](err); ok && !errors.Is(err, errTooDeep) {
		out.Missing, out.Known = include.name, e.definitions()
	}
	return out
}

var definition = lazyregexp.New(`\{\{-?\s*define\s+"([^"]+)"`)

// definitions are the names of the named templates of all files, as far as they can be read without parsing.
func (e *engine) definitions() []string {
	var names []string
	for _, s := range e.sources {
		for _, m := range definition.FindAllStringSubmatch(s.text, -1) {
			names = append(names, m[1])
		}
	}
	return names
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
		out.Advice = parseAdvice(cause, e.sourceText(f.Template), out.Source)
		if m := noFunction.FindStringSubmatch(cause); m != nil {
			out.Missing = m[1]
			out.Known = slices.AppendSeq(slices.Collect(maps.Keys(e.funcs)), maps.Keys(charttemplate.Builtins))
		}
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
	return nthLine(e.sourceText(name), line)
}

// sourceText is the text of a template file, empty if there is none.
func (e *engine) sourceText(name string) string {
	for _, s := range e.sources {
		if s.name == name {
			return s.text
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

// block is an action that waits for its end.
type block struct {
	keyword string // if, range, with, define, block
	rest    string // the action's text after the keyword
	line    int
}

var controlAction = lazyregexp.New(`(?s)\{\{-?\s*(?:(/\*.*?\*/)|(if|range|with|define|block|end)\b(.*?))\s*-?\}\}`)

// openBlocks lists the blocks that are open at the end of a template's text, the outermost first. It is for messages:
// it reads actions as a human does, and may err where a string holds braces.
func openBlocks(text string) []block {
	var open []block
	for _, m := range controlAction.Compiled().FindAllStringSubmatchIndex(text, -1) {
		if m[4] < 0 { // a comment
			continue
		}
		switch keyword := text[m[4]:m[5]]; {
		case keyword != "end":
			line := 1 + strings.Count(text[:m[0]], "\n")
			open = append(open, block{keyword, strings.TrimSpace(text[m[6]:m[7]]), line})
		case len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	return open
}
