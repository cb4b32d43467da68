package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/dependency"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/registry"
)

func depsCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "deps", Aliases: []string{"dependency", "dep"}, Usage: "fetch a chart's dependencies into charts/", ArgsUsage: "update|build|list",
		Subcommands: []*urfave.Command{
			depsFetchCommand(e, "update", []string{"up"}, "fetch the newest versions that Chart.yaml allows, and write Chart.lock", dependency.Update),
			depsFetchCommand(e, "build", nil, "fetch the versions that Chart.lock names", dependency.Build),
			depsListCommand(e),
		},
		Action: cli.NoSubcommand,
	}
}

// fetchDependencies is an update or a build.
type fetchDependencies func(context.Context, string, dependency.Options) (dependency.Result, error)

func depsFetchCommand(e cli.Env, name string, aliases []string, usage string, fetch fetchDependencies) *urfave.Command {
	return &urfave.Command{
		Name: name, Aliases: aliases, Usage: usage, ArgsUsage: "[CHART]",
		Flags: []urfave.Flag{cli.PlainHTTPFlag()},
		Action: func(c *urfave.Context) error {
			dir, err := chartFolder(c)
			if err != nil {
				return err
			}
			o, err := cli.DependencyOptions(e, c)
			if err != nil {
				return err
			}
			result, err := fetch(c.Context, dir, o)
			if err != nil {
				return cli.WithCode(cli.CodeAt(dir), err)
			}
			return cli.PrintDependencies(e, result)
		},
	}
}

// chartFolder is the one argument CHART, the current folder without it.
func chartFolder(c *urfave.Context) (string, error) {
	switch c.Args().Len() {
	case 0:
		return ".", nil
	case 1:
		return c.Args().First(), nil
	}
	return "", cli.Usagef("%s takes one chart: %[1]s ./chart", c.Command.HelpName)
}

func depsListCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "list", Aliases: []string{"ls"}, Usage: "list a chart's dependencies and whether charts/ has them", ArgsUsage: "[CHART]",
		Flags: []urfave.Flag{&urfave.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "text", Usage: "`FORMAT`: text, json"}},
		Action: func(c *urfave.Context) error {
			dir, err := chartFolder(c)
			if err != nil {
				return err
			}
			if o := c.String("output"); o != "text" && o != "json" {
				return cli.Usagef("--output %q: write text or json", o)
			}
			return listDependencies(e, c, dir)
		},
	}
}

func listDependencies(e cli.Env, c *urfave.Context, dir string) error {
	tree, err := files.Around(dir)
	if err != nil {
		return cli.WithCode(cli.CodeAt(dir), fmt.Errorf("load chart %s: %w", dir, errors.Unwrap(err)))
	}
	head, err := chart.LoadHead(c.Context, tree, dir)
	if err != nil {
		return cli.WithCode(cli.CodeAt(dir), err)
	}
	list, extra, err := dependency.List(c.Context, tree, dir, head)
	if err != nil {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("list dependencies of %s: %w", dir, err))
	}
	for i := range list {
		list[i].Repository = registry.Shown(list[i].Repository)
	}
	for _, name := range extra {
		e.Log.Warnf("%s is no dependency in Chart.yaml", filepath.Join(dir, "charts", name))
	}
	if c.String("output") == "json" {
		return cli.WriteJSON(e, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(list)
		})
	}
	if len(list) == 0 {
		fmt.Fprintln(e.StderrText, "the chart has no dependencies")
		return nil
	}
	table := cli.NewListing(e, "NAME", "VERSION", "REPOSITORY", "FOUND", "STATUS")
	for _, d := range list {
		table.Row(d.Name, d.Version, d.Repository, d.Found, d.Status)
	}
	return table.Print()
}
