package render

import (
	"fmt"
	"strings"
)

// adviceFor is the next step for failures that are not about a value's origin.
func adviceFor(opts Options, e *Error) string {
	switch {
	case opts.Lookup == nil && strings.Contains(e.Source, "lookup "):
		return "without a cluster lookup finds nothing: ask one with --dry-run=server, or let the template expect that"
	case e.RenderedLine > 0:
		return yamlAdvice(e)
	}
	return ""
}

// yamlAdvice guesses from the line of the template what broke the document.
func yamlAdvice(e *Error) string {
	switch {
	case strings.Contains(e.Node, "indent"):
		return "compare the indentation that it gives with that of the lines around"
	case strings.Contains(e.Node, "toYaml"):
		return "toYaml writes a map or a list on lines of its own: give them their indentation with nindent"
	case strings.Contains(e.Node, "{{") && !strings.Contains(e.Node, "quote"):
		return "let the template quote the value: {{ ... | quote }}"
	}
	return ""
}

// parseAdvice explains what the parser of templates means.
func parseAdvice(cause, text string) string {
	switch {
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
