package lint

import (
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/internal/kubeschema"
)

// maxSuggested bounds for how many unknown keys a known one is looked for.
const maxSuggested = 100

// invalidValues notes the values that a schema refuses, each where it is given.
func (l *linter) invalidValues(e *render.SchemaError) {
	for _, p := range e.Problems {
		for i, v := range p.Violations {
			f := l.givenAt(p.Chart, v)
			f.Message = p.Chart + ": " + v.String()
			if near := kubeschema.Nearest(v.Unknown, v.Known[:min(len(v.Known), maxSuggested)]); i < maxSuggested && near != "" {
				f.Message += ": did you mean " + near + "?"
			}
			l.note(f)
		}
		if len(p.Violations) == 0 { // the schema itself is of no use
			l.add("values/schema", l.own(p.Chart+"/values.schema.json"), 0, "%s: %s", p.Chart, p.Message)
		}
	}
}

// givenAt is a finding at the place that gives a value to a chart: a line of a
// values.yaml or of a file of the user. What a flag gives, and what nobody does,
// is found in the chart's schema or values.
func (l *linter) givenAt(chartFolder string, v render.Violation) Finding {
	f := Finding{ID: "values/schema", Path: l.own(chartFolder + "/" + valuesYAML)}
	switch file, line := splitOrigin(v.Origin); {
	case v.File != "":
		f.Path, f.Line = l.own(v.File), v.Line
	case v.Origin == "":
	case line == 0:
		f.Path = l.own(chartFolder + "/values.schema.json")
	default:
		f.Path, f.Line, f.Outside = file, line, true
	}
	return f
}

// splitOrigin reads prod.yaml:12. The line is 0 for what is no line of a file.
func splitOrigin(origin string) (file string, line int) {
	origin, _, _ = strings.Cut(origin, ", ")
	i := strings.LastIndexByte(origin, ':')
	if i < 0 || strings.HasPrefix(origin, "--") {
		return origin, 0
	}
	line, err := strconv.Atoi(origin[i+1:])
	if err != nil {
		return origin, 0
	}
	return origin[:i], line
}
