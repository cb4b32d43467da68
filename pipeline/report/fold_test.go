package report_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// stand is what the tests below compare of a run.
func stand(run report.Run) []string {
	out := []string{fmt.Sprintf("run %s %d", run.Status, run.ExitCode)}
	for _, service := range run.Services {
		out = append(out, fmt.Sprintf("%s %s", service.Title(), service.Status))
		for _, step := range service.Steps {
			out = append(out, strings.TrimRight(fmt.Sprintf("  %s %s: %s", step.Name, step.Status, step.Message), ": "))
			for _, o := range step.Objects {
				out = append(out, strings.TrimRight(fmt.Sprintf("    %s %s %s: %s", o.Name, o.Change, o.Status, o.Message), ": "))
			}
		}
	}
	return out
}

// script makes a stream of which every event is a second after the one before.
func script(events ...event.Event) []event.Event {
	for i := range events {
		events[i].Seq = int64(i + 1)
		events[i].Time = time.Date(2026, 1, 2, 3, 4, 5+i, 0, time.UTC)
	}
	return events
}

func begin(service, step string) event.Event {
	return event.Event{Kind: event.StepStarted, Service: service, Step: step}
}

func end(service, step string, status event.Status, message string) event.Event {
	return event.Event{Kind: event.StepFinished, Service: service, Step: step, Status: status, Message: message}
}

func plan(service, step string) event.Event {
	return event.Event{Kind: event.Planned, Service: service, Step: step}
}

func object(status event.Status, change, message, details string) event.Event {
	return event.Event{Kind: event.Object, Service: "cart", Step: "deploy", Object: "Deployment/cart", Status: status, Change: change, Message: message, Details: details}
}

var finished = event.Event{Kind: event.RunFinished, Status: event.Failed, ExitCode: 6, Seconds: 9}

