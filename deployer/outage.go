package deployer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// An outage of the API server that is over sooner than outagePatience is nobody's
// business; a longer one is told once in outageRepeat, so that a log that stands
// still says why.
const (
	outagePatience = 2 * time.Second
	outageRepeat   = 10 * time.Second
)

// TellOutages returns a context under which the span tells when the API server
// does not answer and since when, and warns, when it answers again, of how long
// that was. All operations of an Engine that have a span do so by themselves;
// Plan has none.
func TellOutages(ctx context.Context, span event.Span) context.Context {
	return kube.WithOutages(ctx, (&outage{span: span}).tell)
}

// outage is what has been told of one, whichever requests it keeps waiting.
type outage struct {
	span event.Span

	mu    sync.Mutex
	since time.Time // zero: none has been told
	told  time.Time
	cause string
}

func (o *outage) tell(k kube.Outage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if k.Over {
		if !o.since.IsZero() {
			o.span.Warn(fmt.Sprintf("the API server did not answer for %s: %s", now.Sub(o.since).Round(time.Second), o.cause))
			o.since = time.Time{}
		}
		return
	}
	if now.Sub(k.Since) < outagePatience || !o.since.IsZero() && now.Sub(o.told) < outageRepeat {
		return
	}
	if o.since.IsZero() || k.Since.Before(o.since) {
		o.since = k.Since
	}
	o.told, o.cause = now, k.Cause
	o.span.Output("", fmt.Sprintf("the API server does not answer since %s (%s): %s; going on as soon as it does",
		o.since.UTC().Format(time.TimeOnly+"Z"), now.Sub(o.since).Round(time.Second), k.Cause))
}
