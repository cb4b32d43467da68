package project

import (
	"context"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// UninstallCommand is "pintle uninstall".
func UninstallCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "uninstall", Usage: "take services out of an environment, with their history", ArgsUsage: "SERVICE...",
		Flags: append(releaseFlags(), reportDirFlag(), approveFlag(), cli.TakeOverFlag(),
			&urfave.BoolFlag{Name: "keep-history", Usage: "keep the records, so that a rollback can bring the service back"}),
		Action: func(c *urfave.Context) error {
			if c.Args().Len() == 0 {
				return cli.Usagef("uninstall takes services: pintle uninstall cart --environment preview")
			}
			return operate(e, c, "uninstall", func(ctx context.Context, d *target, u config.Unit, span event.Span) (deployer.Outcome, error) {
				req := d.requests.Uninstall(u, &span)
				req.KeepHistory = c.Bool("keep-history")
				return pipeline.IfDeployed(d.engine.Uninstall(ctx, req, span))
			}, c.Args().Slice()...)
		},
	}
}
