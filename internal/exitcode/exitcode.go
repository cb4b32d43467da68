// Package exitcode is the one list of what a process of Pintle ends with. The help text, the README and the
// documentation are made from it. It refuses to decide: whoever does the work chooses the code.
package exitcode

import (
	"fmt"
	"strings"
)

// Exit codes of a process; in a run, the gravest step decides. 2 is left to Go's panic, and 3 is for what is wrong
// before the work begins.
const (
	OK            = 0
	Unexpected    = 1
	Usage         = 3
	Failed        = 4
	RolledBack    = 5
	NotRolledBack = 6
	Changes       = 10
	HungUp        = 129 // 128 and the number of SIGHUP, as when a terminal is closed
	Interrupted   = 130 // SIGINT
	Terminated    = 143 // SIGTERM
)

// Row tells of one code.
type Row struct {
	Code    int
	Name    string // one or two words, as a heading has them
	Meaning string // plain text, without a full stop
}

// Rows are all codes, the smallest first.
func Rows() []Row {
	return []Row{
		{OK, "done", "done"},
		{Unexpected, "unexpected", "unexpected error"},
		{Usage, "usage", "wrong usage or configuration; nothing was begun"},
		{Failed, "failed", "a step before deploy failed; nothing was deployed by that service"},
		{RolledBack, "rolled back", "a deploy failed and was rolled back; a first install was removed"},
		{NotRolledBack, "not rolled back", "a deploy failed and was not rolled back"},
		{Changes, "changes", "plan --exit-code or bump --check found changes"},
		{HungUp, "hung up", "the terminal is gone (SIGHUP); the work in progress was brought to a safe end"},
		{Interrupted, "interrupted", "interrupted (SIGINT); the work in progress was brought to a safe end"},
		{Terminated, "terminated", "terminated (SIGTERM); the work in progress was brought to a safe end"},
	}
}

// Text is the list with a line for each code, each behind the indent.
func Text(indent string) string {
	var b strings.Builder
	for _, r := range Rows() {
		fmt.Fprintf(&b, "%s%-5d %s\n", indent, r.Code, r.Meaning)
	}
	return b.String()
}

// TableHead is the first line of Markdown's table, by which documents are known that hold one.
const TableHead = "| exit code | meaning |"

// Markdown is the list as a table.
func Markdown() string {
	var b strings.Builder
	b.WriteString(TableHead + "\n|---|---|\n")
	for _, r := range Rows() {
		fmt.Fprintf(&b, "| %d | %s |\n", r.Code, r.Meaning)
	}
	return b.String()
}

// Rewrite puts the table in place of each one that a document in Markdown holds.
func Rewrite(document string) string {
	lines := strings.SplitAfter(document, "\n")
	var b strings.Builder
	for i := 0; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != TableHead {
			b.WriteString(lines[i])
			continue
		}
		b.WriteString(Markdown())
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|") {
			i++
		}
	}
	return b.String()
}
