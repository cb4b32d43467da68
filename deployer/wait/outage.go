package wait

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/event"
)

// An outage of the API server that is over sooner than outagePatience is nobody's business; a longer one is told once
// in outageRepeat, so that a log that stands still says why.
const (
	outagePatience = 2 * time.Second
	outageRepeat   = 10 * time.Second
)

// TellOutages returns a context under which the span tells when the API server does not answer and since when, and
// warns, when it answers again, of how long that was. All operations of an Engine that have a span do so by themselves;
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
	ended time.Time // when the last one was over
	cause string
}

func (o *outage) tell(k kube.Outage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if k.Over {
		o.over(k.Since, now)
		return
	}
	o.cause = k.Cause
	if now.Sub(k.Since) < outagePatience || !o.since.IsZero() && now.Sub(o.told) < outageRepeat {
		return
	}
	if o.since.IsZero() || k.Since.Before(o.since) {
		o.since = k.Since
	}
	o.told = now
	o.span.Output("", fmt.Sprintf("the API server does not answer since %s (%s): %s; going on as soon as it does",
		o.since.UTC().Format(time.TimeOnly+"Z"), now.Sub(o.since).Round(time.Second), k.Cause))
}

// over warns of an outage that has been told, or that nobody tried the server again in the meantime to tell of. Of
// those who waited through it the first counts.
func (o *outage) over(since, now time.Time) {
	if o.since.IsZero() && since.After(o.ended) && now.Sub(since) >= outagePatience {
		o.since = since
	}
	if !o.since.IsZero() {
		o.span.Warn(fmt.Sprintf("the API server did not answer for %s: %s", now.Sub(o.since).Round(time.Second), o.cause))
	}
	o.since, o.ended = time.Time{}, now
}
