package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// trail records how the steps of a run ended.
type trail struct {
	mu   sync.Mutex
	ends map[string]event.Event
	seq  []string
}

func (t *trail) sink(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := e.Service + "/" + e.Step
	switch e.Kind {
	case event.StepStarted:
		t.seq = append(t.seq, key)
	case event.StepFinished:
		t.ends[key] = e
	}
}

func unit(name string, needs []string, outcome map[string]event.Status) Unit {
	step := func(step string, phase Phase) Step {
		return Step{Name: step, Phase: phase, Run: func(context.Context, event.Span) event.Result {
			if s, ok := outcome[step]; ok {
				return event.Result{Status: s}
			}
			return event.Result{Status: event.Passed}
		}}
	}
	return Unit{Name: name, Needs: needs, Steps: []Step{step("lint", Check), step("push", Publish), step("deploy", Deploy)}}
}

func runUnits(ctx context.Context, t *testing.T, parallel int, units ...Unit) (int, *trail) {
	t.Helper()
	tr := &trail{ends: map[string]event.Event{}}
	code, err := Run(ctx, event.NewLog(nil, tr.sink), parallel, units)
	if err != nil {
		t.Fatal(err)
	}
	return code, tr
}

func (t *trail) statuses() map[string]string {
	out := map[string]string{}
	for k, e := range t.ends {
		out[k] = strings.TrimSpace(string(e.Status) + " " + e.Message)
	}
	return out
}

func TestRunFollowsNeeds(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		code, tr := runUnits(t.Context(), t, parallel,
			unit("web", []string{"cart", "catalog"}, nil), unit("cart", []string{"redis"}, nil),
			unit("catalog", nil, nil), unit("redis", nil, nil))
		if code != exitcode.OK {
			t.Errorf("parallel %d: exit code %d", parallel, code)
		}
		at := func(key string) int { return slices.Index(tr.seq, key) }
		for _, pair := range [][2]string{{"redis/deploy", "cart/push"}, {"cart/deploy", "web/push"}, {"catalog/deploy", "web/push"}} {
			if a, b := at(pair[0]), at(pair[1]); a < 0 || b < 0 || a > b {
				t.Errorf("parallel %d: %s at %d, %s at %d", parallel, pair[0], a, pair[1], b)
			}
		}
	}
}

func TestRunSkipsDependantsOfAFailure(t *testing.T) {
	code, tr := runUnits(t.Context(), t, 4,
		unit("cart", nil, map[string]event.Status{"deploy": event.RolledBack}),
		unit("web", []string{"cart"}, nil), unit("mail", []string{"web"}, nil), unit("catalog", nil, nil))
	if code != exitcode.RolledBack {
		t.Errorf("exit code %d", code)
	}
	want := map[string]string{
		"cart/lint": "passed", "cart/push": "passed", "cart/deploy": "rolled-back",
		"catalog/lint": "passed", "catalog/push": "passed", "catalog/deploy": "passed",
		"web/lint": "passed", "mail/lint": "passed",
		"web/push": "skipped needs cart: deploy of cart failed", "web/deploy": "skipped needs cart: deploy of cart failed",
		"mail/push": "skipped needs web: deploy of cart failed", "mail/deploy": "skipped needs web: deploy of cart failed",
	}
	if diff := cmp.Diff(want, tr.statuses()); diff != "" {
		t.Error(diff)
	}
}

func TestRunReleasesNothingWhenACheckFails(t *testing.T) {
	code, tr := runUnits(t.Context(), t, 2,
		unit("cart", nil, map[string]event.Status{"lint": event.Failed}), unit("web", nil, nil))
	if code != exitcode.Failed {
		t.Errorf("exit code %d", code)
	}
	for _, key := range []string{"cart/push", "cart/deploy", "web/push", "web/deploy"} {
		if e := tr.ends[key]; e.Status != event.Skipped || e.Message != "nothing is released: lint of cart failed" {
			t.Errorf("%s: %s %q", key, e.Status, e.Message)
		}
	}
}

func TestRunGravestFailureDecides(t *testing.T) {
	code, _ := runUnits(t.Context(), t, 2,
		unit("a", nil, map[string]event.Status{"deploy": event.RolledBack}),
		unit("b", nil, map[string]event.Status{"deploy": event.Failed}),
		unit("c", nil, map[string]event.Status{"push": event.Failed}))
	if code != exitcode.NotRolledBack {
		t.Errorf("exit code %d", code)
	}
}

// What has touched nothing is as grave as a step before, wherever it fails.
func TestRunUntouched(t *testing.T) {
	for untouched, want := range map[bool]int{true: exitcode.Failed, false: exitcode.NotRolledBack} {
		deploy := Step{"deploy", Deploy, func(context.Context, event.Span) event.Result {
			return event.Result{Status: event.Failed, Untouched: untouched}
		}}
		code, _ := runUnits(t.Context(), t, 1, Unit{Name: "cart", Steps: []Step{deploy}})
		if code != want {
			t.Errorf("untouched %t: exit code %d", untouched, code)
		}
	}
}

func TestRunStartsNothingAfterCancel(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopper := unit("a", nil, nil)
	stopper.Steps[1].Run = func(context.Context, event.Span) event.Result {
		cancel(errors.New("SIGTERM"))
		return event.Result{Status: event.Passed}
	}
	code, tr := runUnits(ctx, t, 1, stopper, unit("b", []string{"a"}, nil))
	if code != exitcode.Interrupted {
		t.Errorf("exit code %d: a run that was cut short has not gone well", code)
	}
	want := map[string]string{
		"a/lint": "passed", "a/push": "passed", "a/deploy": "skipped interrupted: SIGTERM",
		"b/lint": "passed", "b/push": "skipped needs a: interrupted", "b/deploy": "skipped needs a: interrupted",
	}
	if diff := cmp.Diff(want, tr.statuses()); diff != "" {
		t.Error(diff)
	}
}

func TestOrderShowsTheCycle(t *testing.T) {
	_, err := order([]Unit{{Name: "a", Needs: []string{"b"}}, {Name: "b", Needs: []string{"c"}}, {Name: "c", Needs: []string{"a"}}})
	if err == nil || !strings.Contains(err.Error(), "a -> b -> c -> a") {
		t.Errorf("got %v", err)
	}
}

// TestLeftSteps: a step that the unit is left out of is told as a skip, and stops neither its unit nor who needs it.
func TestLeftSteps(t *testing.T) {
	left := unit("redis", nil, map[string]event.Status{"push": event.Failed, "deploy": event.Failed})
	left.Left = func(s Step) string {
		if s.Phase == Check {
			return ""
		}
		return "left as it is"
	}
	code, tr := runUnits(t.Context(), t, 2, left, unit("cart", []string{"redis"}, nil))
	want := map[string]string{
		"redis/lint": "passed", "redis/push": "skipped left as it is", "redis/deploy": "skipped left as it is",
		"cart/lint": "passed", "cart/push": "passed", "cart/deploy": "passed",
	}
	if diff := cmp.Diff(want, tr.statuses()); diff != "" || code != exitcode.OK {
		t.Errorf("exit code %d: %s", code, diff)
	}
}
