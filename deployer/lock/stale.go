package lock

import (
	"time"
)

// How long a lease must be seen unchanged before its holder counts as dead. A holder that lives writes it every
// leaseBeat, and after an outage of the API server within one attempt (at most leaseBeat) and a pause of leasePoll/4.
//
//   - Period, what the lease itself promises: three heartbeats that did not
//     come, and 3 s for a slow one. client-go's leader election waits as long.
//   - leaseShort, where the times in the lease say too that it is over, and by
//     leaseStale: two heartbeats that did not come, and a look's delay. A minute
//     is more than the clocks of one cluster's API servers differ by; should they
//     differ by more, the two heartbeats are still there for a holder that lives.
const (
	leaseShort = 2*leaseBeat + leasePoll
	leaseStale = time.Minute
)

// watched is what a job that waits has seen of a lease, on its own monotonic clock. The times in a lease are only a
// hint: the API servers through which they were written and are read may disagree by any amount, and a lease may say
// anything, such as that it is renewed tomorrow or lasts for 68 years.
type watched struct {
	uid    string
	spec   leaseSpec
	looked time.Time     // last
	still  time.Duration // for how long it has been seen unchanged
}

// dead takes in a lease that has just been read, when the API server's clock said now, and reports whether its holder
// is dead. It must be asked more often than every leaseBeat: after a longer pause the API server may have been away,
// and the holder could not renew the lease either, so that the count begins anew.
func (w *watched) dead(held *leaseObject, now time.Time) bool {
	looked := time.Now()
	gap := looked.Sub(w.looked)
	if held.Metadata.UID != w.uid || held.Spec != w.spec || gap > leaseBeat {
		*w, gap = watched{uid: held.Metadata.UID, spec: held.Spec}, 0
	}
	w.looked = looked
	w.still += gap
	return w.still >= deadAfter(held, now)
}

// deadAfter is how long a lease must be seen unchanged. One that nobody holds or that was given up as a dead job's (see
// expire) can be taken at once.
func deadAfter(l *leaseObject, now time.Time) time.Duration {
	renewed, err := time.Parse(time.RFC3339Nano, l.Spec.RenewTime)
	switch {
	case l.Spec.HolderIdentity == "", err == nil && renewed.Unix() <= 0:
		return 0
	case err == nil && now.Sub(renewed) > Period+leaseStale:
		return leaseShort
	}
	return Period
}

// alive reports whether the times in a lease say that its holder works: it was renewed within Period, and not in times
// to come. Others need be watched no longer than that to know.
func alive(l *leaseObject, now time.Time) bool {
	renewed, err := time.Parse(time.RFC3339Nano, l.Spec.RenewTime)
	age := now.Sub(renewed)
	return err == nil && l.Spec.HolderIdentity != "" && age <= Period && age >= -Period
}
