// Package pipeline turns a pintle.yaml into work: the table of steps, and what
// each of them does to a service or a release.
//
//	checks  version -> bump -> lint -> package -> compare   every unit, side by side
//	then    push -> plan -> deploy -> test                  along needs, dependants after what they need
//
// Nothing is published or deployed unless every unit has passed its checks, so
// a broken chart never leaves a run half done. The package refuses to print, to
// parse flags and to know how a cluster or a registry is spoken to: the domain
// packages do the work, events tell about it.
package pipeline

// Goal says how far a run goes: which steps its units have.
type Goal string

// The goals, each the name of a command.
const (
	GoalVersion Goal = "version"
	GoalBump    Goal = "bump"
	GoalBuild   Goal = "build"
	GoalPublish Goal = "publish"
	GoalPlan    Goal = "plan"
	GoalDeploy  Goal = "deploy"
	GoalTest    Goal = "test"
	GoalRun     Goal = "run"
	GoalAccess  Goal = "access"
)
