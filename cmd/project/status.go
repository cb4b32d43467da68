package project

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// StatusCommand is "pintle status".
func StatusCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "status", Usage: "show what is deployed in an environment, and what of it is not ready", ArgsUsage: "[SERVICE...]",
		Flags: releaseFlags(),
		Action: func(c *urfave.Context) error {
			d, closeProject, err := openTarget(e, c)
			if err != nil {
				return err
			}
			defer closeProject()
			return printStatus(c.Context, e, d, c.Args().Slice())
		},
	}
}

func printStatus(ctx context.Context, e cli.Env, d *target, names []string) error {
	units, err := d.resolved.Choose(names)
	if err != nil {
		return cli.WithCode(exitcode.Usage, err)
	}
	table := cli.NewListing(e, "SERVICE", "NAMESPACE", "REVISION", "STATUS", "CHART", "UPDATED", "READY")
	for _, u := range units {
		record, objects, err := d.engine.Status(ctx, d.requests.Status(u))
		switch {
		case errors.Is(err, release.ErrNotFound):
			table.Row(u.Name, u.Namespace, "-", "not deployed", "", "", "")
			continue
		case err != nil:
			return cli.WithCode(exitcode.Failed, err)
		}
		table.Row(u.Name, u.Namespace, strconv.Itoa(record.Version), string(record.Status()),
			chartName(record), record.Info.LastDeployed.UTC().Format(time.RFC3339), readiness(objects))
	}
	return table.Print()
}

// readiness is "4 of 4", or the first object that is not ready and why.
func readiness(objects []deployer.ObjectStatus) string {
	ready, why := 0, ""
	for _, o := range objects {
		switch {
		case o.Ready:
			ready++
		case why == "" && !o.Exists:
			why = fmt.Sprintf(": %s is missing", o.Object.Name)
		case why == "":
			why = fmt.Sprintf(": %s/%s %s", o.Object.Kind, o.Object.Name, o.Message)
		}
	}
	return fmt.Sprintf("%d of %d%s", ready, len(objects), why)
}

func chartName(r *release.Record) string {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return ""
	}
	return r.Chart.Metadata.Name + "-" + r.Chart.Metadata.Version
}
