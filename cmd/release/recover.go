package release

import (
	"context"
	"fmt"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
)

func recoverCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "recover", Usage: "repair what a killed job left of a release", ArgsUsage: "NAME",
		Flags: append(append(releaseClusterFlags(), timeoutFlag(), historyMaxFlag()), cli.RecoverFlags()...),
		Action: func(c *urfave.Context) error {
			name, err := oneRelease(c)
			if err != nil {
				return err
			}
			engine, err := openEngine(e, c)
			if err != nil {
				return err
			}
			req := deployer.RecoverRequest{DryRun: c.Bool("dry-run"), Request: deployer.Request{
				Release: name, Namespace: c.String("namespace"), Timeout: c.Duration("timeout"), HistoryLimit: historyLimit(c),
				Secrets: cli.Secrets(e.Getenv),
			}}
			if c.Bool("leave") {
				req.OnFailure, req.OnFailedInstall = deployer.Leave, deployer.Leave
			}
			outcome, err := runOperation(e, c, req.Secrets, "recover", name, func(ctx context.Context, span event.Span) (deployer.Outcome, error) {
				return engine.Recover(ctx, req, span)
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.StdoutText, "release %q: %s\n", name, outcome.Message)
			return err
		},
	}
}
