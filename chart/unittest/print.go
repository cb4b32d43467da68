package unittest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
)

// WriteText writes one line a suite and, below it, what failed: the test, each
// assertion with its place, what it is about and how that differs.
func (r *Result) WriteText(w io.Writer, color bool) error {
	p := printer{w: w, color: color}
	for _, s := range r.Suites {
		p.suite(s)
	}
	return p.err
}

// Label names a suite: its file, and its name if it has one.
func (s SuiteResult) Label() string {
	if s.Name == "" {
		return s.File
	}
	return s.File + ": " + s.Name
}

// Summary is one line about a failed test.
func (t TestResult) Summary() string {
	switch {
	case t.Err != nil:
		text, _, _ := strings.Cut(t.Err.Error(), "\n")
		return text
	case len(t.Failures) == 1:
		return t.Failures[0].summary()
	case len(t.Failures) > 1:
		return fmt.Sprintf("%d assertions failed; the first: %s", len(t.Failures), t.Failures[0].summary())
	}
	return ""
}

// Details are lines that say all about a failed test.
func (t TestResult) Details() []string {
	if t.Err == nil {
		var out []string
		for _, f := range t.Failures {
			out = append(out, f.Lines()...)
		}
		return out
	}
	out := strings.Split(t.Err.Error(), "\n")
	var detailed interface{ Details() []string }
	if errors.As(t.Err, &detailed) {
		lines := detailed.Details()
		if len(lines) == 1 && strings.Contains(out[0], lines[0]) {
			lines = nil // the message says all
		}
		for _, line := range lines {
			out = append(out, "  "+line)
		}
	}
	if t.Hint != "" {
		out = append(out, "hint: "+t.Hint)
	}
	return out
}

// place is where the assertion stands and what it is about.
func (f Failure) place() string {
	out := fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Assertion)
	if f.Template != "" {
		out += ": " + f.Template
	}
	if f.Document != allDocuments {
		out += fmt.Sprintf(", document %d", f.Document)
	}
	return out
}

func (f Failure) summary() string {
	text, _, _ := strings.Cut(f.about(), "\n")
	return f.place() + ": " + text
}

// about is the path and the message.
func (f Failure) about() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// Lines say where an assertion failed and how: the place, then indented what is
// wrong and the difference.
func (f Failure) Lines() []string {
	out := []string{f.place()}
	for line := range strings.SplitSeq(f.about(), "\n") {
		out = append(out, "  "+line)
	}
	for _, line := range f.Diff {
		out = append(out, "  "+line[:1]+" "+line[1:])
	}
	return out
}

// printer writes lines and keeps the first error.
type printer struct {
	w     io.Writer
	color bool
	err   error
}

func (p *printer) line(color, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if p.color && color != "" {
		text = color + text + "\x1b[0m"
	}
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, text)
	}
}

const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	faint = "\x1b[2m"
)

func (p *printer) suite(s SuiteResult) {
	counts := map[Status]int{}
	for _, t := range s.Tests {
		counts[t.Status]++
	}
	switch ran := counts[Passed] + counts[Failed]; {
	case counts[Failed] > 0:
		p.line(red, "FAIL  %s: %d of %s failed", s.Label(), counts[Failed], counted(ran))
	case ran == 0:
		p.line(faint, "skip  %s: %s", s.Label(), cmp.Or(firstReason(s.Tests), "no tests"))
	case counts[Skipped] > 0:
		p.line("", "ok    %s: %s, %d skipped", s.Label(), counted(ran), counts[Skipped])
	default:
		p.line("", "ok    %s: %s", s.Label(), counted(ran))
	}
	for _, t := range s.Tests {
		if t.Status == Failed {
			p.test(s.File, t)
		}
	}
}

func (p *printer) test(file string, t TestResult) {
	p.line(red, "  %s:%d: %s", file, t.Line, cmp.Or(t.Name, "(a test without a name)"))
	for _, line := range t.Details() {
		color := ""
		switch {
		case strings.HasPrefix(line, "  -"):
			color = red
		case strings.HasPrefix(line, "  +"):
			color = green
		}
		p.line(color, "    %s", line)
	}
}

func firstReason(tests []TestResult) string {
	for _, t := range tests {
		if t.Reason != "" {
			return t.Reason
		}
	}
	return ""
}

// counted is a number of tests.
func counted(n int) string { return numbered(n, "test") }

// numbered is a number of things.
func numbered(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
