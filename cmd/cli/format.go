package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	urfave "github.com/urfave/cli/v2"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/internal/text"
)

// Format is a way to print a result; the names are Helm's.
type Format string

// The ways to print.
const (
	Table Format = "table"
	JSON  Format = "json"
	YAML  Format = "yaml"
)

// OutputFlag is --output of commands that print a Format.
func OutputFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "output", Aliases: []string{"o"}, Value: string(Table), Usage: "print as `FORMAT`: table, json, yaml"}
}

// OutputFormat reads OutputFlag.
func OutputFormat(c *urfave.Context) (Format, error) {
	f := Format(c.String("output"))
	if !slices.Contains([]Format{Table, JSON, YAML}, f) {
		return "", Usagef("--output %s: write table, json or yaml", f)
	}
	return f, nil
}

// Write prints v as JSON in one line or as YAML, or the text that stands for it.
func (f Format) Write(e Env, v any, text func() string) error {
	switch f {
	case JSON:
		return WriteJSON(e, func(w io.Writer) error { return json.NewEncoder(w).Encode(v) })
	case YAML:
		data, err := yaml.Marshal(v)
		if err != nil {
			return fmt.Errorf("print as YAML: %w", err)
		}
		_, err = e.Stdout.Write(data)
		return err
	}
	_, err := io.WriteString(e.StdoutText, text())
	return err
}

// WriteJSON prints JSON in which what a terminal or a CI server would act on is escaped: it means the same.
func WriteJSON(e Env, encode func(io.Writer) error) error {
	var b strings.Builder
	if err := encode(&b); err != nil {
		return err
	}
	_, err := io.WriteString(e.Stdout, text.EscapeJSON(b.String()))
	return err
}

// Columns lays rows out as Helm does: every cell is padded to its column's width, the last one too, and a tab stands
// between. A column is as wide as the longest line in it; a cell whose lines are longer than that together is cut
// there, and the lines that remain make several lines of its row.
func Columns(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			cell = text.Clean(cell)
			row[i] = cell
			if i == len(widths) {
				widths = append(widths, 0)
			}
			for line := range strings.SplitSeq(cell, "\n") {
				widths[i] = max(widths[i], cells(line))
			}
		}
	}
	var out []string
	for _, row := range rows {
		parts := make([][]string, len(row))
		height := 0
		for i, cell := range row {
			parts[i] = strings.Split(cut(cell, widths[i]), "\n")
			height = max(height, len(parts[i]))
		}
		for n := range height {
			line := make([]string, len(row))
			for i := range row {
				text := ""
				if n < len(parts[i]) {
					text = parts[i][n]
				}
				line[i] = text + strings.Repeat(" ", widths[i]-cells(text))
			}
			out = append(out, strings.Join(line, "\t"))
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// cut shortens a text whose lines have more than width characters together.
func cut(text string, width int) string {
	if cells(text) <= width {
		return text
	}
	var b strings.Builder
	used := 0
	for _, r := range text {
		b.WriteRune(r)
		used += cells(string(r))
		if used >= width-3 {
			break
		}
	}
	return b.String() + "..."
}

// cells is how wide a text is: control characters, such as a tab, take no room.
func cells(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsControl(r) {
			n++
		}
	}
	return n
}

// Plural is the ending of a noun that n things have.
func Plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
