package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/runner"
)

// selectUnits decides which units the run takes; what is deployed is asked of the cluster, where it matters.
func (r *shared) selectUnits() (selection, error) {
	s := selecting{
		ref: r.Resolved.Ref, environment: r.Resolved.Environment, units: r.Resolved.Units, named: r.Services, withMissing: r.Plan.Policies.WithMissing,
		versionTag: r.Config.IsVersionTag(r.Resolved.Ref.Tag), perService: r.PerService(), takesTag: r.takesTag,
	}
	if s.ref.Tag != "" {
		versions, err := r.versions()
		if err != nil {
			return selection{}, err
		}
		s.versions = versions
	}
	if r.Goal.MayPlan() && r.Resolved.Environment != "" {
		s.deployed = r.presence
	}
	return s.choose()
}

// takesTag reports whether the environment takes a tag; one without tags, deployed by name, takes all.
func (r *shared) takesTag(tag string) bool {
	e := r.Config.Environments[r.Resolved.Environment]
	return e == nil || e.Tags == config.NoTags || r.Config.TakesTag(r.Resolved.Environment, tag)
}

// presence reports whether a unit is deployed: whether its release has a deployed revision, by its records' labels.
// What another environment has deployed in its place does not count.
func (r *shared) presence(u config.Unit) (bool, error) {
	if err := r.ping(); err != nil {
		return false, err
	}
	heads, err := r.heads[u.Namespace]()
	if err != nil {
		return false, fmt.Errorf("ask whether %s is deployed: %w", u.Name, err)
	}
	return slices.ContainsFunc(heads, func(h release.Head) bool {
		s, stamped := stamp.Of(h.Labels)
		return h.Name == u.Release && h.Status == release.Deployed && (!stamped || r.Plan.Policies.TakeOver || r.owner().Fits(s.Owner))
	}), nil
}

// left is why the run leaves the unit as it is, and so does nothing in a step; empty where it does.
func (j *job) left(step runner.Step) string {
	switch {
	case j.kind == event.UnitCluster || !j.Goal.Selects() || slices.Contains(buildSteps(), step.Name):
		return ""
	case step.Name == "plan" && j.Deploy.Saved != nil && j.Deploy.Saved.Has(j.unit.Release, j.unit.Namespace): // it says what is left undone
		return ""
	}
	return j.leftBy()
}

// leftBy is the rule by which the run leaves the unit as it is; empty where it takes it.
func (j *job) leftBy() string {
	s, err := j.selection()
	if err != nil {
		return "not known what the run takes"
	}
	return s.reason(j.unit.Name)
}

// tellSelection is the step that begins a plan: what it takes and what it leaves, by which rule. It fails where
// something is needed that is neither in the run nor deployed.
func (j *job) tellSelection(_ context.Context, span event.Span) event.Result {
	s, err := j.selection()
	if err != nil {
		return failed(err)
	}
	if len(s.problems) > 0 {
		result := event.Result{Status: event.Failed, Message: s.problems[0]}
		if more := len(s.problems) - 1; more > 0 {
			result.Message = fmt.Sprintf("%s; and %d more", s.problems[0], more)
			result.Details = strings.Join(s.problems, "\n")
		}
		return result
	}
	taken := func(u plan.Scoped) bool { return u.Fate == plan.Taken }
	if tag := j.Resolved.Ref.Tag; tag != "" && !slices.ContainsFunc(s.units, taken) {
		span.Warn(fmt.Sprintf("nothing is published or deployed: no service carries the tag %s", tag))
	}
	result := event.Result{Status: event.Passed, Message: plan.ScopeSummary(s.units)}
	if slices.ContainsFunc(s.units, func(u plan.Scoped) bool { return u.Fate != plan.Taken }) {
		var text strings.Builder
		if err := plan.WriteScope(&text, s.units); err != nil {
			return failed(err)
		}
		result.Details = text.String()
	}
	return result
}
