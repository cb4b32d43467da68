package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// TestAttempts counts as attempts only what certainly was never deployed: their
// objects may be deleted.
func TestAttempts(t *testing.T) {
	for name, tt := range map[string]struct {
		first    int // revision; the ones before it are gone
		statuses []release.Status
		lost     bool // a record cannot be read
		want     []int
	}{
		"nothing":                {1, nil, false, nil},
		"killed":                 {1, []release.Status{release.PendingInstall}, false, []int{1}},
		"failed, killed":         {1, []release.Status{release.Failed, release.PendingInstall}, false, []int{1, 2}},
		"deployed":               {1, []release.Status{release.Deployed, release.Failed}, false, nil},
		"superseded":             {1, []release.Status{release.Superseded, release.Failed}, false, nil},
		"uninstalled":            {1, []release.Status{release.Superseded, release.Uninstalled}, false, nil},
		"uninstalled and killed": {1, []release.Status{release.Superseded, release.Uninstalled, release.Failed}, false, []int{3}},
		"half uninstalled":       {1, []release.Status{release.Uninstalling, release.Failed}, false, nil},
		"trimmed":                {4, []release.Status{release.Failed, release.Failed}, false, nil},
		"unreadable":             {1, []release.Status{release.Failed}, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var h release.History
			for i, s := range tt.statuses {
				h.Records = append(h.Records, record(tt.first+i, s))
			}
			if tt.lost {
				h.Unreadable = []release.Head{{Version: 2}}
			}
			var got []int
			for _, r := range lineageOf(h).attempts {
				got = append(got, r.Version)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSummaryCounts(t *testing.T) {
	p := &plan.Plan{Objects: make([]plan.Change, 1), Deployed: 3, Unchanged: true}
	if got := p.Summary(); got != "unchanged: 1 object is as revision 3 says" {
		t.Error(got)
	}
	p.Objects = make([]plan.Change, 2)
	if got := p.Summary(); got != "unchanged: 2 objects are as revision 3 says" {
		t.Error(got)
	}
}
