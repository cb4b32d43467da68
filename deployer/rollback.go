package deployer

import (
	"context"
	"fmt"
	"slices"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
)

// PlanRollback plans a new revision that is as revision `to` was; with 0, as the newest one before the last that was
// ever deployed. Nothing is rendered: the record's manifest and hooks are replayed, as Helm does.
func (e *Engine) PlanRollback(ctx context.Context, req Request, to int) (*Prepared, error) {
	req = req.withDefaults(e.cluster.Namespace())
	req.OnFailure, req.OnFailedInstall = Leave, Leave
	p, err := e.planRollbackTo(ctx, req, to)
	if err != nil {
		return nil, e.explain(ctx, req, err)
	}
	return p, nil
}

// Rollback is PlanRollback and Apply.
func (e *Engine) Rollback(ctx context.Context, req Request, to int, span event.Span) (Outcome, error) {
	ctx = wait.TellOutages(ctx, span)
	p, err := e.PlanRollback(ctx, req, to)
	if err != nil {
		return Outcome{Status: event.Failed}, err
	}
	return e.Apply(ctx, p, span)
}

func (e *Engine) planRollbackTo(ctx context.Context, req Request, to int) (*Prepared, error) {
	seen, err := e.observeRelease(ctx, req)
	if err != nil {
		return nil, err
	}
	s := lineageOf(seen.history)
	if err := s.checkWithStamp(req); err != nil {
		return nil, err
	}
	source, err := rollbackSource(seen.history, req.Release, to)
	if err != nil {
		return nil, err
	}
	s.operation = plan.RollingBack
	record := release.NewRevision(rollbackRecord(source, s))
	record.Labels = stampedBack(req.Stamp, source, s.revision)
	p, err := e.planTarget(ctx, req, desired{lineage: s, record: record, missing: seen.namespaceMissing})
	if err != nil {
		return nil, err
	}
	p.Unchanged = false // a rollback is always a revision of its own
	p.replan = func(ctx context.Context) (*Prepared, error) { return e.planRollbackTo(ctx, req, to) }
	return p, nil
}

func rollbackSource(h release.History, name string, to int) (*release.Record, error) {
	if h.Last() == nil {
		return nil, fmt.Errorf("roll back release %s: %w", name, release.ErrNotFound)
	}
	if to > 0 {
		if r := h.Revision(to); r != nil {
			return r, nil
		}
		return nil, fmt.Errorf("roll back release %s: there is no revision %d; the history lists them: %w",
			name, to, release.ErrNotFound)
	}
	for _, r := range slices.Backward(h.Records[:len(h.Records)-1]) {
		if r.Status() == release.Superseded || r.Status() == release.Deployed {
			return r, nil
		}
	}
	return nil, fmt.Errorf("roll back release %s: no earlier revision was ever deployed: %w", name, release.ErrNotFound)
}

func rollbackRecord(source *release.Record, s lineage) *release.Record {
	r := source.Clone()
	r.Version, r.ApplyMethod = s.revision, release.ServerSide
	r.Info = &release.Info{RollbackRevision: source.Version, Notes: source.Info.Notes}
	for _, h := range r.Hooks {
		h.LastRun = release.Run{}
	}
	return r
}
