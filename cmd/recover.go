package cmd

import (
	"context"
	"errors"
	"fmt"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
)

const recoverDescription = "Does what the next deploy would do first, and no more: takes the lock of a dead job over, marks its revision failed, deletes the hooks it left,\n" +
	"and brings the objects back to the last deployed revision, or removes a first install that did not end. Nothing happens to a release that needs none of it."

func recoverFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.BoolFlag{Name: "dry-run", Usage: "change nothing; tell what would be done"},
		&urfave.BoolFlag{Name: "leave", Usage: "leave the objects as they are: only the lock, the record and the hooks are seen to"},
	}
}

func recoverCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "recover", Usage: "repair what a killed job left of services in an environment, of all by default", ArgsUsage: "[SERVICE...]",
		Description: recoverDescription,
		Flags:       append(append(releaseFlags(), reportDirFlag(), takeOverFlag()), recoverFlags()...),
		Action: func(c *urfave.Context) error {
			return operate(e, c, "recover", func(ctx context.Context, d *deployed, u config.Unit, span event.Span) (deployer.Outcome, error) {
				req := d.requests.Recover(u, &span)
				req.DryRun = c.Bool("dry-run")
				if c.Bool("leave") {
					req.OnFailure, req.OnFailedInstall = deployer.Leave, deployer.Leave
				}
				outcome, err := d.engine.Recover(ctx, req, span)
				if errors.Is(err, release.ErrNotFound) {
					return deployer.Outcome{Status: event.Unchanged, Message: "it is not deployed"}, nil
				}
				return outcome, err
			}, c.Args().Slice()...)
		},
	}
}

func releaseRecoverCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "recover", Usage: "repair what a killed job left of a release", ArgsUsage: "NAME", Description: recoverDescription,
		Flags: append(append(releaseClusterFlags(), timeoutFlag(), historyMaxFlag()), recoverFlags()...),
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
				Secrets: secrets(e.getenv),
			}}
			if c.Bool("leave") {
				req.OnFailure, req.OnFailedInstall = deployer.Leave, deployer.Leave
			}
			outcome, err := conduct(e, c, req.Secrets, "recover", name, func(ctx context.Context, span event.Span) (deployer.Outcome, error) {
				return engine.Recover(ctx, req, span)
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdoutText, "release %q: %s\n", name, outcome.Message)
			return err
		},
	}
}
