package plan

import (
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/internal/text"
)

// Conflict is a field that the chart sets and somebody else has set otherwise.
type Conflict struct {
	Path         string // as that of a Field
	Manager      string // who has set it: names of field managers, joined by ", "
	Theirs, Ours any    // the live value, and the chart's; masked in a Secret
	Kept         bool   // it stays theirs; false: it is taken over, or refused

	ServerPath string // in the server's words
}

// String is "spec.replicas (kubectl-edit: 5, the chart: 3)".
func (c Conflict) String() string {
	theirs, ours := maskedPair(Field{Path: c.Path, Old: c.Theirs, New: c.Ours}, nil)
	return fmt.Sprintf("%s (%s: %s, the chart: %s)",
		c.Path, c.Manager, text.Brief(ValueText(theirs)), text.Brief(ValueText(ours)))
}

// ConflictError is an object whose fields others have set, where no policy says who prevails.
type ConflictError struct {
	Conflicts []Conflict
	Err       error // the server's refusal
}

// Error is one line: the fields, whose they are, their values, and what to do.
func (e *ConflictError) Error() string {
	var parts []string
	for i, c := range e.Conflicts {
		if i == MaxNamedFields {
			parts = append(parts, text.Counted(len(e.Conflicts)-i, "more field"))
			break
		}
		parts = append(parts, c.String())
	}
	return "somebody else has set what the chart sets: " + strings.Join(parts, ", ") +
		"; drop it from the chart, take it over with --force-conflicts, or leave it with --on-conflict keep"
}

// Unwrap gives the server's refusal.
func (e *ConflictError) Unwrap() error { return e.Err }
