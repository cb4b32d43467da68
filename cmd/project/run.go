package project

import (
	"context"
	"fmt"
	"io"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// GoalCommand is a command that takes the services through the steps of a goal.
func GoalCommand(e cli.Env, goal pipeline.Goal, usage string) *urfave.Command {
	flags := append(projectFlags(),
		environmentFlag(),
		&urfave.IntFlag{Name: "parallel", Usage: "work on `N` services at a time", DefaultText: "that of pintle.yaml, 4", Action: positive("parallel")},
		reportDirFlag(), cli.PlainHTTPFlag(), skipSchemaFlag(),
	)
	if goal.NeedsCluster() {
		flags = append(flags, clusterFlags()...)
	}
	if goal.MayPlan() {
		flags = append(append(flags, cli.PolicyFlags()...), cli.TakeOverFlag(), cli.AllowDowngradeFlag(), withMissingFlag(), cli.NoLookupSecretsFlag())
	}
	if goal.Deploys() {
		flags = append(flags, approveFlag(), cli.LogsFlag(""), cli.OnCancelFlag("deploy.onCancel of pintle.yaml, what a failure would bring"), cli.SupersedeFlag("deploy.supersede of pintle.yaml, false"))
	}
	if goal == pipeline.GoalPlan {
		flags = append(flags, planOutputFlag(), outFlag(), &urfave.BoolFlag{Name: "exit-code", Usage: "exit with 10 when there are changes"})
	}
	if goal == pipeline.GoalDeploy {
		flags = append(flags, savedPlanFlag())
	}
	return &urfave.Command{
		Name: string(goal), Usage: usage, ArgsUsage: "[SERVICE...]", Flags: flags,
		Action: func(c *urfave.Context) error { return runGoal(e, c, goal) },
	}
}

func skipSchemaFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "skip-schema-validation", Usage: "do not hold values against values.schema.json", EnvVars: []string{"PINTLE_SKIP_SCHEMA_VALIDATION"}}
}

func approveFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "approve", Usage: "approve the change of an environment that asks for approval", EnvVars: []string{"PINTLE_APPROVE"}}
}

func withMissingFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "with-missing", Usage: "in a build of a tag, install also the services that are not deployed and have not changed since their tags"}
}

func reportDirFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "report-dir", Usage: "write events.jsonl, junit.xml, report.json and report/ into this `FOLDER`"}
}

// runGoal wires a run: configuration, git, cluster, sinks; then the reports, which are written whatever happened.
func runGoal(e cli.Env, c *urfave.Context, goal pipeline.Goal) error {
	ctx := c.Context
	saved, err := loadSaved(c)
	if err != nil {
		return err
	}
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	o, err := goalOptions(ctx, e, c, goal, p)
	if err != nil {
		return err
	}
	if saved != nil {
		if err := applySavedPlan(ctx, e, saved, p, &o); err != nil {
			return err
		}
	}
	r, err := runAndReport(ctx, e, c, p, o)
	if err != nil {
		return err
	}
	if goal == pipeline.GoalPlan && r.outcome.ExitCode == exitcode.OK {
		if err := savePlan(e, c, o, r.outcome.Plans); err != nil {
			return err
		}
	}
	return r.print(e, c, goal)
}

// finishedRun is what a run came to, and what its events were folded into.
type finishedRun struct {
	outcome   pipeline.Outcome
	run       report.Run
	dir       string
	unwritten error // why the reports are not all there
}

// runAndReport carries a goal out and writes its reports.
func runAndReport(ctx context.Context, e cli.Env, c *urfave.Context, p *project, o pipeline.Options) (finishedRun, error) {
	dir, err := reportDir(c, p.config, o.Resolved)
	if err != nil {
		return finishedRun{}, err
	}
	o.ReportDir = dir
	rec, err := startRecording(ctx, e, dir, o.Secrets, p.ci, cli.StderrColor(e, c, p.ci))
	if err != nil {
		return finishedRun{}, err
	}
	outcome, err := pipeline.Run(ctx, rec.log, o)
	if err != nil {
		rec.abandon()
		return finishedRun{}, cli.WithCode(outcome.ExitCode, err)
	}
	run, unwritten := rec.finish()
	if unwritten != nil {
		e.Log.Error(unwritten)
	}
	return finishedRun{outcome, run, dir, unwritten}, nil
}

// print prints what the run came to, and is its error.
func (r finishedRun) print(e cli.Env, c *urfave.Context, goal pipeline.Goal) error {
	return runError(r.outcome.ExitCode, r.unwritten, printOutcome(e, c, goal, r.outcome, r.run, r.dir))
}

