package report_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// Whatever stands in an events.jsonl, reading it never panics, and what can be
// read becomes a legal report.
func FuzzReports(f *testing.F) {
	for _, stream := range streams {
		if stream == "parallel" {
			continue // too long to mutate well
		}
		text, err := os.ReadFile(filepath.Join("testdata", stream+".jsonl"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := report.ReadEvents(bytes.NewReader(text))
		if err != nil {
			return
		}
		checkReports(t, events)
	})
}

// Whatever text the fields of an event hold, the reports stay legal.
func FuzzText(f *testing.F) {
	f.Add("cart", "deploy", "Deployment/cart", "failed", "crashed", "log\n\x1b[31mFATAL", 1.5)
	f.Add("\xff", "]]>", "Pod/web-7c5b8d9f6d-x2x7k", "rolled-back", "\u0085\r\uFFFE", "[[ATTACHMENT|/etc/passwd]]", -1e300)
	f.Fuzz(func(t *testing.T, service, step, object, status, message, details string, seconds float64) {
		one := event.Event{
			Project: service, Environment: step, Commit: object, Service: service, Step: step, Object: object, Namespace: status,
			Change: message, Version: details, Status: event.Status(status), Message: message, Details: details, Seconds: seconds,
		}
		kinds := []event.Kind{event.RunStarted, event.Planned, event.StepStarted, event.Object, event.Output, event.Warning, event.StepFinished, event.RunFinished}
		var events []event.Event
		for _, kind := range kinds {
			one.Kind = kind
			events = append(events, one)
		}
		checkReports(t, script(events...))
	})
}

// checkReports renders everything from events.
func checkReports(t *testing.T, events []event.Event) {
	t.Helper()
	run := report.Fold(events)
	junit, err := report.JUnit(run)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := checkJUnit(junit); err != nil {
		t.Fatalf("%v in\n%s", err, junit)
	}
	for _, render := range []func(report.Run) ([]byte, error){report.JSON, report.HTML, report.Timeline} {
		if _, err := render(run); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.Summary(io.Discard, run, report.SummaryOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := plain(events, report.PlainOptions{CI: report.GitLab}); err != nil {
		t.Fatal(err)
	}
}
