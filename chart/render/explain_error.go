package render

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Error says where a chart could not be rendered, and why. It is about a template that does not parse, one that fails,
// or a document that is no valid YAML.
type Error struct {
	Template string // the file: <chart>/templates/x
	Line     int    // 1-based; 0 if unknown
	Col      int    // 1-based; 0 if unknown
	Source   string // that line of the template
	Node     string // the failing action, for instance .Values.a.b
	Hint     string // what the values hold there and where that comes from; may be empty
	Advice   string // what to do about it; may be empty

	// The function or the named template that there is not, and those that there are, for a suggestion.
	Missing string
	Known   []string
	Chain   []Frame // how execution came here, from the outside in; empty without include and tpl
	Trace   string  // all that text/template says about a failed execution; columns from 0, as Helm prints them

	// For a document that is no valid YAML, the rendered lines around the place, and the number of the first and of the
	// failing one. Line is that of the template which wrote it, 0 if that is not certain.
	Rendered      []string
	RenderedFirst int
	RenderedLine  int
	Inner         []Frame // the includes within which it was written, from the outside in; Node is the line

	Cause error

	file   string              // the template that was executed
	secret bool                // the document is a Secret: its values are not to be quoted
	lacks  string              // the key that what Hint begins with is without
	whole  bool                // Hint begins with the value of the failing node
	call   string              // the function whose argument is wrong
	path   func(string) string // where a file is, for people; nil if that is its name
}

// Frame is one step on the way to an error.
type Frame struct {
	Template string // the file, or "tpl" for a text given to tpl
	Line     int
	Col      int
	Node     string // the action: include "web.labels" .
}

