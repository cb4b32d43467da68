package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/secret"
)

// The longest value, and the most lines of one field, that a plan prints.
const (
	maxValue = 160
	maxLines = 24
)

// marks and colours of the actions, as diff tools have taught everybody.
var marks = map[Action][2]string{
	Create: {"+ create", "\x1b[32m"}, Update: {"~ change", "\x1b[33m"}, Adopt: {"~ adopt", "\x1b[35m"},
	Recreate: {"! recreate", "\x1b[31m"}, Delete: {"- delete", "\x1b[31m"}, Unchanged: {"= unchanged", "\x1b[2m"},
}

// WriteText prints the plan for people; color adds ANSI colours.
func (p *Plan) WriteText(w io.Writer, color bool) error {
	t := &printer{color: color, secrets: p.Secrets, redact: p.Secrets.Text}
	t.line("", fmt.Sprintf("%s %s in %s: %s, revision %d", p.Operation, p.Release, p.Namespace, p.Chart, p.Revision))
	t.changes(p)
	for _, h := range p.Hooks {
		t.line("", "  * hook "+h)
	}
	for _, warning := range p.Warnings {
		t.line(yellow, "  ! "+t.redact(warning))
	}
	if p.Rollback != nil {
		t.line("", "rollback possible: "+t.redact(p.Rollback.String()))
	}
	t.line("", p.Summary())
	_, err := io.WriteString(w, t.b.String())
	return err
}

type printer struct {
	b       strings.Builder
	color   bool
	secrets *secret.Set
	redact  func(string) string // of what values hold: a Secret's may stand in an env or an argument too
}

func (t *printer) line(color, s string) {
	if t.color && color != "" {
		s = color + s + "\x1b[0m"
	}
	t.b.WriteString(s + "\n")
}

// changes prints the objects; where the chart asks for an order, under the stage in which each is applied.
func (t *printer) changes(p *Plan) {
	stages, at := p.stages(), -1
	for _, c := range p.Objects {
		switch {
		case stages < 2:
		case c.Leftover && at < stages:
			at = stages
			t.line("", "  at last:")
		case c.Stage != at && !c.Leftover:
			at = c.Stage
			t.line("", fmt.Sprintf("  stage %d of %d:", at+1, stages))
		}
		t.change(c)
	}
}

func (t *printer) change(c Change) {
	mark := marks[c.Action]
	s := fmt.Sprintf("  %-11s %s", mark[0], c.Object)
	if c.Object.Namespace != "" {
		s += " (" + c.Object.Namespace + ")"
	}
	if c.Note != "" {
		s += "  # " + t.redact(c.Note)
	}
	t.line(mark[1], s)
	for _, f := range c.Fields {
		t.field(f)
	}
	for _, f := range c.Conflicts {
		t.conflict(f)
	}
}

// conflict says who has set a field otherwise than the chart, and who prevails.
func (t *printer) conflict(c Conflict) {
	end := "taken over"
	if c.Kept {
		end = "kept"
	}
	theirs, ours := maskedPair(Field{Path: c.Path, Old: c.Theirs, New: c.Ours}, t.secrets)
	t.line(yellow, fmt.Sprintf("      ! conflict: %s: %s has set %s, the chart says %s: %s",
		c.Path, c.Manager, t.value(theirs), t.value(ours), end))
}

const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
)

func (t *printer) field(f Field) {
	old, isText := f.Old.(string)
	new, alsoText := f.New.(string)
	before, after := maskedPair(f, t.secrets)
	if isText && alsoText && before == old && after == new && strings.Contains(old+new, "\n") {
		t.line("", "      "+f.Path+":"+f.origin())
		t.lines(old, new)
		return
	}
	switch {
	case f.Old == nil:
		t.line(green, "      + "+f.Path+": "+t.value(after)+f.origin())
	case f.New == nil:
		t.line(red, "      - "+f.Path+": "+t.value(before)+f.origin())
	default:
		t.line("", "      "+f.Path+": "+t.value(before)+" -> "+t.value(after)+f.origin())
	}
}

// origin says who has set the live value of a field, and whether that was behind the release's back.
func (f Field) origin() string {
	switch {
	case f.Drift && f.Owner != "":
		return "  # drift: changed by " + f.Owner
	case f.Drift:
		return "  # drift: changed since it was deployed"
	case f.Owner != "":
		return "  # set by " + f.Owner
	}
	return ""
}

// lines prints the part of two texts between their common head and tail.
func (t *printer) lines(old, new string) {
	a, b := strings.Split(old, "\n"), strings.Split(new, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	t.some(red, "        - ", a)
	t.some(green, "        + ", b)
}

func (t *printer) some(color, prefix string, lines []string) {
	for i, l := range lines {
		if i == maxLines {
			t.line(color, prefix+"... "+text.Counted(len(lines)-i, "more line"))
			return
		}
		t.line(color, prefix+text.Clip(t.redact(l), maxValue))
	}
}

func (t *printer) value(v any) string {
	if s, ok := v.(string); ok {
		return text.Clip(fmt.Sprintf("%q", t.redact(s)), maxValue)
	}
	return text.Clip(t.redact(ValueText(v)), maxValue)
}

// ValueText is a value as JSON.
func ValueText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
