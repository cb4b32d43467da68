package cli

import (
	"io"
	"strings"
	"sync"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/files"
)

// ValueFlags are Helm's flags for values, in Helm's meaning.
func ValueFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.StringSliceFlag{Name: "values", Aliases: []string{"f"}, Usage: "values `FILE`, - for stdin; may be repeated, later ones win"},
		&urfave.GenericFlag{Name: "set", Value: &exprs{}, Usage: "set values: `KEY=VALUE`,..."},
		&urfave.GenericFlag{Name: "set-string", Value: &exprs{}, Usage: "set values as strings: `KEY=VALUE`,..."},
		&urfave.GenericFlag{Name: "set-file", Value: &exprs{}, Usage: "set values from files: `KEY=PATH`,..."},
		&urfave.GenericFlag{Name: "set-json", Value: &exprs{}, Usage: "set JSON values: `KEY=JSON`,... or an object"},
		&urfave.GenericFlag{Name: "set-literal", Value: &exprs{}, Usage: "set a literal string: `KEY=VALUE`"},
	}
}

// exprs collects a repeated flag without splitting at commas, which have a meaning inside the value.
type exprs struct{ list []string }

// Set implements urfave.Generic.
func (x *exprs) Set(s string) error {
	x.list = append(x.list, s)
	return nil
}

// String implements urfave.Generic.
func (x *exprs) String() string { return strings.Join(x.list, " ") }

// ReadValues merges what the value flags say, in Helm's order, and tells for any value which file or flag gave it.
func ReadValues(e Env, c *urfave.Context) (map[string]any, func(path []string) string, error) {
	list := func(name string) []string {
		if x, ok := c.Generic(name).(*exprs); ok {
			return x.list
		}
		return nil
	}
	sources := chart.ValueSources{
		Files: c.StringSlice("values"), JSON: list("set-json"), Set: list("set"),
		String: list("set-string"), File: list("set-file"), Literal: list("set-literal"),
	}
	stdin := sync.OnceValues(func() ([]byte, error) { return io.ReadAll(io.LimitReader(e.Stdin, maxValuesFile)) })
	read := func(path string) ([]byte, error) {
		if path == "-" {
			return stdin()
		}
		return files.ReadNamed(path, chart.MaxFile)
	}
	values, err := chart.MergeValues(sources, read)
	return values, sources.Origins(read), WithCode(exitcode.Usage, err)
}

// maxValuesFile bounds what is read from stdin, in bytes.
const maxValuesFile = 16 << 20
