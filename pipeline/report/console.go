package report

import (
	"strings"

	"github.com/pintle-ci/pintle/event"
)

// colors paints text for a terminal, or leaves it as it is.
type colors bool

// Select Graphic Rendition parameters (ECMA-48 8.3.117).
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	violet = "35"
	cyan   = "36"
)

func (c colors) paint(code, s string) string {
	if !c || code == "" || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// podLog is a line that a container has printed, headed by pod/container.
func (c colors) podLog(e event.Event) string {
	if e.Object == "" {
		return c.paint(dim, e.Message)
	}
	return c.paint(dim, e.Object+" |") + " " + e.Message
}

// status paints s in the colour of a status.
func (c colors) status(status event.Status, s string) string {
	switch status {
	case event.Passed:
		return c.paint(green, s)
	case event.Failed:
		return c.paint(bold+";"+red, s)
	case event.RolledBack:
		return c.paint(bold+";"+yellow, s)
	case event.Interrupted:
		return c.paint(bold+";"+violet, s)
	case running, event.Waiting:
		return c.paint(cyan, s)
	}
	return c.paint(dim, s)
}

// loud is a status in words; bad ones stand out without colour too.
func loud(s event.Status) string {
	if s.Bad() {
		return strings.ToUpper(words(s))
	}
	return words(s)
}

// brief is a status in at most four cells, for tables. ASCII, because CI logs
// do not always know their encoding.
func brief(s event.Status) string {
	switch s {
	case event.Passed:
		return "ok"
	case event.Unchanged:
		return "same"
	case event.Failed:
		return "FAIL"
	case event.RolledBack:
		return "BACK"
	case event.Interrupted:
		return "STOP"
	case event.Skipped:
		return "skip"
	case planned:
		return "."
	}
	return "..."
}

// grid lays out rows of cells in columns two spaces apart.
type grid struct {
	rows [][]gridCell
}

type gridCell struct {
	text  string
	paint func(string) string // nil: none
	right bool                // flush right
}

func (g *grid) add(row ...gridCell) { g.rows = append(g.rows, row) }

func (g *grid) widths() []int {
	var out []int
	for _, row := range g.rows {
		for i, c := range row {
			if i == len(out) {
				out = append(out, 0)
			}
			out[i] = max(out[i], cells(c.text))
		}
	}
	return out
}

// lines returns the rows as text without trailing spaces.
func (g *grid) lines() []string {
	widths := g.widths()
	out := make([]string, len(g.rows))
	for n, row := range g.rows {
		var b strings.Builder
		owed := 0 // spaces that are written only when something follows
		for i, c := range row {
			gap := widths[i] - cells(c.text)
			if c.right {
				owed, gap = owed+gap, 0
			}
			if c.text != "" {
				b.WriteString(strings.Repeat(" ", owed))
				owed = 0
			}
			text := c.text
			if c.paint != nil {
				text = c.paint(text)
			}
			b.WriteString(text)
			owed += gap + 2
		}
		out[n] = b.String()
	}
	return out
}

// indent puts prefix before each line of text.
func indent(text, prefix string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(prefix+strings.TrimRight(l, "\n"), " ") + "\n")
	}
	return b.String()
}

// head returns the first n lines of text and how many lines follow them.
func head(text string, n int) (string, int) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) <= n {
		return text, 0
	}
	return strings.Join(lines[:n], "\n"), len(lines) - n
}
