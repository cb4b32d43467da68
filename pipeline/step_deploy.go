package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
)

// connectTimeout bounds the first question to the cluster, which every proxy on
// the way may keep waiting.
const connectTimeout = 15 * time.Second

// connect asks, before anything is published, whether the cluster answers
// and knows us: an expired token found after the push would be half a job.
func (j *job) connect(ctx context.Context, _ event.Span) event.Result {
	server := j.Cluster.Client.Server()
	err := j.ping()
	if err == nil {
		return event.Result{Status: event.Passed, Message: server}
	}
	result := failed(err)
	if ctx.Err() == nil && !strings.Contains(result.Message, server) && !strings.Contains(result.Message, ";") { // neither the place nor a hint
		result.Message += "; so answers " + server + ": is it the API server? try kubectl cluster-info"
	}
	return result
}

// pinging asks once whether the cluster answers.
func (r *shared) pinging(run context.Context) func() error {
	return sync.OnceValue(func() error {
		ctx, cancel := context.WithTimeout(run, connectTimeout)
		defer cancel()
		return r.Cluster.Client.Ping(ctx)
	})
}

// nowhere is the result of a cluster step in a run without an environment.
func (j *job) nowhere() event.Result {
	return event.Result{Status: event.Skipped, Message: fmt.Sprintf("no environment takes %s", j.Resolved.Ref)}
}

// makePlan asks the cluster what would change; nothing is written.
func (j *job) makePlan(ctx context.Context, span event.Span) event.Result {
	ctx = wait.TellOutages(ctx, span)
	if j.Resolved.Environment == "" {
		return j.nowhere()
	}
	values, err := j.values()
	if err != nil {
		return failed(err)
	}
	j.learnChart(values)
	return j.plans(ctx, values)
}

func (j *job) plans(ctx context.Context, values map[string]any) event.Result {
	prepared, err := j.engine.Plan(ctx, j.request(values))
	if refused, ok := errors.AsType[*plan.RejectedError](err); ok {
		return event.Result{Status: event.Failed, Message: oneLine(refused.Error()), Details: refused.Details()}
	}
	if denied, ok := errors.AsType[*access.Error](err); ok {
		return event.Result{Status: event.Failed, Message: oneLine(denied.Error()), Details: denied.Details()}
	}
	if err != nil {
		return failed(err)
	}
	if j.Plan.Repeat {
		if err := j.engine.Repeatable(ctx, prepared); err != nil {
			return failed(err)
		}
	}
	j.plan = prepared
	result := event.Result{Status: event.Passed, Message: strings.TrimPrefix(prepared.Summary(), "unchanged: "), Version: j.chart.Metadata.Version}
	if !prepared.Changes() {
		result.Status = event.Unchanged
		return result
	}
	var text strings.Builder
	if err := prepared.WriteText(&text, false); err != nil {
		return failed(err)
	}
	result.Details = text.String()
	return result
}

// request is the unit's with what the command line says laid over it.
func (j *job) request(values map[string]any) deployer.Request {
	req := j.requests.Deploy(j.unit, func(ctx context.Context, o render.Options) (*render.Result, error) {
		o.Origin, o.Path, o.Limits, o.SkipSchemaValidation = j.origin, j.chartFiles(), j.Limits, j.SkipSchemaValidation
		return render.Render(ctx, j.chart, values, o)
	}, &j.deploying)
	p := j.Plan.Policies
	if p.Adopt != "" {
		req.Adopt, req.AdoptList = deployer.Adoption(p.Adopt), p.AdoptList
	}
	req.OnCancel = cmp.Or(j.Deploy.OnCancel, req.OnCancel)
	req.OnConflict = cmp.Or(deployer.ConflictPolicy(p.OnConflict), req.OnConflict)
	req.Supersede = req.Supersede || j.Deploy.Supersede
	req.AllowCRDChanges, req.Logs, req.NoLookupSecrets = p.AllowCRDChanges, j.Deploy.Logs, j.Plan.NoLookupSecrets
	req.Stamp = j.stamp()
	return req
}

// deploy carries the plan out.
func (j *job) deploy(ctx context.Context, span event.Span) event.Result {
	if j.Resolved.Environment == "" {
		return j.nowhere()
	}
	j.deploying = span
	outcome, err := j.engine.Apply(ctx, j.plan, span)
	j.outcome = outcome
	return released(ctx, outcome, err, j.chart.Metadata.Version)
}

// test runs the chart's own tests against the deployed revision.
func (j *job) test(ctx context.Context, span event.Span) event.Result {
	if j.Resolved.Environment == "" {
		return j.nowhere()
	}
	if !j.unit.Test {
		return event.Result{Status: event.Skipped, Message: "pintle.yaml says test: false"}
	}
	if j.outcome.Status == event.Unchanged {
		return event.Result{Status: event.Skipped, Message: "nothing was deployed anew", Version: j.version.Number}
	}
	outcome, err := j.engine.Test(ctx, j.requests.Test(j.unit), span)
	return released(ctx, outcome, err, j.version.Number)
}
