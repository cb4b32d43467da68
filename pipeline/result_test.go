package pipeline

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// explained is an error with lines of its own.
type explained struct{ error }

func (explained) Details() []string { return []string{"at line 3", "  ^"} }

func TestFailed(t *testing.T) {
	for _, test := range []struct {
		err  error
		want event.Result
	}{
		{errors.New("it broke"), event.Result{Status: event.Failed, Message: "it broke"}},
		{errors.New("it broke:\nhere\nand there"), event.Result{Status: event.Failed, Message: "it broke:", Details: "it broke:\nhere\nand there"}},
		{explained{errors.New("it broke")}, event.Result{Status: event.Failed, Message: "it broke", Details: "at line 3\n  ^"}},
	} {
		if diff := cmp.Diff(test.want, failed(test.err)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReleased(t *testing.T) {
	over, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("SIGTERM"))
	done := deployer.Outcome{Status: event.Passed, Message: "revision 3\nand more"}
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		want event.Result
	}{
		"well":                    {t.Context(), nil, event.Result{Status: event.Passed, Message: "revision 3", Version: "1.0.0"}},
		"a failure":               {t.Context(), errors.New("no room\nat all"), event.Result{Status: event.Failed, Message: "no room", Version: "1.0.0"}},
		"a failure while stopped": {over, errors.New("no room"), event.Result{Status: event.Interrupted, Message: "no room", Version: "1.0.0"}},
	} {
		if diff := cmp.Diff(test.want, released(test.ctx, done, test.err, "1.0.0")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// coded is what a signal makes the cause of an interruption.
type coded struct{ error }

func (coded) ExitCode() int { return exitcode.Terminated }

func TestFinish(t *testing.T) {
	stopped := func(cause error) context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		return ctx
	}
	for name, test := range map[string]struct {
		ctx  context.Context
		code int
		want event.Event
	}{
		"well":               {t.Context(), exitcode.OK, event.Event{Status: event.Passed, Message: "all steps passed"}},
		"well, then stopped": {stopped(errors.New("late")), exitcode.OK, event.Event{Status: event.Passed, Message: "all steps passed"}},
		"before a deploy":    {t.Context(), exitcode.Failed, event.Event{Status: event.Failed, Message: "a step before deploy failed", ExitCode: 4}},
		"rolled back":        {t.Context(), exitcode.RolledBack, event.Event{Status: event.RolledBack, Message: "a deploy failed and was rolled back", ExitCode: 5}},
		"left":               {t.Context(), exitcode.NotRolledBack, event.Event{Status: event.Failed, Message: "a deploy failed and was not rolled back", ExitCode: 6}},
		"stopped":            {stopped(errors.New("the deadline is over")), exitcode.Failed, event.Event{Status: event.Interrupted, Message: "the deadline is over", ExitCode: 130}},
		"stopped by SIGTERM": {stopped(coded{errors.New("SIGTERM")}), exitcode.NotRolledBack, event.Event{Status: event.Interrupted, Message: "SIGTERM", ExitCode: 143}},
	} {
		var got event.Event
		code := finish(test.ctx, event.NewLog(nil, func(e event.Event) { got = e }), test.code, test.want.Time)
		if code != test.want.ExitCode || got.Kind != event.RunFinished || got.Status != test.want.Status || got.Message != test.want.Message || got.ExitCode != code {
			t.Errorf("%s: exit code %d, %+v", name, code, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	if got := warnings(0) + ", " + warnings(1) + ", " + warnings(2); got != "no warnings, 1 warning, 2 warnings" {
		t.Error(got)
	}
}
