package deployer

import (
	"errors"
	"testing"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// A plan that is as it was saved is carried out or nothing is; any other is not pinned.
func TestPinnedPlanIsNotPlannedAnew(t *testing.T) {
	prepared := func() *Prepared {
		next := record(2, "")
		next.Chart = &release.Chart{}
		return newPrepared(Request{Release: "web", Namespace: "shop"}, lineage{}, release.NewRevision(next), plan.Upgrade)
	}
	data, err := plan.Save([]*plan.Plan{prepared().Plan}, plan.SavedOrigin{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := plan.ReadSaved(data)
	if err != nil {
		t.Fatal(err)
	}
	p := prepared()
	if err := p.Pin(s); err != nil || !p.pinned {
		t.Fatalf("%v, pinned %t", err, p.pinned)
	}
	if _, err := p.replan(t.Context()); !errors.Is(err, plan.ErrStale) {
		t.Errorf("it plans anew: %v", err)
	}
	other := prepared()
	other.Revision = 7
	if err := other.Pin(s); err == nil || other.pinned {
		t.Errorf("%v, pinned %t", err, other.pinned)
	}
}
