package event_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
)

func TestMasked(t *testing.T) {
	hide := func(secret string) func(string) string { return strings.NewReplacer(secret, "***").Replace }
	var got []event.Event
	log := event.NewLog(nil, event.Masked(hide("of-the-job"), func(e event.Event) { got = append(got, e) }))
	log.Step("cart", "deploy", func(s event.Span) event.Result {
		s = s.Masked(hide("of-the-unit")).Masked(hide("of-the-step"))
		s.Evidence("", "Job/of-the-unit", event.Failed, "a of-the-job of-the-step", "b\nof-the-unit")
		return event.Result{Message: "of-the-unit", Details: "x of-the-unit", Version: "of-the-job"}.Masked(hide("of-the-unit"))
	})
	var have [][4]string
	for _, e := range got[1:] {
		have = append(have, [4]string{e.Object, e.Message, e.Details, e.Version})
	}
	want := [][4]string{{"Job/***", "a *** ***", "b\n***", ""}, {"", "***", "x ***", "***"}}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}
