package unittest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart/render"
)

// failedRender is a render that failed, as assertions see it.
type failedRender struct {
	file     string   // the template that failed; empty if that is a partial, or the whole did
	content  string   // the message
	wordings []string // the message and other ways to put it
	err      error
}

// newFailedRender takes an error of the engine apart. Suites expect Helm 3's
// messages: those of required and fail as the author wrote them, without their
// first line if there are several, and what text/template says otherwise.
func newFailedRender(err error) *failedRender {
	if schema, ok := errors.AsType[*render.SchemaError](err); ok {
		return wholeFailure(err, schemaMessage(schema))
	}
	e, ok := errors.AsType[*render.Error](err)
	if !ok {
		return wholeFailure(err, err.Error())
	}
	if e.Trace == "" {
		return wholeFailure(err, fmt.Sprintf("parse error at (%s:%d): %v", e.Template, e.Line, e.Cause))
	}
	place, _, _ := strings.Cut(strings.TrimPrefix(e.Trace, "template: "), ": ")
	file, column := splitPlace(place)
	text := e.Trace
	message, byAuthor := e.ByAuthor()
	if byAuthor {
		text = "execution error at (" + place + "): " + message
	}
	content := contentOf(text, place, column)
	if content == "" {
		return wholeFailure(err, text)
	}
	if strings.HasPrefix(path.Base(file), "_") {
		file = ""
	}
	f := &failedRender{file: file, content: content, wordings: []string{content}, err: err}
	if !byAuthor {
		f.wordings = append(f.wordings, text, err.Error())
	}
	return f
}

func wholeFailure(err error, text string) *failedRender {
	return &failedRender{content: text, wordings: slices.Compact([]string{text, err.Error()}), err: err}
}

// splitPlace reads file:line:column.
func splitPlace(place string) (file, column string) {
	rest := place
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		rest, column = rest[:i], rest[i+1:]
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		rest = rest[:i]
	}
	return rest, column
}

// contentOf cuts the message out of an error: what follows the first ": " after
// the place, whose column counts by its first digit only, or all lines but the
// first.
func contentOf(text, place, column string) string {
	if _, lines, several := strings.Cut(text, "\n"); several {
		return lines
	}
	_, rest, ok := strings.Cut(text, place[:len(place)-len(column)])
	if !ok || len(rest) < 3 {
		return ""
	}
	_, content, _ := strings.Cut(rest[2:], ": ")
	return content
}

// schemaMessage is Helm 3's wording.
func schemaMessage(e *render.SchemaError) string {
	var b strings.Builder
	b.WriteString("values don't meet the specifications of the schema(s) in the following chart(s):\n")
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "%s:\n%s\n", path.Base(p.Chart), p.Message)
	}
	return b.String()
}
