package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/evidence"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/secret"
)

// TestRequest asks for a release's own tests.
type TestRequest struct {
	Release   string
	Namespace string        // empty means the connection's
	Timeout   time.Duration // of all tests together; 0 means 5 minutes
	Only      []string      // names of tests to run; none means all
	Except    []string      // names of tests not to run
	Logs      bool          // read the tests' logs into the outcome
	Secrets   *secret.Set   // as in Request
}

// Test runs the test hooks of the newest revision, as `helm test` does, and stores how they went in its record. The
// error of a failed test is a *FailedError with the test's log as evidence. A release without tests is skipped.
func (e *Engine) Test(ctx context.Context, req TestRequest, span event.Span) (Outcome, error) {
	ctx = wait.TellOutages(ctx, span)
	full := Request{Release: req.Release, Namespace: req.Namespace, Timeout: req.Timeout, Secrets: req.Secrets}
	full = full.withDefaults(e.cluster.Namespace())
	out := Outcome{Status: event.Failed}
	storage := e.storage(full.Namespace)
	history, err := storage.History(ctx, full.Release)
	if err == nil {
		err = storage.Readable(history)
	}
	if err != nil {
		return out, err
	}
	last := history.Last()
	if last == nil || last.Status() == release.Uninstalled {
		return out, fmt.Errorf("test release %s in %s: %w", full.Release, full.Namespace, release.ErrNotFound)
	}
	out.Revision, out.PreviousRevision, out.Notes = last.Version, last.Version, last.Info.Notes
	if last.Status().Pending() {
		return out, fmt.Errorf("test release %s in %s: revision %d is %s: %w",
			full.Release, full.Namespace, last.Version, last.Status(), lock.ErrBusy)
	}
	out.Record = last
	chosen := *last // with fewer hooks: all of them stay in the record
	chosen.Hooks = slices.DeleteFunc(slices.Clone(last.Hooks), func(h *release.Hook) bool {
		return len(req.Only) > 0 && !slices.Contains(req.Only, h.Name) || slices.Contains(req.Except, h.Name)
	})
	tests := hooksFor(chosen.Hooks, "test")
	if len(tests) == 0 {
		out.Status, out.Message = event.Skipped, "the chart has no tests"
		return out, nil
	}
	p := newPrepared(full, lineage{}, release.NewRevision(&chosen), "")
	learnRevisions(p.Secrets, release.Revisions(history.Records)...) // a pod may still run with an older one
	r := e.newOperation(p, span)
	ctx, cancel := context.WithTimeoutCause(ctx, full.Timeout, wait.ErrTimeout)
	defer cancel()
	var failed *FailedError
	failed, out.Logs = r.runTests(ctx, tests, req.Logs)
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

// runTests runs all tests and stops at the first that fails. Logs are read before any test is deleted.
func (r *operation) runTests(ctx context.Context, tests []*release.Hook, logs bool) (*FailedError, []ContainerLog) {
	ran, err := r.runHooks(ctx, "test")
	var read []ContainerLog
	if logs {
		for _, h := range tests {
			read = append(read, r.testLogs(ctx, h)...)
		}
	}
	if err == nil {
		err = r.deleteHooks(ctx, ran, hookSucceeded)
	}
	if err == nil {
		return nil, read
	}
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceBound)
	defer cancel()
	failed := r.failed(fresh, err)
	failed.Doing = "test"
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), wait.ErrTimeout) {
		failed.Err, failed.Cause = context.Cause(ctx), "interrupted: "+context.Cause(ctx).Error()
	}
	return failed, read
}

// ContainerLog is what a container of a test wrote, its last 10,000 lines at most.
type ContainerLog struct {
	Pod, Container, Text string
}

// testLogs are the logs of a test's pods, those of init containers too. A log that cannot be read is left out: the test
// has run all the same.
func (r *operation) testLogs(ctx context.Context, h *release.Hook) []ContainerLog {
	var out []ContainerLog
	for _, ref := range r.hookRefs(h) {
		if o, err := r.engine.cluster.Get(ctx, ref); err == nil {
			out = append(out, r.podLogs(ctx, o)...)
		}
	}
	return out
}

func (r *operation) podLogs(ctx context.Context, o *unstructured.Unstructured) []ContainerLog {
	var out []ContainerLog
	for _, pod := range r.gatherer().OwnPods(ctx, o) {
		for _, c := range slices.Concat(evidence.Containers(pod, "initContainers"), evidence.Containers(pod, "containers")) {
			text, err := r.engine.cluster.Logs(ctx, pod.GetNamespace(), pod.GetName(),
				kube.LogOptions{Container: c, Lines: 10_000})
			if err == nil {
				out = append(out, ContainerLog{Pod: pod.GetName(), Container: c, Text: r.redact(text)})
			}
		}
	}
	return out
}

func testNames(tests []*release.Hook) []string {
	var names []string
	for _, t := range tests {
		if t.Name == "" { // a List
			names = append(names, t.String())
			continue
		}
		names = append(names, t.Name)
	}
	return names
}
