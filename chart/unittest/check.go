package unittest

import (
	"fmt"
	"strings"
)

// check looks at the documents of one template and says what does not hold;
// nothing means that the assertion passes.
type check func(in checkInput) []Failure

// checkInput is what a check looks at.
type checkInput struct {
	all      []*document // what the template rendered
	selected []*document // those of them that the assertion is about
	negative bool        // the opposite must hold
	failure  *failedRender
	snapshot *comparer
	warn     func(message string)
}

// Failure is one thing that an assertion found wrong.
type Failure struct {
	File      string // the suite
	Line      int    // of the assertion; 0 if the failure is none's
	Assertion string // its kind, with "not " before it if so
	Template  string // empty if it is about none
	Document  int    // index; allDocuments if it is about all, or none
	Path      string
	Message   string   // one line, or lines
	Diff      []string // expected against actual: lines beginning with "-", "+" or " "

	fatal bool // the value does not even fit the question
}

// whole is a failure that is about no document in particular.
func whole(format string, args ...any) []Failure {
	return []Failure{{Document: allDocuments, Message: fmt.Sprintf(format, args...)}}
}

// verdict is what is found about one value.
type verdict struct {
	holds   bool
	fatal   string   // what makes the value unfit for the question, whether or not the opposite is asked
	message string   // if it does not hold
	diff    []string // if it does not hold
	opposed string   // the message if it holds, but must not
}

// judge makes failures of a verdict.
func (v verdict) judge(doc int, path string, negative bool) []Failure {
	f := Failure{Document: doc, Path: path}
	switch {
	case v.fatal != "":
		f.Message, f.fatal = v.fatal, true
	case v.holds != negative:
		return nil
	case negative:
		f.Message = v.opposed
	default:
		f.Message, f.Diff = v.message, v.diff
	}
	return []Failure{f}
}

// eachDocument asks about every selected document. None is a failure, unless
// the opposite is asked.
func (in checkInput) eachDocument(ask func(doc *document) verdict) []Failure {
	if len(in.selected) == 0 {
		return in.noDocument()
	}
	var out []Failure
	for i, doc := range in.selected {
		out = append(out, ask(doc).judge(i, "", in.negative)...)
	}
	return out
}

func (in checkInput) noDocument() []Failure {
	if in.negative {
		return nil
	}
	return whole("the template renders no document")
}

// eachValue asks about every value at a path in the selected documents. A path
// that finds nothing is a failure, unless the opposite is asked.
func (in checkInput) eachValue(path *Path, ask func(v any) verdict) []Failure {
	if len(in.selected) == 0 {
		return in.noDocument()
	}
	var out []Failure
	for i, doc := range in.selected {
		values, err := doc.find(path)
		switch {
		case err != nil:
			out = append(out, verdict{fatal: err.Error()}.judge(i, path.text, in.negative)...)
		case len(values) == 0 && !in.negative:
			out = append(out, verdict{fatal: "there is nothing at this path"}.judge(i, path.text, false)...)
		}
		for _, v := range values {
			out = append(out, ask(v).judge(i, path.text, in.negative)...)
		}
	}
	return out
}

// show is a value as YAML, without the last newline.
func show(v any) string {
	text, err := marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(text, "\n")
}