// Error is one message: the place, the cause, what the values hold, the way there. A message that the chart's author
// wrote for required or fail stands as written, before the place.
func (e *Error) Error() string {
	at, from := e.place(e.Template, e.Line, e.Col), ""
	if n := len(e.Chain); n > 0 {
		outer := e.Chain[0]
		from = "from " + e.place(outer.Template, outer.Line, outer.Col)
		if n > 1 {
			from += fmt.Sprintf(" through %d more", n-1)
		}
	}
	if user, ok := errors.AsType[*userError](e.Cause); ok {
		return user.message + " (" + strings.TrimSuffix(at+", "+from, ", ") + ")"
	}
	if e.RenderedLine > 0 {
		from = fmt.Sprintf("rendered line %d", e.RenderedLine)
	}
	if from != "" {
		from = " (" + from + ")"
	}
	return "render " + at + ": " + e.reason() + from
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// maxShown bounds the steps of an endless recursion that Details shows.
const maxShown = 12

// maxDetail bounds a line under a message, in bytes.
const maxDetail = 300

// Details are lines for a human under the message: the way to the place from the outside in, then the template's line
// with the failing part underlined; or the rendered lines and what wrote the failing one.
func (e *Error) Details() []string {
	var lines []string
	for i, f := range e.Chain {
		if hidden := len(e.Chain) - maxShown; hidden > 0 && i >= maxShown/2 && i < maxShown/2+hidden {
			if i == maxShown/2 {
				lines = append(lines, fmt.Sprintf("... %d more ...", hidden))
			}
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s", e.place(f.Template, f.Line, f.Col), f.Node))
	}
	for i, text := range e.Rendered {
		mark := " "
		if e.RenderedFirst+i == e.RenderedLine {
			mark = ">"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%s %4d | %s", mark, e.RenderedFirst+i, text), " "))
	}
	lines = append(lines, e.sourceLines()...)
	for _, f := range e.Inner {
		lines = append(lines, fmt.Sprintf("%s: %s", e.place(f.Template, f.Line, f.Col), f.Node))
	}
	if _, ok := errors.AsType[*userError](e.Cause); (ok || e.RenderedLine > 0) && e.Hint != "" {
		lines = append(lines, e.Hint)
	}
	for i, line := range lines {
		if len(line) > maxDetail {
			lines[i] = strings.ToValidUTF8(line[:maxDetail], "") + "..."
		}
	}
	return lines
}

// maxSource bounds the part of a template's line that is shown, in bytes.
const maxSource = 160

// sourceLines are the template's line and a line that points at the column.
func (e *Error) sourceLines() []string {
	if e.Source == "" {
		return nil
	}
	text := strings.TrimRight(e.Source, " \t\r")
	cut := len(text) - len(strings.TrimLeft(text, " \t"))
	start, end := e.span(text)
	if len(text)-cut > maxSource {
		cut = max(cut, min(end, len(text))-maxSource/2)
	}
	for cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut++
	}
	shown := text[cut:]
	if len(shown) > maxSource {
		shown = strings.ToValidUTF8(shown[:maxSource], "") + "..."
	}
	prefix := e.place(e.Template, e.Line, e.Col) + ": "
	lines := []string{prefix + shown}
	if start < cut || end <= start {
		return lines
	}
	before := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text[cut:start])
	width := max(1, utf8.RuneCountInString(text[start:min(end, len(text))]))
	return append(lines, strings.Repeat(" ", utf8.RuneCountInString(prefix))+before+strings.Repeat("^", width))
}

// span is the part of the template's line that failed: the action if it can be found around the column, else the
// column's byte; empty without a column.
func (e *Error) span(text string) (start, end int) {
	at := e.Col - 1
	if at < 0 || at > len(text) {
		return 0, 0
	}
	for from := 0; e.Node != ""; {
		i := strings.Index(text[from:], e.Node)
		if i < 0 || from+i > at {
			break
		}
		if from+i+len(e.Node) > at {
			return from + i, from + i + len(e.Node)
		}
		from += i + 1
	}
	return at, at + 1
}

// place is a place in a file, with the path that people know it by.
func (e *Error) place(file string, line, col int) string {
	if e.path != nil {
		file = e.path(file)
	}
	switch {
	case line == 0:
		return file
	case col == 0:
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fmt.Sprintf("%s:%d:%d", file, line, col)
}

// ByAuthor is what the author of the chart says through required or fail; ok is false if the error is another one.
func (e *Error) ByAuthor() (message string, ok bool) {
	user, ok := errors.AsType[*userError](e.Cause)
	if !ok {
		return "", false
	}
	return user.message, true
}

// trace joins what text/template says on each level, as it stands in Helm's messages.
func trace(levels []string, cause error, said *quoted) string {
	text := strings.Join(levels, "")
	if include, ok := errors.AsType[*includeError](cause); ok && !errors.Is(cause, errTooDeep) {
		return text + fmt.Sprintf("template: no template %q associated with template %q", include.name, tplName)
	}
	if tpl, ok := errors.AsType[*tplError](cause); ok {
		return text + said.quote("cannot parse template %q: ", tpl.text) + tpl.err.Error()
	}
	if cause != nil {
		text += cause.Error()
	}
	return text
}

// maxQuoted is how many bytes of texts given to tpl a trace repeats.
const maxQuoted = 64 << 10

// quoted bounds what a trace repeats.
type quoted struct{ left int }

func (q *quoted) quote(format, text string) string {
	if q.left -= len(text); q.left < 0 {
		return ""
	}
	return fmt.Sprintf(format, text)
}

// around is what Helm says of a text given to tpl in which err happened.
func (q *quoted) around(err error) string {
	if in, ok := err.(*textError); ok { //nolint:errorlint // this level's own, none from below
		return q.quote("error during tpl function execution for %q: ", in.text)
	}
	return ""
}

var (
	secretKind = lazyregexp.New(`(?m)^kind:\s*["']?Secret["']?\s*$`)
	plainLine  = lazyregexp.New(`^(---|#|apiVersion:|kind:|type:|metadata:|data:|stringData:|` +
		`\s+(name|namespace|labels|annotations):)`)
	secretLine = lazyregexp.New(`^(\s*(?:- )?(?:[\w.-]+:\s*)?)(.*)$`)
)

// hideSecret hides the values of a Secret in the rendered lines that are shown.
func (e *Error) hideSecret() {
	if !e.secret {
		return
	}
	for i, line := range e.Rendered {
		if m := secretLine.FindStringSubmatch(line); !plainLine.MatchString(line) && m[2] != "" {
			e.Rendered[i] = m[1] + "***"
		}
	}
}
