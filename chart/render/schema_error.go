package render

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
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

// schemaProblem turns what the validator says into values and their origins.
func (v *viewer) schemaProblem(err error) SchemaProblem {
	problem := SchemaProblem{Chart: v.folder(len(v.charts) - 1)}
	text := strings.TrimPrefix(err.Error(), "jsonschema validation failed with '"+schemaURL+"#'\n")
	problem.Message = strings.TrimSpace(text)
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return problem
	}
	for _, leaf := range violations(invalid) {
		found := Violation{Path: leaf.InstanceLocation, Message: violationText(leaf)}
		if len(found.Path) > 0 {
			found.Origin = v.origin(found.Path)
		}
		problem.Violations = append(problem.Violations, found)
	}
	return problem
}

// violations are the failures to name: what only groups others is left out.
func violations(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	switch e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		var out []*jsonschema.ValidationError
		for _, cause := range e.Causes {
			out = append(out, violations(cause)...)
		}
		return out
	}
	return []*jsonschema.ValidationError{e}
}

// violationText is the validator's word on a value, with the alternatives of
// which none fits.
func violationText(e *jsonschema.ValidationError) string {
	alone := *e
	alone.Causes = nil
	_, text, _ := strings.Cut(alone.Error(), "': ")
	var inner []string
	for _, cause := range e.Causes {
		for _, leaf := range violations(cause) {
			inner = append(inner, violationText(leaf))
		}
	}
	if len(inner) > 0 {
		text += " (" + strings.Join(inner, "; ") + ")"
	}
	return text
}
