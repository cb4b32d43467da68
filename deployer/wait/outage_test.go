package wait

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/event"
)

// TestOutagesAreToldOnce: not the short ones, not for every request, and how long it was when it is over.
func TestOutagesAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		log := event.NewLog(nil, func(e event.Event) {
			if e.Kind == event.Output || e.Kind == event.Warning {
				told = append(told, string(e.Kind)+": "+e.Message)
			}
		})
		log.Step("web", "deploy", func(span event.Span) event.Result {
			o := &outage{span: span}
			began := time.Now()
			o.tell(kube.Outage{Since: began, Cause: "blip"})
			o.tell(kube.Outage{Since: began, Over: true})
			for range 25 {
				time.Sleep(time.Second)
				for range 16 { // requests
					o.tell(kube.Outage{Since: began, Cause: "503"})
				}
			}
			o.tell(kube.Outage{Since: began, Over: true})
			o.tell(kube.Outage{Since: began, Over: true})
			time.Sleep(time.Second)
			again := time.Now() // nobody tries anew before it is over
			o.tell(kube.Outage{Since: again, Cause: "refused"})
			time.Sleep(7 * time.Second)
			o.tell(kube.Outage{Since: again, Over: true})
			o.tell(kube.Outage{Since: again, Over: true})
			return event.Result{Status: event.Passed}
		})
		want := []string{
			"output: the API server does not answer since 00:00:00Z (2s): 503; going on as soon as it does",
			"output: the API server does not answer since 00:00:00Z (12s): 503; going on as soon as it does",
			"output: the API server does not answer since 00:00:00Z (22s): 503; going on as soon as it does",
			"warning: the API server did not answer for 25s: 503",
			"warning: the API server did not answer for 7s: refused",
		}
		if d := cmp.Diff(want, told); d != "" {
			t.Error(d)
		}
	})
}
