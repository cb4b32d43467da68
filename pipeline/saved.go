package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// allSaved reports what was planned and is no unit of this run: it would stay
// undone without a word.
func (o Options) allSaved(chosen []config.Unit) error {
	if o.Deploy.Saved == nil {
		return nil
	}
	var gone []string
	for _, name := range o.Deploy.Saved.Names() {
		if !slices.ContainsFunc(chosen, func(u config.Unit) bool { return u.Release+" in "+u.Namespace == name }) {
			gone = append(gone, name)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	more := ""
	if len(gone) > 1 {
		more = fmt.Sprintf(" and %d more", len(gone)-1)
	}
	return fmt.Errorf("the saved plan does not fit any more: release %s%s was planned, and no service of pintle.yaml has it in environment %s now; look at a new plan",
		gone[0], more, o.Resolved.Environment)
}

// asSaved runs the step plan of a run that carries a saved plan out: it fails
// unless what would be done now is what was saved.
func (j *job) asSaved(step func(context.Context, event.Span) event.Result) func(context.Context, event.Span) event.Result {
	return func(ctx context.Context, span event.Span) event.Result {
		if reason := j.leftBy(); reason != "" {
			return event.Result{Status: event.Failed, Message: "the saved plan does not fit any more: " + reason}
		}
		result := step(ctx, span)
		if j.plan == nil {
			return result
		}
		err := j.plan.Pin(j.Deploy.Saved)
		if moved, ok := errors.AsType[*plan.StalePlanError](err); ok {
			return event.Result{Status: event.Failed, Message: oneLine(moved.Error()), Details: moved.Details()}
		}
		if err != nil {
			return failed(err)
		}
		return result
	}
}
