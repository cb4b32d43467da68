package event_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
)

// record returns a log on a clock that moves a second with each look, and the
// events it has emitted.
func record() (*event.Log, *[]event.Event) {
	var got []event.Event
	t := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { t = t.Add(time.Second); return t }
	return event.NewLog(now, func(e event.Event) { got = append(got, e) }), &got
}

func kinds(events []event.Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, string(e.Kind)+" "+e.Service+"/"+e.Step+" "+string(e.Status))
	}
	return out
}

func TestStepBracketsAndNumbers(t *testing.T) {
	log, got := record()
	log.Step("cart", "deploy", func(s event.Span) event.Result {
		s.Object("shop", "Deployment/cart", "create", event.Waiting, "0 of 1 ready")
		s.Output("", "a line")
		s.Warn("careful")
		return event.Result{Status: event.Passed, Version: "1.0.0"}
	})
	want := []string{
		"step-started cart/deploy ", "object cart/deploy waiting", "output cart/deploy ",
		"warning cart/deploy ", "step-finished cart/deploy passed",
	}
	if diff := cmp.Diff(want, kinds(*got)); diff != "" {
		t.Error(diff)
	}
	for i, e := range *got {
		if e.Seq != int64(i+1) {
			t.Errorf("event %d has seq %d", i+1, e.Seq)
		}
	}
	if last := (*got)[len(*got)-1]; last.Seconds <= 0 || last.Version != "1.0.0" {
		t.Errorf("finished event carries seconds %v, version %q", last.Seconds, last.Version)
	}
}

func TestStepFinishesWhenItPanics(t *testing.T) {
	log, got := record()
	func() {
		defer func() { _ = recover() }()
		log.Step("cart", "lint", func(event.Span) event.Result { panic("boom") })
	}()
	want := []string{"step-started cart/lint ", "step-finished cart/lint failed"}
	if diff := cmp.Diff(want, kinds(*got)); diff != "" {
		t.Error(diff)
	}
}

func TestZeroSpanDiscards(t *testing.T) {
	var s event.Span
	s.Output("", "nobody hears this")
	s.Object("ns", "Pod/x", "", event.Waiting, "")
}
