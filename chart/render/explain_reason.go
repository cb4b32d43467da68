package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// What text/template says about values, in words that speak of types of Go.
var (
	nilPointer = lazyregexp.New(`^nil pointer evaluating .*\.(\w+)$`)
	noField    = lazyregexp.New(`^can't evaluate field (\w+) in type ` +
		`(?:interface \{\}|string|int|int64|float64|bool|\[\]interface \{\})$`)
	noIteration  = lazyregexp.New(`(?s)^range can't iterate over (.*)$`)
	wrongType    = lazyregexp.New(`^wrong type for value; expected (.+); got (.+)$`)
	noType       = lazyregexp.New(`^invalid value; expected (.+)$`)
	noFunction   = lazyregexp.New(`^function "(.+)" not defined$`)
	noDefinition = lazyregexp.New(`^template "(.+)" not defined$`)
)

// reason is the cause in a chart author's words, with what the values hold.
func (e *Error) reason() string {
	cause := e.Cause.Error()
	if m := nilPointer.FindStringSubmatch(cause); m != nil {
		return e.without("a value that is not set", m[1])
	}
	if m := noField.FindStringSubmatch(cause); m != nil {
		return e.without("a value that is no map", m[1])
	}
	if noIteration.MatchString(cause) {
		if e.whole {
			return "range needs a list or a map: " + e.first()
		}
		return "range needs a list or a map" + e.hint()
	}
	if m := wrongType.FindStringSubmatch(cause); m != nil {
		want, got := typeName(m[1]), typeName(m[2])
		if want == got && want == "a number" {
			want = "a whole number"
		}
		return fmt.Sprintf("%s needs %s, not %s", cmp.Or(e.call, e.Node), want, got) + e.hint()
	}
	if m := noType.FindStringSubmatch(cause); m != nil {
		return fmt.Sprintf("%s needs %s, but the value is not set", cmp.Or(e.call, e.Node), typeName(m[1])) + e.hint()
	}
	if m := noFunction.FindStringSubmatch(cause); m != nil {
		return "there is no function " + m[1]
	}
	if m := noDefinition.FindStringSubmatch(cause); m != nil {
		return "no file defines the template " + m[1]
	}
	if e.RenderedLine > 0 {
		return cause
	}
	if e.Node != "" {
		cause = "at <" + e.Node + ">: " + cause
	}
	return cause + e.hint()
}

// without says that what the template reads lacks a key.
func (e *Error) without(what, key string) string {
	if e.Hint != "" && e.lacks == key {
		return e.first() + ", so it has no " + key
	}
	if strings.HasSuffix(e.first(), " is a map without "+e.lacks) {
		return e.first()
	}
	return fmt.Sprintf("at <%s>: %s has no %s", e.Node, what, key)
}

// first is the first thing to know about the values.
func (e *Error) first() string {
	first, _, _ := strings.Cut(e.Hint, "; ")
	return first
}

func (e *Error) hint() string {
	if e.Hint == "" {
		return ""
	}
	return ": " + e.Hint
}

// typeName says what a type of Go is in YAML.
func typeName(t string) string {
	switch {
	case t == "string":
		return "text"
	case t == "bool":
		return "true or false"
	case t == "interface {}":
		return "a value"
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "float"):
		return "a number"
	case strings.HasPrefix(t, "map["), t == "render.values":
		return "a map"
	case strings.HasPrefix(t, "[]"):
		return "a list"
	}
	return t
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}

var functionName = lazyregexp.New(`^\s*-?\s*(?:(?:else\s+)?(?:if|with|range)\s)?\s*([a-zA-Z]\w*)\b`)

// calledFunction is the function whose argument the failing node is, or whose argument came to it through a pipe; empty
// if the node is no argument. text/template names the last argument that is written there, even if the one from the
// pipe is wrong.
func (e *Error) calledFunction(source string) string {
	text := quotedTexts.ReplaceAllString(e.actionBefore(source), `""`)
	starts := []int{0} // of the command in each parenthesis that is open
	for i := range len(text) {
		switch text[i] {
		case '(':
			starts = append(starts, i+1)
		case ')':
			starts = starts[:max(1, len(starts)-1)]
		case '|', '=', ',':
			starts[len(starts)-1] = i + 1
		}
	}
	m := functionName.FindStringSubmatch(text[starts[len(starts)-1]:])
	if m == nil || slices.Contains([]string{"if", "with", "range", "else"}, m[1]) {
		return ""
	}
	return m[1]
}