// runError is a run's error: the run's own exit code stands, and only a run that went well fails because its reports or
// its result could not be written.
func runError(code int, unwritten, untold error) error {
	if unwritten != nil {
		return cli.Silent(max(code, exitcode.Unexpected))
	}
	return cli.WithCode(code, untold)
}

// positive is the check of a flag that counts something.
func positive(name string) func(*urfave.Context, int) error {
	return func(_ *urfave.Context, n int) error {
		if n < 1 {
			return cli.Usagef("--%s %d: it must be 1 or more", name, n)
		}
		return nil
	}
}

func goalOptions(ctx context.Context, e cli.Env, c *urfave.Context, goal pipeline.Goal, p *project) (pipeline.Options, error) {
	resolved, err := p.resolve(ctx, c, goal)
	if err != nil {
		return pipeline.Options{}, cli.WithCode(exitcode.Usage, err)
	}
	if goal.Selects() {
		if err := p.oneTag(); err != nil {
			return pipeline.Options{}, err
		}
	}
	if _, err := resolved.Choose(c.Args().Slice()); err != nil {
		return pipeline.Options{}, cli.WithCode(exitcode.Usage, err)
	}
	o := pipeline.Options{
		Project: p.at(resolved), Command: commandLine(c), Goal: goal, Services: c.Args().Slice(), Parallel: c.Int("parallel"),
		Registry: cli.RegistryAccess(e, c), Secrets: cli.Secrets(e.Getenv),
		Limits: e.Limits.Over(p.config.Limits), SkipSchemaValidation: c.Bool("skip-schema-validation"),
		Cluster: pipeline.ClusterOptions{Holder: cli.Holder(p.ci), Job: cli.Job(p.ci)},
		Plan:    pipeline.PlanOptions{NoLookupSecrets: c.Bool(cli.NoLookupSecrets), Repeat: c.String("out") != ""},
		Deploy:  pipeline.DeployOptions{OnCancel: cli.OnCancel(c), Supersede: c.Bool("supersede"), Logs: c.Bool("logs")},
	}
	if o.Plan.Policies, err = cli.Policies(c); err != nil {
		return o, err
	}
	if resolved.Environment == "" || !goal.NeedsCluster() {
		return o, nil
	}
	if resolved.Approve && goal.Deploys() && !c.Bool("approve") {
		return o, cli.Usagef("environment %s asks for approval: look at \"pintle plan --environment %[1]s\", then pass --approve", resolved.Environment)
	}
	if o.Cluster.Client, err = cli.Connect(c, resolved.KubeContext); err != nil {
		return o, cli.WithCode(exitcode.Failed, err)
	}
	return o, nil
}

// commandLine is what was asked for, for the reports: the command, the flags that say what is built and where it goes,
// and the services.
func commandLine(c *urfave.Context) string {
	words := []string{c.Command.HelpName}
	for _, flag := range []string{"environment", "branch", "tag", "file"} {
		if value := c.String(flag); value != "" {
			words = append(words, "--"+flag, value)
		}
	}
	return strings.Join(append(words, c.Args().Slice()...), " ")
}

// printOutcome prints the command's result on stdout and sets the exit code.
func printOutcome(e cli.Env, c *urfave.Context, goal pipeline.Goal, outcome pipeline.Outcome, run report.Run, dir string) error {
	color := cli.StdoutColor(e, c)
	if goal == pipeline.GoalPlan && outcome.ExitCode == exitcode.OK {
		changes := false
		for _, plan := range outcome.Plans {
			changes = changes || plan.Changes()
		}
		if err := writePlans(e, c.String("output"), outcome.Scope, outcome.Plans, color); err != nil {
			return fmt.Errorf("print the plan: %w", err)
		}
		if changes && c.Bool("exit-code") {
			return cli.Silent(exitcode.Changes)
		}
		return nil
	}
	return endWithSummary(e, c, outcome.ExitCode, run, dir)
}

func endWithSummary(e cli.Env, c *urfave.Context, code int, run report.Run, dir string) error {
	if err := printSummary(e, c, run, dir); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	return cli.Silent(code)
}

func printSummary(e cli.Env, c *urfave.Context, run report.Run, dir string) error {
	o := summaryOptions(e, c, dir)
	return cli.Fit(e, func(w io.Writer) error { return report.Summary(w, run, o) })
}

// summaryOptions name those reports in dir that were written.
func summaryOptions(e cli.Env, c *urfave.Context, dir string) report.SummaryOptions {
	html, junit := report.Written(dir)
	return report.SummaryOptions{Color: cli.StdoutColor(e, c), HTML: html, JUnit: junit}
}
