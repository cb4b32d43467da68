package deployer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// TestRequest asks for a release's own tests.
type TestRequest struct {
	Release   string
	Namespace string        // empty means the connection's
	Timeout   time.Duration // of all tests together; 0 means 5 minutes
	Logs      bool          // tell the tests' logs also when they pass
	Secrets   []string      // strings that must not show in evidence, besides the release's own Secrets
}

// Test runs the test hooks of the newest revision, as `helm test` does, and
// stores how they went in its record. The error of a failed test is a
// *FailedError with the test's log as evidence. A release without tests is skipped.
func (e *Engine) Test(ctx context.Context, req TestRequest, span event.Span) (Outcome, error) {
	full := Request{Release: req.Release, Namespace: req.Namespace, Timeout: req.Timeout, Secrets: req.Secrets}
	full = full.withDefaults(e.cluster.Namespace())
	out := Outcome{Status: event.Failed}
	history, err := e.storage(full.Namespace).History(ctx, full.Release)
	if err != nil {
		return out, err
	}
	last := history.Last()
	if last == nil || last.Status() == release.Uninstalled {
		return out, fmt.Errorf("test release %s in %s: %w", full.Release, full.Namespace, release.ErrNotFound)
	}
	out.Revision, out.PreviousRevision, out.Notes = last.Version, last.Version, last.Info.Notes
	tests := hooksFor(last.Hooks, "test")
	if len(tests) == 0 {
		out.Status, out.Message = event.Skipped, "the chart has no tests"
		return out, nil
	}
	p := &Plan{Release: full.Release, Namespace: full.Namespace, request: full, record: last}
	p.secrets = append(recordedSecrets(history.Records...), req.Secrets...) // a pod may still run with an older one
	r := e.newRun(p, span)
	ctx, cancel := context.WithTimeoutCause(ctx, full.Timeout, errTimeout)
	defer cancel()
	failed := r.runTests(ctx, tests, req.Logs)
	recordCtx, stop := context.WithTimeout(context.WithoutCancel(ctx), recordBound)
	defer stop()
	recordErr := r.storage.Update(recordCtx, last)
	if failed != nil {
		out.Message, out.Details = failed.Cause, failed.Details()
		return out, errors.Join(failed, recordErr)
	}
	out.Status, out.Message = event.Passed, "tests passed: "+strings.Join(testNames(tests), ", ")
	return out, recordErr
}

// runTests runs all tests and stops at the first that fails.
func (r *run) runTests(ctx context.Context, tests []*release.Hook, logs bool) *FailedError {
	err := r.hooks(ctx, "test")
	if logs {
		for _, h := range tests {
			r.tellLog(ctx, h)
		}
	}
	if err == nil {
		return nil
	}
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceBound)
	defer cancel()
	failed := r.failed(fresh, err)
	failed.Doing = "test"
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTimeout) {
		failed.Err, failed.Cause = context.Cause(ctx), "interrupted: "+context.Cause(ctx).Error()
	}
	return failed
}

func (r *run) tellLog(ctx context.Context, h *release.Hook) {
	ref := r.hookRef(h)
	if ref.Kind == "" {
		return
	}
	o, err := r.engine.cluster.Get(ctx, ref)
	if err != nil {
		return
	}
	for _, line := range r.logLines(ctx, o) {
		r.span.Output(ref.String(), strings.TrimRight(line, "\r"))
	}
}

func testNames(tests []*release.Hook) []string {
	var names []string
	for _, t := range tests {
		names = append(names, t.Name)
	}
	return names
}
