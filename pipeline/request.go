package pipeline

import (
	"cmp"
	"fmt"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
)

// Requests turns units of a resolved environment into requests to the engine.
// It is the one place that does, so that every operation on a unit goes by the
// same keys of pintle.yaml. What the command line says over them is laid over
// the requests by the caller.
type Requests struct {
	config    *config.Config
	resolved  *config.Resolved
	readiness map[string]readiness.Criteria
	reportDir string
	stamp     *stamp.Request
	secrets   *secret.Set // of the job
	units     *unitSecrets
}

// NewRequests compiles what pintle.yaml says about kinds. Evidence of failures
// goes into reportDir; secrets are the job's.
func NewRequests(c *config.Config, r *config.Resolved, reportDir string, secrets *secret.Set) (*Requests, error) {
	readiness, err := criteria(c.Readiness)
	units := &unitSecrets{sets: map[string]*secret.Set{}}
	return &Requests{config: c, resolved: r, readiness: readiness, reportDir: reportDir, secrets: secrets, units: units}, err
}

// By is r for releases of that owner, or with takeOver for another's too.
func (r *Requests) By(owner stamp.Owner, takeOver bool) *Requests {
	by := *r
	by.stamp = &stamp.Request{Owner: owner, TakeOver: takeOver}
	return &by
}

// base is what every operation on a unit's release goes by. The span is read
// when there is evidence to keep, since work begins after its request is made.
func (r *Requests) base(u config.Unit, span *event.Span) deployer.Request {
	return deployer.Request{
		Release: u.Release, Namespace: u.Namespace,
		Timeout: u.Timeout, RollbackTimeout: u.RollbackTimeout,
		OnFailure: deployer.Policy(u.OnFailure), OnFailedInstall: deployer.Policy(u.OnFailedInstall),
		OnCancel: deployer.Policy(u.OnCancel), Supersede: u.Supersede, HistoryLimit: u.History,
		WaitForJobs: true, Readiness: r.readiness, Baseline: true,
		OnConflict: deployer.ConflictPolicy(u.OnConflict), OnImmutable: immutablePolicies(u), ImmutableKey: "deploy.onImmutable",
		Adopt: deployer.Adoption(u.Adopt), AdoptList: u.AdoptList,
		Secrets:  r.Secrets(u),
		Stamp:    r.stamp,
		Evidence: func(archive []byte) error { return KeepEvidence(r.reportDir, u.Name, *span)(archive) },
	}
}

// Deploy asks for a unit's release to be as render says.
func (r *Requests) Deploy(u config.Unit, render deployer.RenderFunc, span *event.Span) deployer.Request {
	req := r.base(u, span)
	req.Render = render
	req.CreateNamespace = r.resolved.CreateNamespace
	req.CRDs = deployer.CRDPolicy(cmp.Or(u.CRDs, config.CRDsApply))
	req.Rehearse, req.RequireRollback = true, u.RequireRollback
	return req
}

// Rollback asks for an earlier revision of a unit; it may take as long as a
// rollback after a failure.
func (r *Requests) Rollback(u config.Unit, span *event.Span) deployer.Request {
	req := r.base(u, span)
	req.Timeout = req.RollbackTimeout
	return req
}

// Recover asks for what a dead job left of a unit to be repaired, by a rollback
// where that is the policy.
func (r *Requests) Recover(u config.Unit, span *event.Span) deployer.RecoverRequest {
	return deployer.RecoverRequest{Request: r.Rollback(u, span)}
}

// Uninstall asks for a unit's release to be taken away.
func (r *Requests) Uninstall(u config.Unit, span *event.Span) deployer.UninstallRequest {
	base := r.base(u, span)
	return deployer.UninstallRequest{
		Release: base.Release, Namespace: base.Namespace, Timeout: base.Timeout,
		OnCancel: base.OnCancel, Supersede: base.Supersede, Secrets: base.Secrets, Evidence: base.Evidence, Stamp: base.Stamp,
	}
}

// Test asks for the tests of a unit's chart.
func (r *Requests) Test(u config.Unit) deployer.TestRequest {
	base := r.base(u, nil)
	return deployer.TestRequest{Release: base.Release, Namespace: base.Namespace, Timeout: base.Timeout, Secrets: base.Secrets}
}

// Status asks how a unit's objects stand, by the rules of a deploy.
func (r *Requests) Status(u config.Unit) deployer.StatusRequest {
	base := r.base(u, nil)
	return deployer.StatusRequest{
		Release: base.Release, Namespace: base.Namespace, WaitForJobs: base.WaitForJobs, Readiness: base.Readiness, Secrets: base.Secrets,
	}
}

func immutablePolicies(u config.Unit) map[string]deployer.ImmutablePolicy {
	out := map[string]deployer.ImmutablePolicy{}
	for kind, p := range u.OnImmutable {
		out[kind] = deployer.ImmutablePolicy(p)
	}
	return out
}

// values are what the user gives to the chart: the environment's files, the
// unit's own, then the inline ones.
func (r *Requests) values(u config.Unit) (map[string]any, error) {
	values, err := chart.MergeValues(chart.ValueSources{Files: u.Values}, r.readValues)
	if err != nil {
		return nil, err
	}
	return chart.MergeMaps(values, u.Set), nil
}

func (r *Requests) readValues(name string) ([]byte, error) {
	data, err := r.config.Tree().ReadFile(below(r.config, name), chart.MaxFile)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return data, nil
}
