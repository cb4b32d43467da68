package deployer

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/object"
)

// ConflictPolicy says what becomes of fields that the chart sets and that another field manager has set otherwise.
type ConflictPolicy string

// The policies for conflicts.
const (
	FailConflicts ConflictPolicy = "fail"  // refuse the plan
	TakeConflicts ConflictPolicy = "force" // take the fields over
	KeepConflicts ConflictPolicy = "keep"  // leave exactly those fields to their manager
)

// ConflictPolicies are all of them, in the order of how much they touch.
func ConflictPolicies() []ConflictPolicy {
	return []ConflictPolicy{FailConflicts, KeepConflicts, TakeConflicts}
}

// onConflict is the policy of a request. What is kept stays kept where only ForceConflicts is added: a rollback does
// not take it over either.
func (r Request) onConflict() ConflictPolicy {
	switch {
	case r.OnConflict == KeepConflicts || r.OnConflict == TakeConflicts:
		return r.OnConflict
	case r.ForceConflicts:
		return TakeConflicts
	}
	return FailConflicts
}

// beforeApply is how the server calls the manager of fields that were written before it kept record of managers.
const beforeApply = "before-first-apply"

// ourConflict reports whether a conflict is none: with Helm's name from the days of client-side apply, with nobody on
// record, or about the marks that say whose an object is. A plan takes those over or refuses the object, whoever set
// them.
func ourConflict(manager, field string) bool {
	return manager == release.Manager || manager == beforeApply || slices.Contains(markFields, field)
}

// foreignFields are the fields of a refusal that are others', in the server's words, with their managers.
func foreignFields(err error) (fields []string, managers map[string]string) {
	e, ok := errors.AsType[*kube.Error](err)
	if !ok || e.Reason != kube.Conflict || len(e.Managers) == 0 {
		return nil, nil
	}
	managers = map[string]string{}
	for i, m := range e.Managers {
		field := e.Fields[i]
		switch {
		case ourConflict(m, field):
		case managers[field] == "":
			managers[field] = m
			fields = append(fields, field)
		default:
			managers[field] += ", " + m
		}
	}
	return fields, managers
}

// conflictsNow are those that the server has refused, each with its values.
func (s *objectState) conflictsNow(kept bool) []plan.Conflict {
	var found []plan.Conflict
	fields, managers := foreignFields(s.err)
	for _, field := range fields {
		c := plan.Conflict{Path: field, Manager: managers[field], Kept: kept, ServerPath: field}
		if place, ok := plan.Locate(s.object.Object, field); ok {
			c.Path, c.Ours = plan.PathAt(s.object.Object, place), plan.ValueOf(s.object.Object, place)
		}
		if s.live != nil {
			if place, ok := plan.Locate(s.live.Object, field); ok {
				c.Theirs = plan.ValueOf(s.live.Object, place)
			}
		}
		if object.IsSecret(s.object) {
			masked := plan.MaskField(plan.Field{Path: c.Path, Old: c.Theirs, New: c.Ours})
			c.Theirs, c.Ours = masked.Old, masked.New
		}
		found = append(found, c)
	}
	return found
}

// settleConflicts goes about fields that others have set as the policy says, and asks the server again.
func (e *Engine) settleConflicts(ctx context.Context, req Request, states []objectState) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range states {
		s := &states[i]
		if fields, _ := foreignFields(s.err); len(fields) == 0 {
			continue
		}
		switch req.onConflict() {
		case KeepConflicts:
			g.Go(func() error { return e.keepTheirs(ctx, req, s) })
		case TakeConflicts:
			s.conflicts = s.conflictsNow(false)
			g.Go(func() (err error) {
				s.result, s.err = e.dryRun(ctx, req, s.object, true)
				return kube.FatalOnly(s.err)
			})
		default:
			s.err = &plan.ConflictError{Conflicts: s.conflictsNow(false), Err: s.err}
		}
	}
	return g.Wait()
}

// keepRounds bounds how often fields are left out: a field may hide another.
const keepRounds = 5

// keepTheirs leaves the fields of others out of what is applied.
func (e *Engine) keepTheirs(ctx context.Context, req Request, s *objectState) error {
	s.whole = s.object
	s.object = s.object.DeepCopy()
	for range keepRounds {
		found, dropped := s.conflictsNow(true), false
		if len(found) == 0 {
			return nil
		}
		for _, c := range found {
			if place, ok := plan.Locate(s.object.Object, c.ServerPath); ok {
				plan.Drop(s.object.Object, place)
				dropped = true
			}
		}
		if !dropped {
			break
		}
		s.conflicts = append(s.conflicts, found...)
		if s.result, s.err = e.dryRun(ctx, req, s.object, false); kube.FatalOnly(s.err) != nil {
			return s.err
		}
	}
	if found := s.conflictsNow(false); len(found) > 0 {
		s.err = &plan.ConflictError{Conflicts: found, Err: s.err}
	}
	return nil
}
