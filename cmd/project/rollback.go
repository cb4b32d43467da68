package project

import (
	"cmp"
	"context"
	"strconv"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// RollbackCommand is "pintle rollback".
func RollbackCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "rollback", Usage: "bring a service back to an earlier revision, the last good one by default", ArgsUsage: "SERVICE [REVISION]",
		Flags: append(releaseFlags(), reportDirFlag(), cli.TakeOverFlag(), cli.ForceConflictsFlag(), cli.OnConflictFlag("deploy.onConflict of pintle.yaml, fail")),
		Action: func(c *urfave.Context) error {
			if n := c.Args().Len(); n < 1 || n > 2 {
				return cli.Usagef("rollback takes a service and, if you like, a revision: pintle rollback cart 3 --environment prod")
			}
			revision := 0
			if text := c.Args().Get(1); text != "" {
				var err error
				if revision, err = strconv.Atoi(text); err != nil || revision < 1 {
					return cli.Usagef("%q is no revision of %s: roll back one service at a time, to a number of \"pintle history %[2]s\"", text, c.Args().First())
				}
			}
			conflicts, err := cli.OnConflict(c)
			if err != nil {
				return err
			}
			return operate(e, c, "rollback", func(ctx context.Context, d *target, u config.Unit, span event.Span) (deployer.Outcome, error) {
				req := d.requests.Rollback(u, &span)
				req.OnConflict = cmp.Or(conflicts, req.OnConflict)
				return d.engine.Rollback(ctx, req, revision, span)
			}, c.Args().First())
		},
	}
}
