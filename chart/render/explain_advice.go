package render

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// adviceFor is the next step for failures that are not about a value's origin.
func adviceFor(opts Options, e *Error) string {
	switch {
	case opts.Lookup == nil && strings.Contains(e.Source, "lookup "):
		return "without a cluster lookup finds nothing: ask one with --dry-run=server, or let the template expect that"
	case e.RenderedLine > 0:
		return yamlAdvice(e)
	}
	return typeAdvice(e)
}

var (
	comparison   = lazyregexp.New(`^incompatible types for comparison`)
	comparedText = lazyregexp.New(`^\w+ (\S+) "[^"]*"$`)
	comparedInt  = lazyregexp.New(`^\w+ (\S+) -?\d+$`)
)

// typeAdvice says how a template turns a value into what a function takes. The numbers of values files are float64,
// those of templates int.
func typeAdvice(e *Error) string {
	cause := e.Cause.Error()
	if comparison.MatchString(cause) {
		if compared := comparedInt.FindStringSubmatch(e.Node); compared != nil {
			return fmt.Sprintf("the numbers of values are no whole ones for templates: write (int %s)", compared[1])
		}
		if compared := comparedText.FindStringSubmatch(e.Node); compared != nil {
			return fmt.Sprintf("both sides must be of one type: write (toString %s)", compared[1])
		}
		return "both sides must be of one type: put them through int or toString"
	}
	m := wrongType.FindStringSubmatch(cause)
	if m == nil {
		return ""
	}
	switch want, got := typeName(m[1]), typeName(m[2]); {
	case want == "text" && (got == "a number" || got == "true or false"):
		return "let the template make it text: ... | toString"
	case want == "a number" && (got == "a number" || got == "text"):
		return "let the template make it a whole number: ... | int"
	}
	return ""
}

var (
	wholeNumber  = lazyregexp.New(`printf "[^"]*%[-+ 0-9]*d`)
	quotedJSON   = lazyregexp.New(`"\{\{[^}]*\| *(mustToJson|toJson|quote)( *\|[^}]*)? *-?\}\}"`)
	quotedAction = lazyregexp.New(`["'][^"'{]*\{\{.*\}\}[^"'}]*["']\s*$`)
)

// yamlAdvice guesses from the line of the template what broke the document.
func yamlAdvice(e *Error) string {
	quoted := quotedJSON.FindStringSubmatch(e.Node)
	switch {
	case wholeNumber.MatchString(e.Node):
		return "%d takes a whole number, which a value is not before int: printf \"%d\" (int .Values.x)"
	case quoted != nil:
		return quoted[1] + " brings quotes of its own: leave out those around the action"
	case quotedAction.MatchString(e.Node):
		return "the value may hold quotes or backslashes: " +
			"let the template quote it, {{ ... | quote }}, without quotes around"
	case strings.Contains(e.Node, "indent"):
		return "compare the indentation that it gives with that of the lines around"
	case strings.Contains(e.Node, "toYaml"):
		return "toYaml writes a map or a list on lines of its own: give them their indentation with nindent"
	case strings.Contains(e.Node, "{{") && !strings.Contains(e.Node, "quote"):
		return "let the template quote the value: {{ ... | quote }}"
	}
	return ""
}

var dashedKey = lazyregexp.New(`(\$?\w*(?:\.\w+)*)\.(\w+(?:-\w+)+)`)

// parseAdvice explains what the parser of templates means.
func parseAdvice(cause, text, line string) string {
	switch {
	case strings.Contains(cause, "bad character U+002D '-'"):
		if m := dashedKey.FindStringSubmatch(quotedTexts.ReplaceAllString(line, `""`)); m != nil {
			return fmt.Sprintf("a key with a dash needs index: index %s %q", cmp.Or(m[1], "."), m[2])
		}
	case strings.Contains(cause, "unexpected EOF"):
		if open := openBlocks(text); len(open) > 0 {
			b := open[len(open)-1]
			return fmt.Sprintf("the %s of line %d has no {{ end }}", b.keyword, b.line)
		}
	case strings.Contains(cause, `unexpected "}"`), strings.Contains(cause, "unclosed action"):
		return "an action ends with }}"
	case strings.Contains(cause, "unexpected {{end}}"):
		return "there is one {{ end }} more than there are if, range, with and define"
	}
	return ""
}
