package project

import (
	"strconv"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// HistoryCommand is "pintle history".
func HistoryCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "history", Usage: "list the revisions of a service in an environment", ArgsUsage: "SERVICE",
		Flags: releaseFlags(),
		Action: func(c *urfave.Context) error {
			if c.Args().Len() != 1 {
				return cli.Usagef("history takes one service: pintle history cart --environment prod")
			}
			d, closeProject, err := openTarget(e, c)
			if err != nil {
				return err
			}
			defer closeProject()
			u, err := d.unit(c.Args().First())
			if err != nil {
				return err
			}
			history, err := d.engine.History(c.Context, u.Release, u.Namespace)
			if err != nil {
				return cli.WithCode(exitcode.Failed, err)
			}
			table := cli.NewListing(e, "REVISION", "UPDATED", "STATUS", "CHART", "DESCRIPTION")
			for _, r := range history.Records {
				table.Row(strconv.Itoa(r.Version), r.Info.LastDeployed.UTC().Format(time.RFC3339), string(r.Status()), chartName(r), r.Info.Description)
			}
			return table.Print()
		},
	}
}
