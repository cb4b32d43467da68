// Package chart is the commands that work with one chart. It refuses to know a pintle.yaml, but for lint, which judges
// as the pipeline does.
package chart

import (
	"github.com/pintle-ci/pintle/cmd/cli"
	urfave "github.com/urfave/cli/v2"
)

// Command is the group of commands for one chart.
func Command(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "chart", Usage: "work with one chart", ArgsUsage: "create|template|lint|package|push|pull|show|deps|test",
		Subcommands: []*urfave.Command{
			createCommand(e), templateCommand(e), lintCommand(e), packageCommand(e), pushCommand(e), pullCommand(e), showCommand(e), depsCommand(e), testCommand(e),
		},
		Action: cli.NoSubcommand,
	}
}
