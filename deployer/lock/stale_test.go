package lock

import (
	"testing"
	"testing/synctest"
	"time"
)

// heldLease is a lease as a job of this program writes it, renewed at some time.
func heldLease(renewed time.Time) *leaseObject {
	return &leaseObject{
		Metadata: leaseMetadata{UID: "u"},
		Spec: leaseSpec{
			HolderIdentity: "ci/12", LeaseDurationSeconds: 15, AcquireTime: "2026-01-01T00:00:00.000000Z",
			RenewTime: renewed.UTC().Format(microTime),
		},
	}
}

// deadAt is after how long a job that looks every leasePoll takes a lease that nobody renews for a dead job's; -1 when
// it does not within two minutes.
func deadAt(l *leaseObject, skew time.Duration) time.Duration {
	var w watched
	began := time.Now()
	for time.Since(began) <= 2*time.Minute {
		if w.dead(l, time.Now().Add(skew)) {
			return time.Since(began)
		}
		time.Sleep(leasePoll)
	}
	return -1
}

// TestDeadLease: what no longer changes is dead, whatever it says; what was given up, or nobody holds, is free.
func TestDeadLease(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*leaseObject, time.Time)
		skew   time.Duration // of the API server that answers
		want   time.Duration
	}{
		"killed this moment":     {func(*leaseObject, time.Time) {}, 0, Period},
		"killed half a minute":   {func(l *leaseObject, now time.Time) { renew(l, now.Add(-30*time.Second)) }, 0, Period},
		"killed an hour ago":     {func(l *leaseObject, now time.Time) { renew(l, now.Add(-time.Hour)) }, 0, leaseShort},
		"a clock far ahead":      {func(*leaseObject, time.Time) {}, time.Hour, leaseShort},
		"a clock far behind":     {func(*leaseObject, time.Time) {}, -time.Hour, Period},
		"renewed tomorrow":       {func(l *leaseObject, now time.Time) { renew(l, now.Add(24*time.Hour)) }, 0, Period},
		"for 68 years":           {func(l *leaseObject, _ time.Time) { l.Spec.LeaseDurationSeconds = 1<<31 - 1 }, 0, Period},
		"for no time":            {func(l *leaseObject, _ time.Time) { l.Spec.LeaseDurationSeconds = 0 }, 0, Period},
		"without a renewal":      {func(l *leaseObject, _ time.Time) { l.Spec.RenewTime = "" }, 0, Period},
		"renewed at no time":     {func(l *leaseObject, _ time.Time) { l.Spec.RenewTime = "soon" }, 0, Period},
		"given up as dead":       {func(l *leaseObject, _ time.Time) { renew(l, time.Unix(0, 0)) }, 0, 0},
		"held by nobody":         {func(l *leaseObject, _ time.Time) { l.Spec.HolderIdentity = "" }, 0, 0},
		"an empty specification": {func(l *leaseObject, _ time.Time) { l.Spec = leaseSpec{} }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := heldLease(time.Now())
				tt.change(l, time.Now())
				if got := deadAt(l, tt.skew); got != tt.want {
					t.Errorf("dead after %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func renew(l *leaseObject, at time.Time) { l.Spec.RenewTime = at.UTC().Format(microTime) }

// TestLivingLease: the lock of a job that renews it is never taken, however far the clocks of the API servers are
// apart, also when every other renewal is late.
func TestLivingLease(t *testing.T) {
	for _, skew := range []time.Duration{0, 16 * time.Second, 20 * time.Minute, -20 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := heldLease(time.Now())
				var w watched
				for i := range 200 {
					if i%int(leaseBeat/leasePoll) == 0 && i%3 > 0 {
						renew(l, time.Now())
					}
					if w.dead(l, time.Now().Add(skew)) {
						t.Fatalf("taken after %d looks", i)
					}
					time.Sleep(leasePoll)
				}
			})
		})
	}
}

// TestLeaseAfterAnOutage: a job that could not look may not count the time, for the holder could not renew its lock
// either.
func TestLeaseAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := heldLease(time.Now())
		var w watched
		look := func(want bool) {
			t.Helper()
			if got := w.dead(l, time.Now()); got != want {
				t.Errorf("dead is %t", got)
			}
		}
		look(false)
		time.Sleep(2 * time.Minute)
		look(false)
		renew(l, time.Now()) // it could, at last
		time.Sleep(leasePoll)
		look(false)
		if got := deadAt(l, 0); got != Period {
			t.Errorf("dead after %s", got)
		}
		l.Metadata.UID = "v" // another lease with the same words
		look(false)
	})
}

// TestAliveLease: whoever has no time to wait believes a lease only if its words can be true.
func TestAliveLease(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		renewed time.Time
		want    bool
	}{
		"now": {now, true}, "10 s ago": {now.Add(-10 * time.Second), true}, "a clock ahead": {now.Add(5 * time.Second), true},
		"20 s ago": {now.Add(-20 * time.Second), false}, "tomorrow": {now.Add(24 * time.Hour), false},
	} {
		if got := alive(heldLease(tt.renewed), now); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
