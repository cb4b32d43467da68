package wait

import (
	"time"

	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/event"
)

// report emits an item's progress: a new state at once, a new reason at most once a second, and of all items together
// maxProgress a second.
func (w *Waiter) report(a *Item, now time.Time) {
	if a.status == a.reported || a.status.State == readiness.Failed { // failures are told with their evidence
		return
	}
	if a.status.State == a.reported.State && !a.reportedAt.IsZero() &&
		(a.status.State == readiness.Ready || now.Sub(a.reportedAt) < time.Second || !w.room(now)) {
		return
	}
	status := event.Waiting
	switch {
	case a.status.State == readiness.Ready && a.Action == Unchanged && a.reportedAt.IsZero():
		status = event.Unchanged
	case a.status.State == readiness.Ready:
		status = event.Passed
	}
	w.Span.Object(a.Ref.Namespace, a.Ref.String(), string(a.Action), status, a.status.Message)
	a.reported, a.reportedAt = a.status, now
}

// maxProgress is how many new reasons are told in a second, of all items together: what three hundred objects do one by
// one nobody reads.
const maxProgress = 20

// room reports whether one more new reason may be told now. A new state is always told, whatever was before it.
func (w *Waiter) room(now time.Time) bool {
	if now.Sub(w.second) >= time.Second {
		w.second, w.progress = now, 0
	}
	w.progress++
	return w.progress <= maxProgress
}
