package deployer

import (
	"testing"
	"time"
)

// TestRecordAge: a record that says it was made tomorrow blocks nobody until then.
func TestRecordAge(t *testing.T) {
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct{ deployed, created, want time.Duration }{
		"both clocks right": {-time.Minute, -time.Minute, time.Minute}, "made tomorrow": {24 * time.Hour, -10 * time.Minute, 10 * time.Minute},
		"no object": {-time.Hour, 0, time.Hour},
	} {
		r := record(1, "pending-install")
		r.Info.LastDeployed.Time = now.Add(tt.deployed)
		if tt.created != 0 {
			r.Created = now.Add(tt.created)
		}
		if got := recordAge(r, now); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
