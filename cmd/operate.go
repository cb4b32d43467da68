package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// deployed is the releases of an environment on its cluster.
type deployed struct {
	project  *project
	resolved *config.Resolved
	requests *pipeline.Requests
	engine   *deployer.Engine
	reports  string // their folder
}

func releaseFlags() []urfave.Flag {
	return append(append(projectFlags(), environmentFlag()), clusterFlags()...)
}

// openDeployed finds the environment and connects to its cluster.
func openDeployed(e env, c *urfave.Context) (*deployed, func(), error) {
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return nil, nil, err
	}
	resolved, err := p.resolve(c.Context, c, pipeline.GoalDeploy)
	if err != nil {
		closeProject()
		return nil, nil, withCode(exitcode.Usage, err)
	}
	dir, err := reportDir(c, p.config, resolved)
	if err != nil {
		closeProject()
		return nil, nil, err
	}
	requests, err := pipeline.NewRequests(p.config, resolved, dir, secrets(e.getenv))
	if err != nil {
		closeProject()
		return nil, nil, withCode(exitcode.Usage, err)
	}
	cluster, err := connect(c, resolved.KubeContext)
	if err != nil {
		closeProject()
		return nil, nil, withCode(exitcode.Failed, err)
	}
	engine := deployer.New(cluster, deployer.Options{Holder: holder(p.ci), Job: ciJob(p.ci)})
	return &deployed{project: p, resolved: resolved, requests: requests, engine: engine, reports: dir}, closeProject, nil
}

// unit finds one service or release by name.
func (d *deployed) unit(name string) (config.Unit, error) {
	units, err := d.resolved.Choose([]string{name})
	if err != nil {
		return config.Unit{}, withCode(exitcode.Usage, err)
	}
	return units[0], nil
}

func statusCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "status", Usage: "show what is deployed in an environment, and what of it is not ready", ArgsUsage: "[SERVICE...]",
		Flags: releaseFlags(),
		Action: func(c *urfave.Context) error {
			d, closeProject, err := openDeployed(e, c)
			if err != nil {
				return err
			}
			defer closeProject()
			return printStatus(c.Context, e.stdoutText, d, c.Args().Slice())
		},
	}
}

func printStatus(ctx context.Context, w io.Writer, d *deployed, names []string) error {
	units, err := d.resolved.Choose(names)
	if err != nil {
		return withCode(exitcode.Usage, err)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tNAMESPACE\tREVISION\tSTATUS\tCHART\tUPDATED\tREADY")
	for _, u := range units {
		record, objects, err := d.engine.Status(ctx, d.requests.Status(u))
		switch {
		case errors.Is(err, release.ErrNotFound):
			writeRow(table, u.Name, u.Namespace, "-", "not deployed", "", "", "")
			continue
		case err != nil:
			return withCode(exitcode.Failed, err)
		}
		writeRow(table, u.Name, u.Namespace, strconv.Itoa(record.Version), string(record.Status()),
			chartName(record), record.Info.LastDeployed.UTC().Format(time.RFC3339), readiness(objects))
	}
	return table.Flush()
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

func historyCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "history", Usage: "list the revisions of a service in an environment", ArgsUsage: "SERVICE",
		Flags: releaseFlags(),
		Action: func(c *urfave.Context) error {
			if c.Args().Len() != 1 {
				return usagef("history takes one service: pintle history cart --environment prod")
			}
			d, closeProject, err := openDeployed(e, c)
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
				return withCode(exitcode.Failed, err)
			}
			table := tabwriter.NewWriter(e.stdoutText, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "REVISION\tUPDATED\tSTATUS\tCHART\tDESCRIPTION")
			for _, r := range history.Records {
				writeRow(table, strconv.Itoa(r.Version), r.Info.LastDeployed.UTC().Format(time.RFC3339), string(r.Status()), chartName(r), r.Info.Description)
			}
			return table.Flush()
		},
	}
}

func rollbackCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "rollback", Usage: "bring a service back to an earlier revision, the last good one by default", ArgsUsage: "SERVICE [REVISION]",
		Flags: append(releaseFlags(), reportDirFlag(), takeOverFlag(), forceConflictsFlag(), onConflictFlag("deploy.onConflict of pintle.yaml, fail")),
		Action: func(c *urfave.Context) error {
			if n := c.Args().Len(); n < 1 || n > 2 {
				return usagef("rollback takes a service and, if you like, a revision: pintle rollback cart 3 --environment prod")
			}
			revision := 0
			if text := c.Args().Get(1); text != "" {
				var err error
				if revision, err = strconv.Atoi(text); err != nil || revision < 1 {
					return usagef("%q is no revision of %s: roll back one service at a time, to a number of \"pintle history %[2]s\"", text, c.Args().First())
				}
			}
			conflicts, err := onConflict(c)
			if err != nil {
				return err
			}
			return operate(e, c, "rollback", func(ctx context.Context, d *deployed, u config.Unit, span event.Span) (deployer.Outcome, error) {
				req := d.requests.Rollback(u, &span)
				req.OnConflict = cmp.Or(conflicts, req.OnConflict)
				return d.engine.Rollback(ctx, req, revision, span)
			}, c.Args().First())
		},
	}
}

func uninstallCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "uninstall", Usage: "take services out of an environment, with their history", ArgsUsage: "SERVICE...",
		Flags: append(releaseFlags(), reportDirFlag(), approveFlag(), takeOverFlag(),
			&urfave.BoolFlag{Name: "keep-history", Usage: "keep the records, so that a rollback can bring the service back"}),
		Action: func(c *urfave.Context) error {
			if c.Args().Len() == 0 {
				return usagef("uninstall takes services: pintle uninstall cart --environment preview")
			}
			return operate(e, c, "uninstall", func(ctx context.Context, d *deployed, u config.Unit, span event.Span) (deployer.Outcome, error) {
				req := d.requests.Uninstall(u, &span)
				req.KeepHistory = c.Bool("keep-history")
				outcome, err := d.engine.Uninstall(ctx, req, span)
				if errors.Is(err, release.ErrNotFound) { // a clean-up job may run twice
					return deployer.Outcome{Status: event.Unchanged, Message: "it is not deployed"}, nil
				}
				return outcome, err
			}, c.Args().Slice()...)
		},
	}
}

// operation changes one release.
type operation func(ctx context.Context, d *deployed, u config.Unit, span event.Span) (deployer.Outcome, error)

// operate runs one operation on each of the named units, with the console and
// the reports of a run.
func operate(e env, c *urfave.Context, name string, op operation, units ...string) error {
	if c.String("environment") == "" {
		return usagef("%s changes what is deployed: name the environment with --environment", name)
	}
	d, closeProject, err := openDeployed(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	d.requests = d.requests.By(pipeline.Owner(d.resolved, d.project.repository), c.Bool("take-over"))
	if d.resolved.Approve && name == "uninstall" && !c.Bool("approve") {
		return usagef("environment %s asks for approval: pass --approve", d.resolved.Environment)
	}
	chosen := d.resolved.Units
	if len(units) > 0 {
		chosen = nil
	}
	for _, n := range units {
		u, err := d.unit(n)
		if err != nil {
			return err
		}
		chosen = append(chosen, u)
	}
	rec, err := startRecording(c.Context, e, d.reports, secrets(e.getenv), d.project.ci, colorWanted(e, c, d.project.ci))
	if err != nil {
		return err
	}
	code := pipeline.Operate(c.Context, rec.log, d.resolved, name, chosen, d.requests.Secrets, func(ctx context.Context, u config.Unit, span event.Span) (deployer.Outcome, error) {
		return op(ctx, d, u, span)
	})
	run, unwritten := rec.finish()
	if unwritten != nil {
		e.log.Error(unwritten)
	}
	return conclusion(code, unwritten, tellSummary(e, c, code, run, d.reports))
}
