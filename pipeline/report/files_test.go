package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/event"
)

// Every report leads to the files that a step wrote beside it, and to no others.
func TestFilesAreLinked(t *testing.T) {
	var events []event.Event
	var console bytes.Buffer
	plain := NewPlain(&console, PlainOptions{Heartbeat: -1})
	log := event.NewLog(func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		func(e event.Event) { events = append(events, e) }, plain.Event)
	log.Emit(event.Event{Kind: event.RunStarted, Project: "shop"})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		s.File("pintle-evidence-web-1.tgz", "evidence is kept in build/pintle/pintle-evidence-web-1.tgz")
		s.File("../../etc/passwd", "evil")
		s.File("a/b.tgz", "elsewhere")
		return event.Result{Status: event.Failed, Message: "it broke"}
	})
	log.Emit(event.Event{Kind: event.RunFinished, Status: event.Failed})
	run := Fold(events)
	if files := run.Services[0].Steps[0].Files; len(files) != 1 {
		t.Fatalf("%v", files)
	}
	if err := plain.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Summary(&console, run, SummaryOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(console.String(), "evidence is kept in build/pintle/"); n != 2 {
		t.Errorf("told %d times on the console:\n%s", n, console.String())
	}
	for root, want := range map[string]string{"": "/srv/shop/build/pintle-evidence-web-1.tgz", "/srv/shop": "build/pintle-evidence-web-1.tgz"} {
		Attach(run, "/srv/shop/build", root)
		out, err := JUnit(run)
		if err != nil || strings.Count(string(out), "<system-out><![CDATA[[[ATTACHMENT|"+want+"]]") != 1 {
			t.Errorf("%v: %s is not attached once in\n%s", err, want, out)
		}
	}
	for name, render := range map[string]func(Run) ([]byte, error){
		`href="../pintle-evidence-web-1.tgz"`:                  HTML,
		"evidence is kept in build/pintle/pintle-evidence-web": JUnit,
		`"name": "pintle-evidence-web-1.tgz"`:                  JSON,
	} {
		out, err := render(run)
		if err != nil || !strings.Contains(string(out), name) || strings.Contains(string(out), "etc/passwd") {
			t.Errorf("%v: %s is not in\n%s", err, name, out)
		}
	}
}
