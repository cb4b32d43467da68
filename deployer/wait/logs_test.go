package wait

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
)

// A pod that prints without end costs a bounded number of lines, each bounded and without secrets, and what is left out
// is said.
func TestLogsAreBounded(t *testing.T) {
	var told []string
	log := event.NewLog(nil, func(e event.Event) {
		if e.Kind == event.PodLog {
			told = append(told, e.Object+"|"+e.Message)
		}
	})
	log.Step("web", "deploy", func(span event.Span) event.Result {
		f := NewLogs(nil, span, strings.NewReplacer("hunter22", "***").Replace)
		began := time.Now()
		f.report("web-1/main", strings.Repeat("x", followLine-4)+" hunter22 "+strings.Repeat("y", 5000), began)
		for i := range 3 * followRate {
			f.report("web-1/main", fmt.Sprint("line ", i), began)
		}
		f.report("web-1/main", "later", began.Add(time.Second))
		f.end()
		return event.Result{Status: event.Passed}
	})
	if len(told) != followRate+2 {
		t.Fatalf("%d lines", len(told))
	}
	if first := told[0]; strings.Contains(first, "hunt") || len(first) > followLine+20 {
		t.Errorf("%q", first)
	}
	want := []string{fmt.Sprintf("|%d lines left out: more than %d a second", 2*followRate+1, followRate), "web-1/main|later"}
	if diff := cmp.Diff(want, told[followRate:]); diff != "" {
		t.Error(diff)
	}
}
