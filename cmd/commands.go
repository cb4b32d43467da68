package cmd

import (
	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/pipeline"
)

// commands is the command tree, in the order of its help.
func commands(e cli.Env) []*urfave.Command {
	return []*urfave.Command{
		initCommand(e),
		checkCommand(e),
		goalCommand(e, pipeline.GoalRun, "do the whole job: version, bump, lint, package, push, plan, deploy, test"),
		versionCommand(e),
		bumpCommand(e),
		tagCommand(e),
		changelogCommand(e),
		goalCommand(e, pipeline.GoalBuild, "version, bump, lint and package the charts"),
		goalCommand(e, pipeline.GoalPublish, "build the charts and push them to the registry"),
		goalCommand(e, pipeline.GoalPlan, "show what a deploy would change, asked of the cluster"),
		goalCommand(e, pipeline.GoalDeploy, "deploy without publishing"),
		goalCommand(e, pipeline.GoalTest, "run the charts' tests against what is deployed"),
		rollbackCommand(e),
		uninstallCommand(e),
		recoverCommand(e),
		statusCommand(e),
		historyCommand(e),
		reportCommand(e),
		chartCommand(e),
		releaseCommand(e),
		sandboxCommand(e),
		completionCommand(e),
	}
}
