package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// TestAttempts counts as attempts only what certainly was never deployed: their objects may be deleted.
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

func TestLineageOf(t *testing.T) {
	for name, tt := range map[string]struct {
		statuses []release.Status
		want     plan.Operation
		revision int
		deployed int
		since    []int
	}{
		"nothing":            {nil, plan.Install, 1, 0, nil},
		"deployed":           {[]release.Status{release.Superseded, release.Deployed}, plan.Upgrade, 3, 2, []int{2}},
		"failed upgrade":     {[]release.Status{release.Deployed, release.Failed, release.Failed}, plan.Upgrade, 4, 1, []int{1, 2, 3}},
		"failed install":     {[]release.Status{release.Failed}, plan.Install, 2, 0, []int{1}},
		"killed install":     {[]release.Status{release.PendingInstall}, plan.Install, 2, 0, []int{1}},
		"uninstalled":        {[]release.Status{release.Superseded, release.Uninstalled}, plan.Install, 3, 0, nil},
		"uninstalling":       {[]release.Status{release.Uninstalling}, plan.Upgrade, 2, 0, []int{1}},
		"uninstalling anew":  {[]release.Status{release.Uninstalled, release.Uninstalling, release.Failed}, plan.Upgrade, 4, 0, []int{2, 3}},
		"two deployed":       {[]release.Status{release.Deployed, release.Deployed}, plan.Upgrade, 3, 2, []int{2}},
		"superseded, failed": {[]release.Status{release.Superseded, release.Failed}, plan.Upgrade, 3, 0, []int{1, 2}},
		"failed anew":        {[]release.Status{release.Superseded, release.Uninstalled, release.Failed}, plan.Install, 4, 0, []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			var h release.History
			for i, s := range tt.statuses {
				h.Records = append(h.Records, record(i+1, s))
			}
			got := lineageOf(h)
			var since []int
			for _, r := range got.since {
				since = append(since, r.Version)
			}
			deployed := 0
			if got.deployed != nil {
				deployed = got.deployed.Version
			}
			if got.operation != tt.want || got.revision != tt.revision || deployed != tt.deployed {
				t.Errorf("%s %d %d", got.operation, got.revision, deployed)
			}
			if d := cmp.Diff(tt.since, since); d != "" {
				t.Error(d)
			}
		})
	}
}
