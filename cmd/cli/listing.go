package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/pintle-ci/pintle/internal/text"
)

// Listing is a table on stdout for people. On a terminal that it is too wide for, its last column goes on below itself;
// what a program reads has a line a row.
type Listing struct {
	out   io.Writer
	width int // 0: as wide as it gets
	last  int // where the last column begins, once it is printed
	buf   bytes.Buffer
	tab   *tabwriter.Writer
}

// NewListing begins a table with the names of its columns.
func NewListing(e Env, columns ...string) *Listing {
	l := &Listing{out: e.StdoutText, width: e.Width(e.Stdout)}
	l.tab = tabwriter.NewWriter(&l.buf, 0, 0, 2, ' ', 0)
	l.Row(columns...)
	return l
}

// Row adds a row: each cell in one line.
func (l *Listing) Row(cells ...string) {
	for i, cell := range cells {
		cells[i] = text.Line(cell)
	}
	fmt.Fprintln(l.tab, strings.Join(cells, "\t"))
}

// Print prints the table.
func (l *Listing) Print() error {
	if err := l.tab.Flush(); err != nil {
		return err
	}
	header, _, _ := strings.Cut(l.buf.String(), "\n")
	l.last = strings.LastIndex(header, " ") + 1
	var b strings.Builder
	for line := range strings.Lines(l.buf.String()) {
		b.WriteString(l.fit(strings.TrimSuffix(line, "\n")) + "\n")
	}
	_, err := io.WriteString(l.out, b.String())
	return err
}

// fit makes lines of one that is too wide.
func (l *Listing) fit(line string) string {
	const least = 20 // of a last column that is worth it
	room := l.width - l.last
	switch {
	case l.width == 0 || text.Width(line) <= l.width:
		return line
	case room < least:
		return text.Wrap(strings.TrimRight(line, " "), l.width, "  ")
	}
	cells := []rune(line)
	if len(cells) <= l.last {
		return strings.TrimRight(line, " ")
	}
	lines := strings.Split(text.Wrap(string(cells[l.last:]), room, ""), "\n")
	return string(cells[:l.last]) + strings.Join(lines, "\n"+strings.Repeat(" ", l.last))
}

// Fit prints what write writes as wide as the terminal is.
func Fit(e Env, write func(io.Writer) error) error {
	width := e.Width(e.Stdout)
	if width == 0 {
		return write(e.StdoutText)
	}
	var b strings.Builder
	if err := write(&b); err != nil {
		return err
	}
	_, err := io.WriteString(e.StdoutText, text.Wrap(b.String(), width, "  "))
	return err
}
