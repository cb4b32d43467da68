package cli

import (
	"fmt"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"
)

// FlagRow is a flag as help and documentation show it.
type FlagRow struct{ Syntax, Usage string }

// FlagRows lists flags as "-o FORMAT, --output FORMAT" with their meaning, default and environment variable.
func FlagRows(flags []urfave.Flag) []FlagRow {
	var rows []FlagRow
	for _, f := range flags {
		g, ok := f.(urfave.DocGenerationFlag)
		if !ok || f.Names()[0] == "help" || f.Names()[0] == "version" && !g.TakesValue() {
			continue
		}
		placeholder, usage := placeholderOf(g)
		names := slices.Clone(f.Names())
		slices.SortStableFunc(names, func(a, b string) int { return len(a) - len(b) })
		for i, n := range names {
			names[i] = strings.TrimSpace(Dashes(n) + n + " " + placeholder)
		}
		if d := g.GetDefaultText(); d != "" && g.TakesValue() && d != `""` {
			usage += fmt.Sprintf(" (default %s)", strings.Trim(d, `"`))
		}
		for _, v := range g.GetEnvVars() {
			usage += " [$" + v + "]"
		}
		rows = append(rows, FlagRow{strings.Join(names, ", "), usage})
	}
	return rows
}

// placeholderOf takes the back-quoted word of a usage text as the value's name.
func placeholderOf(g urfave.DocGenerationFlag) (placeholder, usage string) {
	usage = g.GetUsage()
	if !g.TakesValue() {
		return "", usage
	}
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "VALUE", usage
	}
	name, after, _ := strings.Cut(rest, "`")
	return name, before + name + after
}
