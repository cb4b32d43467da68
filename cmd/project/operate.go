package project

import (
	"context"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// target is the releases of an environment on its cluster.
type target struct {
	project  *project
	resolved *config.Resolved
	requests *pipeline.Requests
	engine   *deployer.Engine
	reports  string // their folder
}

func releaseFlags() []urfave.Flag {
	return append(append(projectFlags(), environmentFlag()), clusterFlags()...)
}

// openTarget finds the environment and connects to its cluster.
func openTarget(e cli.Env, c *urfave.Context) (*target, func(), error) {
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return nil, nil, err
	}
	resolved, err := p.resolve(c.Context, c, pipeline.GoalDeploy)
	if err != nil {
		closeProject()
		return nil, nil, cli.WithCode(exitcode.Usage, err)
	}
	dir, err := reportDir(c, p.config, resolved)
	if err != nil {
		closeProject()
		return nil, nil, err
	}
	requests, err := pipeline.NewRequests(p.config, resolved, dir, cli.Secrets(e.Getenv))
	if err != nil {
		closeProject()
		return nil, nil, cli.WithCode(exitcode.Usage, err)
	}
	cluster, err := cli.Connect(c, resolved.KubeContext)
	if err != nil {
		closeProject()
		return nil, nil, cli.WithCode(exitcode.Failed, err)
	}
	engine := deployer.New(cluster, deployer.Options{Holder: cli.Holder(p.ci), Job: cli.Job(p.ci)})
	return &target{project: p, resolved: resolved, requests: requests, engine: engine, reports: dir}, closeProject, nil
}

// unit finds one service or release by name.
func (d *target) unit(name string) (config.Unit, error) {
	units, err := d.resolved.Choose([]string{name})
	if err != nil {
		return config.Unit{}, cli.WithCode(exitcode.Usage, err)
	}
	return units[0], nil
}

// operation changes one release.
type operation func(ctx context.Context, d *target, u config.Unit, span event.Span) (deployer.Outcome, error)

// operate runs one operation on each of the named units, with the console and the reports of a run.
func operate(e cli.Env, c *urfave.Context, name string, op operation, units ...string) error {
	if c.String("environment") == "" {
		return cli.Usagef("%s changes what is deployed: name the environment with --environment", name)
	}
	d, closeProject, err := openTarget(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	d.requests = d.requests.By(pipeline.Owner(d.resolved, d.project.repository), c.Bool("take-over"))
	if d.resolved.Approve && name == "uninstall" && !c.Bool("approve") {
		return cli.Usagef("environment %s asks for approval: pass --approve", d.resolved.Environment)
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
	rec, err := startRecording(c.Context, e, d.reports, cli.Secrets(e.Getenv), d.project.ci, cli.StderrColor(e, c, d.project.ci))
	if err != nil {
		return err
	}
	code := pipeline.Operate(c.Context, rec.log, d.resolved, name, chosen, d.requests.Secrets, func(ctx context.Context, u config.Unit, span event.Span) (deployer.Outcome, error) {
		return op(ctx, d, u, span)
	})
	run, unwritten := rec.finish()
	if unwritten != nil {
		e.Log.Error(unwritten)
	}
	return runError(code, unwritten, endWithSummary(e, c, code, run, d.reports))
}
