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

// RecoverCommand is "pintle recover".
func RecoverCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "recover", Usage: "repair what a killed job left of services in an environment, of all by default", ArgsUsage: "[SERVICE...]",
		Flags: append(append(releaseFlags(), reportDirFlag(), cli.TakeOverFlag()), cli.RecoverFlags()...),
		Action: func(c *urfave.Context) error {
			return operate(e, c, "recover", func(ctx context.Context, d *target, u config.Unit, span event.Span) (deployer.Outcome, error) {
				req := d.requests.Recover(u, &span)
				req.DryRun = c.Bool("dry-run")
				if c.Bool("leave") {
					req.OnFailure, req.OnFailedInstall = deployer.Leave, deployer.Leave
				}
				return pipeline.IfDeployed(d.engine.Recover(ctx, req, span))
			}, c.Args().Slice()...)
		},
	}
}
