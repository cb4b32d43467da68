package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// lineage says which revision comes next, and from where.
type lineage struct {
	history   release.History
	revisions []*release.Revision // all of the history
	operation plan.Operation
	revision  int
	deployed  *release.Revision   // nil: none
	last      *release.Revision   // nil: none
	since     []*release.Revision // all revisions from the deployed one on: what may be left of them is ours
	attempts  []*release.Revision // of an Install: all earlier ones, none of which was ever deployed
}

// lineageOf reads a history. A release that never was deployed is installed, however many attempts failed; so its
// install hooks run. One that was to be uninstalled counts as deployed: see afterUninstalling. What was before an
// uninstallation that kept the history is another life and does not count.
func lineageOf(h release.History) lineage {
	s := lineage{history: h, revisions: release.Revisions(h.Records), operation: plan.Upgrade, revision: h.Next()}
	deployed, life := h.Deployed(), s.revisions
	for i, r := range s.revisions {
		if r.Record == deployed {
			s.deployed = r
		}
		s.last = r
		if r.Status() == release.Uninstalled {
			life = s.revisions[i+1:]
		}
	}
	everDeployed := slices.ContainsFunc(life, func(r *release.Revision) bool {
		return slices.Contains([]release.Status{release.Deployed, release.Superseded, release.Uninstalling}, r.Status())
	})
	if !everDeployed {
		s.operation, s.attempts = plan.Install, attemptsOf(h, life)
	}
	for _, r := range life {
		if s.deployed == nil || r.Version >= s.deployed.Version {
			s.since = append(s.since, r)
		}
	}
	return s
}

// current is the revision that the next one replaces: the deployed one, else the last of this life; nil when there is
// nothing to replace.
func (s lineage) current() *release.Record {
	switch {
	case s.deployed != nil:
		return s.deployed.Record
	case len(s.since) > 0:
		return s.since[len(s.since)-1].Record
	}
	return nil
}

// ErrInUse is a name that a release has already.
var ErrInUse = errors.New("the name is in use")

// check reports why what is asked for cannot be done to a release that stands so (facts/helm-format.md 4.3).
func (s lineage) check(req Request) error {
	gone := s.last == nil || s.last.Status() == release.Uninstalled
	switch {
	case req.Operation == plan.Upgrade && gone:
		return fmt.Errorf("upgrade release %s: it is not deployed in %s; install it, or pass --install: %w",
			req.Release, req.Namespace, release.ErrNotFound)
	case req.Operation != plan.Install || s.last == nil:
		return nil
	case s.last.Status() == release.Uninstalling:
		return fmt.Errorf("install release %s: %w: the uninstallation of revision %d has not ended; "+
			"uninstall it again, or upgrade it", req.Release, ErrInUse, s.last.Version)
	case req.Replace && (gone || s.last.Status() != release.Deployed && s.last.Status() != release.Superseded):
		return nil
	case gone || s.last.Status() == release.Failed:
		return fmt.Errorf("install release %s: %w: its revision %d is %s and kept; pass --replace to reuse the name",
			req.Release, ErrInUse, s.last.Version, s.last.Status())
	}
	return fmt.Errorf("install release %s: %w: revision %d is %s; upgrade it, or choose another name",
		req.Release, ErrInUse, s.last.Version, s.last.Status())
}

// attemptsOf are the revisions of a life when it is certain that none of them, nor one whose record is gone or cannot
// be read, was ever deployed.
func attemptsOf(h release.History, life []*release.Revision) []*release.Revision {
	known := len(h.Unreadable) == 0 && (len(life) < len(h.Records) || len(life) > 0 && life[0].Version == 1)
	mayBeDeployed := func(r *release.Revision) bool { return r.Status() != release.Failed && !r.Status().Pending() }
	if !known || slices.ContainsFunc(life, mayBeDeployed) {
		return nil
	}
	return life
}

// afterUninstalling completes the lineage of a release whose uninstallation did not end. Its objects are alive, or some
// of them, and the next revision is an upgrade; only when all have gone it is an install.
func (e *Engine) afterUninstalling(ctx context.Context, s lineage) (lineage, error) {
	if s.operation != plan.Upgrade || s.deployed != nil || s.last.Status() != release.Uninstalling {
		return s, nil
	}
	found, err := e.leftovers(ctx, desired{lineage: s}, nil)
	if err != nil {
		return s, err
	}
	goes := func(o *unstructured.Unstructured) bool {
		mine, _ := isOwned(o, s.last.Name, s.last.Namespace)
		return mine && !isKept(o)
	}
	if !slices.ContainsFunc(found, goes) {
		s.operation = plan.Install
	}
	return s, nil
}
