package plan

import (
	"fmt"
	"io"
	"strings"

	"github.com/pintle-ci/pintle/internal/text"
)

// Fate is what a plan does with one unit of a project.
type Fate string

// The fates.
const (
	Taken   Fate = "taken"
	Left    Fate = "left"    // as it is
	Missing Fate = "missing" // left, and not deployed
)

// Scoped is one unit of a project as a plan of it begins: what becomes of it, and by which rule.
type Scoped struct {
	Unit   string `json:"unit"`
	Fate   Fate   `json:"fate"`
	Reason string `json:"reason"`
}

// verbs are the fates as a line begins.
var verbs = map[Fate]string{Taken: "takes", Left: "leaves", Missing: "missing"}

// scopeLine is all units of one fate and reason.
type scopeLine struct {
	fate   Fate
	units  []string
	reason string
}

// scopeLines puts units of one fate and reason together: what is taken first, what is missing last.
func scopeLines(units []Scoped) []scopeLine {
	var lines []scopeLine
	for _, fate := range []Fate{Taken, Left, Missing} {
		first := len(lines)
	unit:
		for _, u := range units {
			if u.Fate != fate {
				continue
			}
			for i := range lines[first:] {
				if l := &lines[first+i]; l.reason == u.Reason {
					l.units = append(l.units, u.Unit)
					continue unit
				}
			}
			lines = append(lines, scopeLine{fate, []string{u.Unit}, u.Reason})
		}
	}
	return lines
}

// WriteScope writes what a plan takes and what it leaves, a line for each rule: "leaves redis: ...".
func WriteScope(w io.Writer, units []Scoped) error {
	var b strings.Builder
	for _, l := range scopeLines(units) {
		fmt.Fprintf(&b, "%s %s: %s\n", verbs[l.fate], Listed(l.units), l.reason)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ScopeSummary is the same in one line, without the rules; many units are counted.
func ScopeSummary(units []Scoped) string {
	const few = 6
	names := map[Fate][]string{}
	for _, u := range units {
		names[u.Fate] = append(names[u.Fate], u.Unit)
	}
	told := func(fate Fate) string {
		if len(names[fate]) > few {
			return text.Counted(len(names[fate]), "unit")
		}
		return Listed(names[fate])
	}
	parts := []string{"takes nothing"}
	if len(names[Taken]) > 0 {
		parts[0] = "takes " + told(Taken)
	}
	if len(names[Left]) > 0 {
		parts = append(parts, "leaves "+told(Left))
	}
	if len(names[Missing]) > 0 {
		parts = append(parts, "missing: "+told(Missing))
	}
	return strings.Join(parts, "; ")
}

// scopeTable is what WriteScope says, for Markdown.
func scopeTable(units []Scoped) string {
	if len(units) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| scope | unit | rule |\n|---|---|---|\n")
	for i, l := range scopeLines(units) {
		if i == maxRows {
			b.WriteString("| ... | | |\n")
			break
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", verbs[l.fate], tableCell(Listed(l.units)), tableCell(l.reason))
	}
	return b.String() + "\n"
}

// Listed joins names as a sentence does: a, b and c.
func Listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