func TestFold(t *testing.T) {
	passed := event.Event{Kind: event.RunFinished, Status: event.Passed}
	tests := []struct {
		name   string
		events []event.Event
		want   []string
	}{
		{"nothing at all", nil, []string{"run interrupted -1"}},
		{
			"killed in a step: it is interrupted, what was planned is skipped",
			script(event.Event{Kind: event.RunStarted}, plan("cart", "lint"), plan("cart", "deploy"), plan("cart", "test"),
				begin("cart", "lint"), end("cart", "lint", event.Passed, ""), begin("cart", "deploy"),
				object(event.Waiting, "create", "0 of 1 ready", "")),
			[]string{
				"run interrupted -1", "cart interrupted", "  lint passed",
				"  deploy interrupted: did not end: the run was killed 1.0s after the step began",
				"    Deployment/cart create waiting: 0 of 1 ready",
				"  test skipped: never ran: the run was killed before it",
			},
		},
		{
			"finished without a word on a planned step: the failure before it is the reason",
			script(plan("cart", "lint"), plan("cart", "deploy"), plan("web", "lint"),
				begin("cart", "lint"), end("cart", "lint", event.Failed, "bad"), finished),
			[]string{
				"run failed 6", "cart failed", "  lint failed: bad", "  deploy skipped: never ran: lint failed",
				"web skipped", "  lint skipped: never ran",
			},
		},
		{
			"a rollback does not wipe out why an object failed",
			script(begin("cart", "deploy"), object(event.Waiting, "change", "0 of 1", ""),
				object(event.Failed, "", "crashed", "the log"), object(event.Waiting, "change", "1 of 2", ""),
				object(event.Passed, "", "2 of 2", ""), end("cart", "deploy", event.RolledBack, "crashed"), finished),
			[]string{"run failed 6", "cart rolled-back", "  deploy rolled-back: crashed", "    Deployment/cart change rolled-back: crashed"},
		},
		{
			"an object that fails again in the rollback has failed",
			script(begin("cart", "deploy"), object(event.Failed, "change", "crashed", ""), object(event.Passed, "", "", ""),
				object(event.Failed, "", "crashed again", ""), end("cart", "deploy", event.RolledBack, ""), finished),
			[]string{"run failed 6", "cart rolled-back", "  deploy rolled-back", "    Deployment/cart change failed: crashed again"},
		},
		{
			"an object that recovers in a step that passes has passed",
			script(begin("cart", "deploy"), object(event.Failed, "change", "crashed", ""), object(event.Passed, "", "", ""),
				end("cart", "deploy", event.Passed, ""), passed),
			[]string{"run passed 0", "cart passed", "  deploy passed", "    Deployment/cart change passed: crashed"},
		},
		{
			"a step without work does not make its service skipped, one that never began in a bad run does",
			script(begin("cart", "deploy"), end("cart", "deploy", event.Passed, ""), begin("cart", "test"), end("cart", "test", event.Skipped, "no tests"),
				begin("web", "lint"), end("web", "lint", event.Passed, ""), end("web", "deploy", event.Skipped, "needs cart"), finished),
			[]string{
				"run failed 6", "cart passed", "  deploy passed", "  test skipped: no tests",
				"web skipped", "  lint passed", "  deploy skipped: needs cart",
			},
		},
		{
			"in a good run a step that is left out is no matter",
			script(begin("web", "lint"), end("web", "lint", event.Unchanged, ""), end("web", "deploy", event.Skipped, "not for this branch"), passed),
			[]string{"run passed 0", "web unchanged", "  lint unchanged", "  deploy skipped: not for this branch"},
		},
		{
			"a step that runs twice counts as it ended last",
			script(begin("web", "push"), end("web", "push", event.Failed, "503"), begin("web", "push"), end("web", "push", event.Passed, "pushed"), passed),
			[]string{"run passed 0", "web passed", "  push passed: pushed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, stand(report.Fold(tt.events))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every cut of a real stream must fold to something that tells the truth: no
// step is left open, and a run without an end is not a good one.
func TestFoldEveryTruncation(t *testing.T) {
	events := readStream(t, "failed")
	for n := range events {
		run := report.Fold(events[:n])
		if run.Status != event.Interrupted || run.Complete || run.ExitCode != -1 {
			t.Fatalf("%d events: the run is %s, complete %v, exit code %d", n, run.Status, run.Complete, run.ExitCode)
		}
		for _, service := range run.Services {
			for _, step := range service.Steps {
				switch step.Status {
				case event.Passed, event.Unchanged, event.Failed, event.RolledBack, event.Skipped, event.Interrupted:
				default:
					t.Fatalf("%d events: %s %s is %q", n, service.Name, step.Name, step.Status)
				}
				if step.Status == event.Skipped && step.Message == "" {
					t.Fatalf("%d events: %s %s is skipped without a reason", n, service.Name, step.Name)
				}
			}
		}
	}
}

func TestFoldTimes(t *testing.T) {
	run := report.Fold(script(event.Event{Kind: event.RunStarted}, begin("cart", "deploy"),
		object(event.Waiting, "create", "", ""), object(event.Passed, "", "", ""),
		event.Event{Kind: event.StepFinished, Service: "cart", Step: "deploy", Status: event.Passed, Seconds: 3, Version: "1.0.0"},
		event.Event{Kind: event.StepFinished, Service: "cart", Step: "push", Status: event.Passed, Seconds: math.Inf(1)},
		event.Event{Kind: event.StepFinished, Service: "web", Step: "push", Status: event.Passed, Seconds: -1}))
	step := run.Services[0].Step("deploy")
	if step.Start != 1 || step.Seconds != 3 || step.Objects[0].Ready != 2 || run.Services[0].Version != "1.0.0" {
		t.Errorf("deploy starts at %v, takes %v, ready after %v, version %q", step.Start, step.Seconds, step.Objects[0].Ready, run.Services[0].Version)
	}
	if _, err := report.JSON(run); err != nil {
		t.Errorf("infinite seconds: %v", err)
	}
	if s := run.Services[1].Seconds; s != 0 {
		t.Errorf("negative seconds became %v", s)
	}
}

func TestFoldKeepsTheLastOutput(t *testing.T) {
	events := script(begin("cart", "test"))
	for i := range 1700 {
		events = append(events, event.Event{Kind: event.Output, Service: "cart", Step: "test", Message: fmt.Sprint(i)})
	}
	step := report.Fold(events).Services[0].Steps[0]
	if len(step.Output) != 500 || step.Dropped != 1200 || step.Output[499].Text != "1699" {
		t.Errorf("%d lines kept, %d dropped, the last is %q", len(step.Output), step.Dropped, step.Output[len(step.Output)-1].Text)
	}
}

func TestVerdict(t *testing.T) {
	want := map[string]string{
		"success": "3 passed, 1 unchanged", "failed": "1 rolled back, 1 skipped, 1 passed, 1 unchanged",
		"lint": "1 failed, 3 skipped", "nothing": "no step ran",
	}
	for stream, verdict := range want {
		if got := report.Fold(readStream(t, stream)).Verdict(); got != verdict {
			t.Errorf("%s: %q, want %q", stream, got, verdict)
		}
	}
}

// What is asked of the cluster, and the files of the one version for all, are no services.
func TestVerdictCountsServicesAndReleases(t *testing.T) {
	of := func(kind event.Unit, e event.Event) event.Event {
		e.Unit = kind
		return e
	}
	units := []event.Event{
		of(event.UnitCluster, plan("prod cluster", "connect")), of(event.UnitService, plan("cart", "bump")),
		of(event.UnitRelease, plan("redis", "pull")), of(event.UnitFiles, plan("version.files", "bump")),
	}
	ends := []event.Event{
		begin("prod cluster", "connect"), end("prod cluster", "connect", event.Passed, ""), begin("cart", "bump"), end("cart", "bump", event.Passed, ""),
		begin("redis", "pull"), end("redis", "pull", event.Unchanged, ""), begin("version.files", "bump"), end("version.files", "bump", event.Passed, ""),
		{Kind: event.RunFinished, Status: event.Passed},
	}
	run := report.Fold(script(slices.Concat(units, ends)...))
	var kinds []string
	for _, s := range run.Services {
		kinds = append(kinds, s.Label()+" "+string(s.Kind))
	}
	if diff := cmp.Diff([]string{"prod cluster cluster", "cart service", "redis (release) release", "version.files files"}, kinds); diff != "" {
		t.Error(diff)
	}
	if got := run.Verdict(); got != "1 passed, 1 unchanged" {
		t.Errorf("%q", got)
	}
	if got := report.Fold(script(ends...)).Verdict(); got != "3 passed, 1 unchanged" {
		t.Errorf("of events that do not say what their units are: %q", got)
	}
	if got := report.Fold(script(units[0], ends[0], ends[1], ends[8])).Verdict(); got != "1 passed" {
		t.Errorf("of a cluster alone: %q", got)
	}
}

func TestFailuresTellTheGravestFirst(t *testing.T) {
	run := report.Fold(script(
		begin("a", "deploy"), end("a", "deploy", event.Interrupted, ""), begin("b", "deploy"), end("b", "deploy", event.RolledBack, "x"),
		begin("cart", "deploy"), object(event.Failed, "", "no image", ""), end("cart", "deploy", event.Failed, ""), finished))
	var got []string
	for _, f := range run.Failures() {
		got = append(got, f.Service.Name+": "+f.Cause)
	}
	want := []string{"cart: Deployment/cart: no image", "b: x", "a: no cause was told"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
