package render

import (
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/chart/schema"
)

// SchemaError says which values break the charts' schemas.
type SchemaError struct {
	Problems []SchemaProblem
}

// SchemaProblem is what one chart's values.schema.json finds.
type SchemaProblem struct {
	Chart      string      // <chart>, <chart>/charts/<sub>
	Message    string      // one or several lines
	Violations []Violation // none if the schema itself is of no use
}

// Violation is a value that a schema does not allow.
type Violation struct {
	Path    []string // keys from the chart's own values down; none for all of them
	Message string   // got string, want integer
	Origin  string   // who gave the value; may be empty
}

// String is the value's path, what is wrong with it and where it comes from.
func (v Violation) String() string {
	text := strings.Join(append([]string{".Values"}, v.Path...), ".") + ": " + v.Message
	if v.Origin != "" {
		text += ", from " + v.Origin
	}
	return text
}

// Error is one line: the first problem, and how many more there are.
func (e *SchemaError) Error() string {
	lines := e.Details()
	if len(lines) == 1 {
		return "values do not fit the schema: " + lines[0]
	}
	return fmt.Sprintf("values do not fit the schema: %s (and %d more)", lines[0], len(lines)-1)
}

// Details is one line for each problem, with its chart.
func (e *SchemaError) Details() []string {
	var lines []string
	for _, p := range e.Problems {
		for _, v := range p.Violations {
			lines = append(lines, p.Chart+": "+v.String())
		}
		if len(p.Violations) == 0 {
			lines = append(lines, p.Chart+": "+p.Message)
		}
	}
	return lines
}

// schemaProblem is what the schema finds, with the values' origins, or why it is
// of no use.
func (v *viewer) schemaProblem(found []schema.Violation, err error) SchemaProblem {
	problem := SchemaProblem{Chart: v.folder(len(v.charts) - 1)}
	if err != nil {
		problem.Message = err.Error()
		return problem
	}
	var lines []string
	for _, f := range found {
		violation := Violation{Path: f.Path, Message: f.Message}
		if len(f.Path) > 0 {
			violation.Origin = v.origin(f.Path)
		}
		problem.Violations = append(problem.Violations, violation)
		lines = append(lines, fmt.Sprintf("- at '%s': %s", pointer(f.Path), f.Message)) // as Helm writes it
	}
	problem.Message = strings.Join(lines, "\n")
	return problem
}

// pointer is a path as a JSON pointer.
func pointer(path []string) string {
	var b strings.Builder
	for _, key := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	return b.String()
}
