package deployer

import (
	"context"
	"fmt"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// Prepared is a plan that an Engine has made and can carry out: see Engine.Apply.
type Prepared struct {
	*plan.Plan

	request Request
	lineage lineage
	record  *release.Revision                        // the plan's Next
	pinned  bool                                     // a saved plan: nothing but this, see Pin
	replan  func(context.Context) (*Prepared, error) // plans the same anew
}

// newPrepared is for what an engine does without changes that were decided: to the objects of a revision that is there.
func newPrepared(req Request, s lineage, r *release.Revision, o plan.Operation) *Prepared {
	return &Prepared{
		Plan: &plan.Plan{
			Release: req.Release, Namespace: req.Namespace, Operation: o, Next: r.Record, Secrets: req.Secrets,
		},
		request: req, lineage: s, record: r,
	}
}

// Record is the revision that would be made, with the status it would begin with. Nobody may change it.
func (p *Prepared) Record() *release.Record {
	r := p.record.Clone()
	r.Info.Status = pendingStatus(p.Operation)
	p.lineage.date(r, p.Operation)
	return r
}

// Draft is the record that a request would begin with if its chart rendered to result, without a look at any cluster.
func Draft(req Request, result *render.Result) *release.Record {
	r := newRecord(req, lineage{revision: 1}, result)
	r.Info.Status = release.PendingInstall
	lineage{}.date(r, plan.Install)
	return r
}

// needed are the revisions that name an object which this plan is to delete. They outlast the limit of the history:
// should the plan fail before it comes to that, nobody else would know the object.
func (p *Prepared) needed() map[int]bool {
	gone := map[string]bool{}
	for _, c := range p.Objects {
		if c.Leftover && c.Action == plan.Delete {
			gone[c.Object.Key()] = true
		}
	}
	out := map[int]bool{}
	for _, r := range p.lineage.since {
		if len(gone) == 0 {
			break
		}
		for key := range objectsOf(r) {
			out[r.Version] = out[r.Version] || gone[key]
		}
	}
	return out
}

// Pin compares a plan that has just been made with what was saved: see Saved.Check. When they are one, Apply will do
// that and nothing else: it does not plan anew, and writes an object only as long as it is as this plan saw it.
func (p *Prepared) Pin(s *plan.Saved) error {
	if err := s.Check(p.Plan); err != nil {
		return err
	}
	p.pinned = true
	p.replan = func(context.Context) (*Prepared, error) {
		return nil, fmt.Errorf("deploy release %s: it has changed since its saved plan was checked: %w",
			p.Release, plan.ErrStale)
	}
	return nil
}
