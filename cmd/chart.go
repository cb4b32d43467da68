package cmd

import (
	"github.com/pintle-ci/pintle/cmd/cli"
	urfave "github.com/urfave/cli/v2"
)

func chartCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "chart", Usage: "work with one chart", ArgsUsage: "create|template|lint|package|push|pull|show|deps|test",
		Subcommands: []*urfave.Command{
			createCommand(e), templateCommand(e), lintCommand(e), packageCommand(e), pushCommand(e), pullCommand(e), showCommand(e), depsCommand(e), chartTestCommand(e),
		},
		Action: cli.NoSubcommand,
	}
}
