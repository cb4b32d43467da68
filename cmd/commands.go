package cmd

import (
	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/chart"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/cmd/project"
	"github.com/pintle-ci/pintle/cmd/release"
	"github.com/pintle-ci/pintle/pipeline"
)

// commands is the command tree, in the order of its help.
func commands(e cli.Env) []*urfave.Command {
	return []*urfave.Command{
		project.InitCommand(e),
		project.CheckCommand(e),
		project.GoalCommand(e, pipeline.GoalRun, "do the whole job: version, bump, lint, package, push, plan, deploy, test"),
		project.VersionCommand(e),
		project.BumpCommand(e),
		project.TagCommand(e),
		project.ChangelogCommand(e),
		project.GoalCommand(e, pipeline.GoalBuild, "version, bump, lint and package the charts"),
		project.GoalCommand(e, pipeline.GoalPublish, "build the charts and push them to the registry"),
		project.GoalCommand(e, pipeline.GoalPlan, "show what a deploy would change, asked of the cluster"),
		project.GoalCommand(e, pipeline.GoalDeploy, "deploy without publishing"),
		project.GoalCommand(e, pipeline.GoalTest, "run the charts' tests against what is deployed"),
		project.RollbackCommand(e),
		project.UninstallCommand(e),
		project.RecoverCommand(e),
		project.AccessCommand(e),
		project.StatusCommand(e),
		project.HistoryCommand(e),
		project.ReportCommand(e),
		chart.Command(e),
		release.Command(e),
		sandboxCommand(e),
		completionCommand(e),
	}
}
