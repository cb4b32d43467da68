package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/runner"
	"github.com/pintle-ci/pintle/secret"
)

// Operate does one thing to the releases of units, one after the other, those
// that need a unit before it, and tells it as a run of one step each, without what
// secrets says of a unit. It returns the exit code.
func Operate(ctx context.Context, log *event.Log, resolved *config.Resolved, step string, chosen []config.Unit,
	secrets func(config.Unit) *secret.Set, op func(ctx context.Context, u config.Unit, span event.Span) (deployer.Outcome, error),
) int {
	var units []runner.Unit
	for _, u := range chosen {
		do := func(ctx context.Context, span event.Span) event.Result {
			outcome, err := op(ctx, u, span)
			return released(ctx, outcome, err, "")
		}
		steps := []runner.Step{{Name: step, Phase: runner.Deploy, Run: secretly(secrets(u), do)}}
		units = append(units, runner.Unit{Name: u.Name, Kind: kindOf(u), Needs: needing(u.Name, chosen), Steps: steps})
	}
	began := time.Now()
	log.Emit(event.Event{Kind: event.RunStarted, Project: resolved.Project, Environment: resolved.Environment, Message: "pintle " + step})
	code, err := runner.Run(ctx, log, 1, units)
	if err != nil { // a cycle, which a loaded configuration does not have
		return exitcode.Unexpected
	}
	return finish(ctx, log, code, began)
}

// IfDeployed is the outcome of an operation that has nothing to do where a release is not there: a clean-up job may
// run twice.
func IfDeployed(outcome deployer.Outcome, err error) (deployer.Outcome, error) {
	if errors.Is(err, release.ErrNotFound) {
		return deployer.Outcome{Status: event.Unchanged, Message: "it is not deployed"}, nil
	}
	return outcome, err
}

// needing are the units that need the one of that name.
func needing(name string, units []config.Unit) []string {
	var names []string
	for _, u := range units {
		if slices.Contains(u.Needs, name) {
			names = append(names, u.Name)
		}
	}
	return names
}
