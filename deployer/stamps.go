package deployer

import (
	"context"
	"fmt"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/stamp"
)

// Heads reads how the releases of these names stand in a namespace, by the labels of their records that are not
// superseded: one request for all of them.
func (e *Engine) Heads(ctx context.Context, namespace string, names []string) ([]release.Head, error) {
	return e.storage(namespace).Heads(ctx, names)
}

// checkWithStamp reports why what is asked for may not be done to this release: another has stamped it, or it would go
// back. It is a *stamp.Error. Whoever looked before, as the pipeline does for a whole run, looked before the lock was
// his.
func (s lineage) checkWithStamp(req Request) error {
	if req.Stamp == nil {
		return nil
	}
	_, err := req.Stamp.Check(req.Release, req.Namespace, s.history.Heads())
	return err
}

// takingOver is a request whose rollback nobody refuses: it is part of an operation that was allowed.
func takingOver(r *stamp.Request) *stamp.Request {
	if r == nil {
		return nil
	}
	allowed := *r
	allowed.TakeOver = true
	return &allowed
}

// stampedLabels are the labels of a revision to be. Without a stamp of its own it goes on with the last revision's,
// whose number then tells that it is none of its own.
func stampedLabels(r *stamp.Request, labels map[string]string, revision int) map[string]string {
	if r == nil {
		return labels
	}
	was, _ := stamp.Of(labels)
	return stamp.Stamp{Owner: r.Over(was.Owner), Build: r.Build, Revision: revision}.On(labels)
}

// stampedBack are the labels of a revision that is as source was, its version too where that is known.
func stampedBack(r *stamp.Request, source *release.Record, revision int) map[string]string {
	s, ok := stamp.Of(source.Labels)
	own := ok && s.Revision == source.Version
	if r == nil && !own {
		return source.Labels
	}
	if !own {
		s.Build = stamp.Build{}
	}
	if r != nil {
		s.Owner = r.Over(s.Owner)
	}
	s.Revision = revision
	return s.On(source.Labels)
}

// staleStamp reports whether a record that stays does not say what r would make it say.
func staleStamp(r *stamp.Request, deployed *release.Revision) bool {
	if r == nil || deployed == nil {
		return false
	}
	s, ok := stamp.Of(deployed.Labels)
	return !ok || s != stamp.Stamp{Owner: r.Over(s.Owner), Build: r.Build, Revision: deployed.Version}
}

// stampDeployed writes the stamp of a plan that changes nothing else onto the record that stays deployed, as the lock's
// holder.
func (e *Engine) stampDeployed(ctx context.Context, p *Prepared) error {
	if !p.Restamp {
		return nil
	}
	record := p.lineage.deployed.Record
	record.Labels = stampedLabels(p.request.Stamp, record.Labels, record.Version)
	if err := e.storage(p.Namespace).Update(ctx, record); err != nil {
		return fmt.Errorf("stamp release %s: %w", p.Release, err)
	}
	return nil
}
