package cmd

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/text"
)

// Help is what is told of a command beside its flags and arguments.
type Help struct {
	About    string         // plain sentences
	Examples []string       // command lines
	Codes    []exitcode.Row // those that it may end with, in its own words
}

// HelpOf is the help of the command that a path names, "chart lint"; of all of Pintle where it is empty. A command
// without one has no About.
func HelpOf(path string) Help {
	if path == "" {
		return Help{About: appAbout, Examples: appExamples(), Codes: exitcode.Rows()}
	}
	p := pages()[path]
	h := Help{About: p.about, Examples: p.examples}
	for _, r := range exitcode.Rows() {
		switch r.Code {
		case exitcode.OK, exitcode.Unexpected, exitcode.Usage:
			h.Codes = append(h.Codes, r)
		case exitcode.Failed:
			if p.fails != "" {
				h.Codes = append(h.Codes, exitcode.Row{Code: r.Code, Name: r.Name, Meaning: p.fails})
			}
		case exitcode.Changes:
			if p.changes != "" {
				h.Codes = append(h.Codes, exitcode.Row{Code: r.Code, Name: r.Name, Meaning: p.changes})
			}
		case exitcode.RolledBack, exitcode.NotRolledBack, exitcode.HungUp, exitcode.Interrupted, exitcode.Terminated:
			if p.deploys {
				h.Codes = append(h.Codes, r)
			}
		}
	}
	return h
}

// printHelp prints the help of a command on stdout, as wide as a terminal is.
func printHelp(e cli.Env, app *urfave.App, path []string) error {
	p := helpPrinter{width: cmp.Or(e.Width(e.Stdout), 80)}
	name, usage, commands, flags, arguments := app.Name, app.Usage, app.Commands, app.Flags, "[global flags] command [flags] [arguments]"
	for _, word := range path {
		c := cli.FindCommand(commands, word)
		if c == nil {
			break
		}
		name, usage, commands, flags, arguments = name+" "+word, c.Usage, c.Subcommands, c.Flags, strings.TrimSpace("[flags] "+c.ArgsUsage)
	}
	help := HelpOf(strings.Join(path, " "))
	p.section("NAME", name+" - "+usage)
	p.section("USAGE", name+" "+arguments)
	p.section("DESCRIPTION", help.About)
	p.rows("COMMANDS", commandRows(commands))
	var rows [][2]string
	for _, f := range cli.FlagRows(flags) {
		rows = append(rows, [2]string{f.Syntax, f.Usage})
	}
	rows = append(rows, [2]string{"-h, --help", "show this help"})
	if len(path) == 0 {
		rows = append(rows, [2]string{"-v, --version", "print the version"})
	}
	p.rows("FLAGS", rows)
	p.examples(help.Examples)
	rows = nil
	for _, r := range help.Codes {
		rows = append(rows, [2]string{fmt.Sprint(r.Code), r.Meaning})
	}
	p.rows("EXIT STATUS", rows)
	_, err := io.WriteString(e.Stdout, p.b.String())
	return err
}

func commandRows(commands []*urfave.Command) [][2]string {
	var rows [][2]string
	for _, c := range commands {
		if !c.Hidden {
			rows = append(rows, [2]string{strings.Join(c.Names(), ", "), c.Usage})
		}
	}
	return rows
}

// helpPrinter lays out sections for a width.
type helpPrinter struct {
	b     strings.Builder
	width int
}

const helpIndent = "   "

func (p *helpPrinter) title(name string) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	p.b.WriteString(name + ":\n")
}

// section is a text; one that is empty is left out.
func (p *helpPrinter) section(name, body string) {
	if body == "" {
		return
	}
	p.title(name)
	for line := range strings.Lines(body) {
		p.b.WriteString(text.Wrap(helpIndent+strings.TrimSuffix(line, "\n"), p.width, "") + "\n")
	}
}

// examples are command lines; one that goes on on the next line can be pasted.
func (p *helpPrinter) examples(lines []string) {
	if len(lines) == 0 {
		return
	}
	p.title("EXAMPLES")
	for _, line := range lines {
		wrapped := text.Wrap(helpIndent+line, p.width-2, helpIndent)
		p.b.WriteString(strings.ReplaceAll(wrapped, "\n", " \\\n") + "\n")
	}
}

// rows are names and what they mean, beside each other where there is room.
func (p *helpPrinter) rows(title string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	p.title(title)
	left := 0
	for _, r := range rows {
		if n := text.Width(r[0]); n <= p.width/3 {
			left = max(left, n)
		}
	}
	column := len(helpIndent) + left + 2
	for _, r := range rows {
		lines := strings.Split(text.Wrap(r[1], max(p.width-column, 10), ""), "\n")
		if text.Width(r[0]) > left {
			p.b.WriteString(text.Wrap(helpIndent+r[0], p.width, helpIndent) + "\n")
		} else {
			p.b.WriteString(helpIndent + r[0] + strings.Repeat(" ", column-len(helpIndent)-text.Width(r[0])) + lines[0] + "\n")
			lines = lines[1:]
		}
		for _, line := range lines {
			p.b.WriteString(strings.Repeat(" ", column) + line + "\n")
		}
	}
}
