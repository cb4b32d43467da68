package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/jsonschema"
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

	File    string   // of the chart, if that gives the value: web/values.yaml
	Line    int      // of File
	Unknown string   // the key at Path that the schema does not allow
	Known   []string // the keys that it names there, sorted
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
	lines := e.lines()
	if len(lines) == 1 {
		return "values do not fit the schema: " + lines[0]
	}
	return fmt.Sprintf("values do not fit the schema: %s (and %d more)", lines[0], len(lines)-1)
}

// maxDetails bounds the lines about problems.
const maxDetails = 20

// Details is one line for each of the first problems, with its chart.
func (e *SchemaError) Details() []string {
	lines := e.lines()
	if more := len(lines) - maxDetails; more > 0 {
		return append(lines[:maxDetails-1:maxDetails-1], fmt.Sprintf("and %d more", more+1))
	}
	return lines
}

func (e *SchemaError) lines() []string {
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

// schemaProblem is what the schema finds, with the values' origins, or why it is of no use.
func (v *explainer) schemaProblem(found []jsonschema.Violation, err error) SchemaProblem {
	problem := SchemaProblem{Chart: v.folder(len(v.charts) - 1)}
	if err != nil {
		problem.Message = err.Error()
		return problem
	}
	var lines []string
	for i, f := range found {
		if i < maxOrigins {
			problem.Violations = append(problem.Violations, v.violations(f)...)
		} else {
			problem.Violations = append(problem.Violations, Violation{Path: f.Path, Message: f.Message})
		}
		lines = append(lines, fmt.Sprintf("- at '%s': %s", pointer(f.Path), f.Message)) // as Helm writes it
	}
	problem.Message = strings.Join(lines, "\n")
	return problem
}

// maxOrigins bounds for how many violations of one chart it is found out where their values come from, which reads
// files of values again.
const maxOrigins = 20

// maxUnknown bounds how many unknown keys of one place are told one by one.
const maxUnknown = 10

// violations are what the schema finds, with the values' origins; of keys that it does not know each for itself.
func (v *explainer) violations(f jsonschema.Violation) []Violation {
	if len(f.Unknown) == 0 || len(f.Unknown) > maxUnknown {
		return []Violation{v.given(Violation{Path: f.Path, Message: f.Message}, f.Path)}
	}
	var out []Violation
	for _, key := range f.Unknown {
		violation := Violation{Path: f.Path, Unknown: key, Known: f.Known}
		violation.Message = fmt.Sprintf("additional property %q not allowed", key)
		out = append(out, v.given(violation, append(slices.Clip(f.Path), key)))
	}
	return out
}

// given adds where the value at keys comes from.
func (v *explainer) given(violation Violation, keys []string) Violation {
	if len(keys) == 0 {
		return violation
	}
	if violation.Origin = v.userOrigin(keys); violation.Origin == "" {
		from := v.chartOrigin(keys)
		violation.Origin, violation.File, violation.Line = from.text(v), from.file, from.line
	}
	return violation
}

// pointer is a path as a JSON pointer.
func pointer(path []string) string {
	var b strings.Builder
	for _, key := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	return b.String()
}
