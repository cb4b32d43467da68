package pipeline

import (
	"context"
	"slices"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/runner"
)

// step is a row of the table of steps.
type step struct {
	name  string
	phase runner.Phase
	of    []event.Unit // which units have it
	goals []Goal       // which goals have it
	run   func(*job, context.Context, event.Span) event.Result
}

// steps is the table of all steps, in the order in which a unit goes through those that it has.
func steps() []step {
	services, releases := []event.Unit{event.UnitService}, []event.Unit{event.UnitRelease}
	clusters, files, deployed := []event.Unit{event.UnitCluster}, []event.Unit{event.UnitFiles}, slices.Concat(services, releases)
	check, plan, publish, deploy := runner.Check, runner.Plan, runner.Publish, runner.Deploy

	runs := []Goal{GoalRun}
	deploys := and(runs, GoalDeploy)
	plans := and(deploys, GoalPlan)
	builds := and(plans, GoalBuild, GoalPublish)
	bumps := and(builds, GoalBump, GoalAccess)

	return []step{
		{"connect", check, clusters, and(plans, GoalTest, GoalAccess), (*job).connect}, // whether the cluster answers
		{"select", check, clusters, plans, (*job).tellSelection},                       // what the run takes, and what it leaves

		{"version", check, services, and(bumps, GoalVersion), (*job).computeVersion}, // git history -> a version
		{"bump", check, services, bumps, (*job).bump},                                // write it into Chart.yaml and values.yaml
		{"bump", check, files, and(builds, GoalBump), (*job).bumpVersionFiles},       // write the one version for all into files
		{"lint", check, services, builds, (*job).lint},                               // what is wrong with the chart, before anybody sees it
		{"package", check, services, builds, (*job).pack},                            // the archive, the same bytes for the same commit
		{"pull", check, releases, and(plans, GoalAccess), (*job).pull},               // a third-party chart
		{"access", check, deployed, []Goal{GoalAccess}, (*job).listAccess},           // what an account must be allowed to do
		{"compare", check, deployed, plans, (*job).compare},                          // with what is deployed: whose, which version
		{"push", publish, services, and(runs, GoalPublish), (*job).push},             // to the registry, never over other content
		{"plan", plan, deployed, plans, (*job).makePlan},                             // what the cluster would change, asked of the cluster
		{"deploy", deploy, deployed, deploys, (*job).deploy},                         // apply, wait, and roll back when it fails
		{"test", deploy, services, and(runs, GoalTest), (*job).test},                 // the chart's own tests
	}
}

// and is a list of its own of goals and more.
func and(goals []Goal, more ...Goal) []Goal { return slices.Concat(goals, more) }

// has reports whether the goal has a step like that.
func (g Goal) has(like func(step) bool) bool {
	return slices.ContainsFunc(steps(), func(s step) bool { return slices.Contains(s.goals, g) && like(s) })
}

// NeedsCluster reports whether any step of the goal talks to the cluster.
func (g Goal) NeedsCluster() bool {
	return g.has(func(s step) bool { return slices.Contains(s.of, event.UnitCluster) })
}

// MayPlan reports whether the goal decides what the cluster is to become.
func (g Goal) MayPlan() bool { return g.has(func(s step) bool { return s.phase == runner.Plan }) }

// Deploys reports whether the goal carries out what it plans.
func (g Goal) Deploys() bool {
	return g.MayPlan() && g.has(func(s step) bool { return s.phase == runner.Deploy })
}

// Selects reports whether the goal does anything with units that it could leave alone.
func (g Goal) Selects() bool {
	return g.MayPlan() || g.has(func(s step) bool { return s.phase == runner.Publish })
}

// MustDeploy reports whether the goal has no meaning without an environment. A
// whole run has: the build of a branch that is deployed nowhere.
func (g Goal) MustDeploy() bool { return g.NeedsCluster() && g != GoalRun }

// asks reports whether the goal only asks what would be: a modified file is no reason to refuse it.
func (g Goal) asks() bool { return g == GoalPlan || g == GoalVersion || g == GoalAccess }

// writesTree reports whether bump writes into the working tree. To ask what
// would happen changes nothing.
func (g Goal) writesTree() bool { return !g.asks() && g != GoalTest }

// buildSteps are those of a build: they look at the commit, and at nothing that is deployed.
func buildSteps() []string {
	var names []string
	for _, s := range steps() {
		if slices.Contains(s.goals, GoalBuild) {
			names = append(names, s.name)
		}
	}
	return names
}

// steps are the unit's steps for the run's goal, none of which tells its secrets.
func (j *job) steps() []runner.Step {
	var own []runner.Step
	for _, row := range steps() {
		if !slices.Contains(row.of, j.kind) || !slices.Contains(row.goals, j.Goal) {
			continue
		}
		run := func(ctx context.Context, span event.Span) event.Result { return row.run(j, ctx, span) }
		s := runner.Step{Name: row.name, Phase: row.phase, Run: run}
		switch {
		case s.Name == "compare" && (j.Resolved.Environment == "" || j.Deploy.Saved != nil):
			continue // a saved plan was compared when it was made
		case s.Phase == runner.Plan && j.Deploy.Saved != nil:
			s.Phase, s.Run = runner.Check, j.asSaved(s.Run) // nothing is deployed unless every plan still fits
		}
		if j.hasSecrets() {
			s.Run = secretly(j.requests.Secrets(j.unit), s.Run)
		}
		own = append(own, s)
	}
	return own
}
