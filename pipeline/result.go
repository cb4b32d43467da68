package pipeline

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/text"
)

// failed is the result of a step that err has stopped.
func failed(err error) event.Result {
	result := event.Result{Status: event.Failed, Message: oneLine(err.Error())}
	var explained interface{ Details() []string } // a chart's errors show the place
	if errors.As(err, &explained) {
		result.Details = strings.Join(explained.Details(), "\n")
	}
	if text := strings.TrimSpace(err.Error()); text != result.Message { // of many lines, as charts' authors write
		result.Details = strings.TrimSpace(text + "\n" + result.Details)
	}
	return result
}

// oneLine is the first line of a text; the rest belongs into details.
func oneLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// released turns what the engine came to into a step's result.
func released(ctx context.Context, outcome deployer.Outcome, err error, version string) event.Result {
	result := event.Result{Status: outcome.Status, Message: oneLine(outcome.Message), Details: outcome.Details, Version: version}
	if err == nil {
		return result
	}
	result.Status, result.Message = event.Failed, oneLine(err.Error())
	result.Untouched = deployer.Untouched(err)
	if broken, ok := errors.AsType[*deployer.FailedError](err); ok {
		result.Message, result.Details = oneLine(broken.Verdict()), broken.Details()
		if broken.Restored() {
			result.Status = event.RolledBack
		}
	}
	if ctx.Err() != nil && result.Status != event.RolledBack {
		result.Status = event.Interrupted
	}
	return result
}

// warnings is "no warnings", "1 warning" or "2 warnings".
func warnings(n int) string {
	if n == 0 {
		return "no warnings"
	}
	return text.Counted(n, "warning")
}

// finish tells the end of a run and returns its exit code: what went wrong
// after an interruption is the interruption's doing.
func finish(ctx context.Context, log *event.Log, code int, began time.Time) int {
	if ctx.Err() != nil && code != exitcode.OK {
		code = stopCode(context.Cause(ctx))
	}
	status, message := verdict(ctx, code)
	log.Emit(event.Event{Kind: event.RunFinished, Status: status, Message: message, ExitCode: code, Seconds: time.Since(began).Seconds()})
	return code
}

// stopCode is the exit code that the cause of an interruption brings, as that
// of a signal does.
func stopCode(cause error) int {
	var coded interface{ ExitCode() int }
	if errors.As(cause, &coded) {
		return coded.ExitCode()
	}
	return exitcode.Interrupted
}

// verdict is how a run with this exit code is told in one line.
func verdict(ctx context.Context, code int) (event.Status, string) {
	switch {
	case code == exitcode.OK:
		return event.Passed, "all steps passed"
	case ctx.Err() != nil:
		return event.Interrupted, context.Cause(ctx).Error()
	case code == exitcode.RolledBack:
		return event.RolledBack, "a deploy failed and was rolled back"
	case code == exitcode.NotRolledBack:
		return event.Failed, "a deploy failed and was not rolled back"
	}
	return event.Failed, "a step before deploy failed"
}
