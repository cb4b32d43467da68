package pipeline

import (
	"slices"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/runner"
	"github.com/pintle-ci/pintle/versioning"
)

// job is one unit's way through its steps: what configuration says about it,
// and what each step leaves for those after it. Only the unit's own goroutine
// touches it while the run goes on.
type job struct {
	*shared
	unit config.Unit

	version versioning.Version // by version
	chart   *chart.Chart       // by bump or pull
	archive []byte             // by package
	plan    *deployer.Plan     // by plan
	outcome deployer.Outcome   // by deploy
	learned bool               // the chart's secrets are known

	bumpedFiles []BumpedFile // by bump

	deploying event.Span // of deploy, once it has begun
}

// serviceSteps is what happens to a service, in order.
func (j *job) serviceSteps() []runner.Step {
	return []runner.Step{
		{Name: "version", Phase: runner.Check, Run: j.computeVersion}, // git history -> the version of chart and image
		{Name: "bump", Phase: runner.Check, Run: j.bump},              // write it into Chart.yaml and values.yaml
		{Name: "lint", Phase: runner.Check, Run: j.lint},              // what is wrong with the chart, before anybody sees it
		{Name: "package", Phase: runner.Check, Run: j.pack},           // the archive, the same bytes for the same commit
		{Name: "compare", Phase: runner.Check, Run: j.compare},        // with what is deployed: whose it is, and which version
		{Name: "push", Phase: runner.Publish, Run: j.push},            // to the registry, never over other content
		{Name: "plan", Phase: runner.Publish, Run: j.makePlan},        // what the cluster would change, asked of the cluster
		{Name: "deploy", Phase: runner.Release, Run: j.deploy},        // apply, wait, and roll back when it fails
		{Name: "test", Phase: runner.Release, Run: j.test},            // the chart's own tests
	}
}

// releaseSteps is what happens to a third-party release, in order.
func (j *job) releaseSteps() []runner.Step {
	return []runner.Step{
		{Name: "pull", Phase: runner.Check, Run: j.pull},
		{Name: "compare", Phase: runner.Check, Run: j.compare},
		{Name: "plan", Phase: runner.Publish, Run: j.makePlan},
		{Name: "deploy", Phase: runner.Release, Run: j.deploy},
	}
}

// goals says which steps a goal has.
func (g Goal) steps() []string {
	switch g {
	case GoalVersion:
		return []string{"version"}
	case GoalBump:
		return []string{"version", "bump"}
	case GoalBuild:
		return []string{"version", "bump", "lint", "package"}
	case GoalPublish:
		return []string{"version", "bump", "lint", "package", "push"}
	case GoalPlan:
		return []string{"version", "bump", "lint", "package", "pull", "compare", "plan"}
	case GoalDeploy:
		return []string{"version", "bump", "lint", "package", "pull", "compare", "plan", "deploy"}
	case GoalTest:
		return []string{"test"}
	default:
		return []string{"version", "bump", "lint", "package", "push", "pull", "compare", "plan", "deploy", "test"}
	}
}

// NeedsCluster reports whether any step of the goal talks to the cluster.
func (g Goal) NeedsCluster() bool {
	return slices.Contains(g.steps(), "plan") || slices.Contains(g.steps(), "test")
}

// MayPlan reports whether the goal decides what the cluster is to become.
func (g Goal) MayPlan() bool { return slices.Contains(g.steps(), "plan") }

// Deploys reports whether the goal changes the cluster.
func (g Goal) Deploys() bool { return slices.Contains(g.steps(), "deploy") }

// MustDeploy reports whether the goal has no meaning without an environment. A
// whole run has: the build of a branch that is deployed nowhere.
func (g Goal) MustDeploy() bool { return g.NeedsCluster() && g != GoalRun }

// writesTree reports whether bump writes into the working tree. To ask what
// would happen changes nothing.
func (g Goal) writesTree() bool {
	return g != GoalPlan && g != GoalVersion && g != GoalTest
}

// steps are the unit's steps for the run's goal.
func (j *job) steps() []runner.Step {
	all := j.releaseSteps()
	if j.unit.Service {
		all = j.serviceSteps()
	}
	wanted := j.Goal.steps()
	if j.Resolved.Environment == "" || j.Deploy.Saved != nil { // a saved plan was compared when it was made
		wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "compare" })
	}
	all = slices.DeleteFunc(all, func(s runner.Step) bool { return !slices.Contains(wanted, s.Name) })
	for i, s := range all {
		if s.Name == "plan" && j.Deploy.Saved != nil {
			all[i] = runner.Step{Name: "plan", Phase: runner.Check, Run: j.asSaved(s.Run)} // nothing is deployed unless every plan still fits
		}
	}
	return all
}
