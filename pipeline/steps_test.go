package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/runner"
)

// allGoals are those that the table may name.
var allGoals = []Goal{GoalVersion, GoalBump, GoalBuild, GoalPublish, GoalPlan, GoalDeploy, GoalTest, GoalRun, GoalAccess}

// stepsOf are the names of the steps of one kind of unit for a goal.
func stepsOf(goal Goal, kind event.Unit) string {
	var names []string
	for _, s := range steps() {
		if slices.Contains(s.of, kind) && slices.Contains(s.goals, goal) {
			names = append(names, s.name)
		}
	}
	return strings.Join(names, " ")
}

// TestSteps pins the table: what each goal does to each kind of unit, in order.
func TestSteps(t *testing.T) {
	type row struct{ Service, Release, Cluster, Files string }
	want := map[Goal]row{
		GoalVersion: {"version", "", "", ""},
		GoalBump:    {"version bump", "", "", "bump"},
		GoalBuild:   {"version bump lint package", "", "", "bump"},
		GoalPublish: {"version bump lint package push", "", "", "bump"},
		GoalPlan:    {"version bump lint package compare plan", "pull compare plan", "connect select", "bump"},
		GoalDeploy:  {"version bump lint package compare plan deploy", "pull compare plan deploy", "connect select", "bump"},
		GoalTest:    {"test", "", "connect", ""},
		GoalAccess:  {"version bump access", "pull access", "connect", ""},
		GoalRun:     {"version bump lint package compare push plan deploy test", "pull compare plan deploy", "connect select", "bump"},
	}
	got := map[Goal]row{}
	for _, g := range allGoals {
		got[g] = row{stepsOf(g, event.UnitService), stepsOf(g, event.UnitRelease), stepsOf(g, event.UnitCluster), stepsOf(g, event.UnitFiles)}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, s := range steps() {
		for _, g := range s.goals {
			if !slices.Contains(allGoals, g) {
				t.Errorf("step %s is of a goal %q", s.name, g)
			}
		}
	}
}

// What a goal needs and may do follows from its steps.
func TestGoals(t *testing.T) {
	got := map[string]string{}
	for name, is := range map[string]func(Goal) bool{
		"needs the cluster": Goal.NeedsCluster, "plans": Goal.MayPlan, "deploys": Goal.Deploys, "selects": Goal.Selects,
		"needs an environment": Goal.MustDeploy, "writes the tree": Goal.writesTree,
	} {
		var goals []string
		for _, g := range allGoals {
			if is(g) {
				goals = append(goals, string(g))
			}
		}
		got[name] = strings.Join(goals, " ")
	}
	want := map[string]string{
		"needs the cluster": "plan deploy test run access", "plans": "plan deploy run", "deploys": "deploy run", "selects": "publish plan deploy run",
		"needs an environment": "plan deploy test access", "writes the tree": "bump build publish deploy run",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"version", "bump", "bump", "lint", "package"}, buildSteps()); diff != "" {
		t.Error(diff)
	}
}

// A step that could change what others see is never among the checks, which a failure elsewhere does not stop.
func TestPhasesFollowTheChecks(t *testing.T) {
	for _, kind := range []event.Unit{event.UnitService, event.UnitRelease, event.UnitCluster, event.UnitFiles} {
		last := runner.Check
		for _, s := range steps() {
			if !slices.Contains(s.of, kind) {
				continue
			}
			if s.phase == runner.Check && last != runner.Check {
				t.Errorf("the check %s of a %s comes behind another phase", s.name, kind)
			}
			last = s.phase
		}
	}
}

// A unit of a run that deploys nowhere is compared with nothing.
func TestStepsWithoutAnEnvironment(t *testing.T) {
	p := &Project{Config: &config.Config{}, Resolved: &config.Resolved{}}
	requests, err := NewRequests(p.Config, p.Resolved, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	j := &job{shared: &shared{Options: Options{Project: p, Goal: GoalRun}, requests: requests}, kind: event.UnitService}
	var names []string
	for _, s := range j.steps() {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff("version bump lint package push plan deploy test", strings.Join(names, " ")); diff != "" {
		t.Error(diff)
	}
}
