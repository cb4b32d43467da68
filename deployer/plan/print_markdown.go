package plan

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/pintle-ci/pintle/internal/text"
)

const (
	// maxMarkdown bounds a comment: GitHub takes 65,536 characters, GitLab more.
	maxMarkdown = 60 << 10
	// maxRows bounds the table of releases in it.
	maxRows = 100
)

// WriteMarkdown writes plans as a comment on a merge request: a table, and the differences of each release to unfold,
// after what they take and leave of a project's units. Secrets are masked; what would not fit into a comment is cut,
// and says so.
func WriteMarkdown(w io.Writer, plans []*Plan, units ...Scoped) error {
	var b strings.Builder
	b.WriteString(heading(plans) + "\n\n" + scopeTable(units))
	b.WriteString("| release | namespace | create | change | recreate | adopt | delete | rollback |\n|---|---|---|---|---|---|---|---|\n")
	var changed []*Plan
	for i, p := range plans {
		if p.Changes() {
			changed = append(changed, p)
		}
		switch {
		case i < maxRows:
			b.WriteString(p.row())
		case i == maxRows:
			fmt.Fprintf(&b, "| ... and %s | | | | | | | |\n", text.Counted(len(plans)-i, "more release"))
		}
	}
	for i, p := range changed {
		left := (maxMarkdown - b.Len()) / (len(changed) - i) // what one does not need the next may use
		details, err := p.details(left)
		if err != nil {
			return err
		}
		b.WriteString(details)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func heading(plans []*Plan) string {
	changed := 0
	for _, p := range plans {
		if p.Changes() {
			changed++
		}
	}
	if changed == 0 {
		return "### Plan: no changes"
	}
	return fmt.Sprintf("### Plan: %d of %s would change", changed, text.Counted(len(plans), "release"))
}

func (p *Plan) row() string {
	rollback := ""
	switch {
	case p.Rollback == nil:
	case p.Rollback.Possible():
		rollback = "possible"
	default:
		rollback = "**not possible**"
	}
	cells := []string{tableCell(p.Release + " " + p.Chart), tableCell(p.Namespace)}
	for _, a := range []Action{Create, Update, Recreate, Adopt, Delete} {
		n := ""
		if p.Count(a) > 0 {
			n = fmt.Sprint(p.Count(a))
		}
		cells = append(cells, n)
	}
	return "| " + strings.Join(append(cells, rollback), " | ") + " |\n"
}

// tableCell is a text that cannot break a table.
func tableCell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(html.EscapeString(text.Clip(s, maxValue)))
}

// details is what would change in one release, folded, in at most limit bytes; nothing when not even its frame fits.
func (p *Plan) details(limit int) (string, error) {
	var text strings.Builder
	if err := p.WriteText(&text, false); err != nil {
		return "", err
	}
	fence := fenceFor(text.String())
	head := fmt.Sprintf("\n<details><summary>%s: %s</summary>\n\n%sdiff\n",
		html.EscapeString(p.Release), html.EscapeString(p.Summary()), fence)
	const cut = "... cut here: the job's log has the whole plan\n"
	tail := fence + "\n\n</details>\n"
	room := limit - len(head) - len(tail) - len(cut)
	if room < 0 {
		return "", nil
	}
	var b strings.Builder
	b.WriteString(head)
	for line := range strings.Lines(text.String()) {
		line = diffLine(line)
		if room -= len(line); room < 0 {
			b.WriteString(cut)
			break
		}
		b.WriteString(line)
	}
	b.WriteString(tail)
	return b.String(), nil
}

// fenceFor is a code fence that no line of the text can close.
func fenceFor(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}

// diffLine puts a line's mark into the first column, where diffs have it.
func diffLine(line string) string {
	rest := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(rest)]
	mark, after, ok := strings.Cut(rest, " ")
	switch {
	case ok && (mark == "+" || mark == "-" || mark == "!"):
		return mark + indent + " " + after
	case ok && mark == "~":
		return "!" + indent + " " + after
	}
	return " " + line
}
