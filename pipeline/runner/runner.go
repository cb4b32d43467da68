package runner

import (
	"context"
	"fmt"
	"sync"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// runner takes units through their steps.
type runner struct {
	log   *event.Log
	slots chan struct{} // one for each unit that may work at a time

	mu    sync.Mutex
	code  int
	cause string // the first bad step of the check phase, as "lint of cart failed"
}

// Run executes the units and returns the exit code of the gravest step. It
// returns when every step has ended; after ctx ends no further step starts, and
// the steps that never ran are told as skipped.
func Run(ctx context.Context, log *event.Log, parallel int, units []Unit) (int, error) {
	units, err := order(units)
	if err != nil {
		return exitcode.Usage, err
	}
	for _, u := range units {
		for _, s := range u.Steps {
			log.Emit(event.Event{Kind: event.Planned, Service: u.Name, Unit: u.Kind, Step: s.Name})
		}
	}
	r := &runner{log: log, slots: make(chan struct{}, max(parallel, 1))}
	r.checkAll(ctx, units)
	r.goOnAll(ctx, units)
	return r.code, nil
}

// checkAll runs every unit's check steps side by side.
func (r *runner) checkAll(ctx context.Context, units []Unit) {
	var wg sync.WaitGroup
	for _, u := range units {
		checks, _ := split(u.Steps)
		wg.Go(func() {
			r.slots <- struct{}{}
			defer func() { <-r.slots }()
			if failed := r.steps(ctx, u, checks); failed != "" {
				r.firstFailure(failed + " of " + u.Name + " failed")
			}
		})
	}
	wg.Wait()
}

// goOnAll runs the steps after the checks along the graph. When a check has failed
// none of them runs.
func (r *runner) goOnAll(ctx context.Context, units []Unit) {
	ends := make(map[string]*end, len(units))
	for _, u := range units {
		ends[u.Name] = &end{done: make(chan struct{})}
	}
	var wg sync.WaitGroup
	for _, u := range units {
		wg.Go(func() {
			e := ends[u.Name]
			defer close(e.done)
			e.reason = r.goOn(ctx, u, ends)
		})
	}
	wg.Wait()
}

// end is how a unit came out. reason is empty when all went well,
// else what its dependants say when they are skipped; it may be read after done.
type end struct {
	done   chan struct{}
	reason string
}

// goOn runs a unit's steps after the checks, once those of the units that it needs have ended; it returns the end's
// reason.
func (r *runner) goOn(ctx context.Context, u Unit, ends map[string]*end) string {
	_, steps := split(u.Steps)
	if r.cause != "" {
		r.skip(u.Name, steps, "nothing is released: "+r.cause)
		return ""
	}
	for _, need := range u.Needs {
		<-ends[need].done
	}
	for _, need := range u.Needs {
		if reason := ends[need].reason; reason != "" {
			r.skip(u.Name, steps, fmt.Sprintf("needs %s: %s", need, reason))
			return reason
		}
	}
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	if failed := r.steps(ctx, u, steps); failed != "" {
		return failed + " of " + u.Name + " failed"
	}
	if ctx.Err() != nil {
		return "interrupted"
	}
	return ""
}

// steps runs the steps in order until one fails; it returns that one's name.
func (r *runner) steps(ctx context.Context, u Unit, steps []Step) string {
	for i, s := range steps {
		if ctx.Err() != nil {
			r.raise(exitcode.Interrupted) // the run is not whole, whatever its steps came to
			r.skip(u.Name, steps[i:], "interrupted: "+context.Cause(ctx).Error())
			return ""
		}
		if reason := u.left(s); reason != "" {
			r.log.Skip(u.Name, s.Name, reason)
			continue
		}
		result := r.log.Step(u.Name, s.Name, func(span event.Span) event.Result { return s.run(ctx, span) })
		phase := s.Phase
		if result.Untouched {
			phase = Check
		}
		r.raise(exitCode(phase, result.Status))
		if result.Status.Bad() {
			r.skip(u.Name, steps[i+1:], s.Name+" failed")
			return s.Name
		}
	}
	return ""
}

func (u Unit) left(s Step) string {
	if u.Left == nil {
		return ""
	}
	return u.Left(s)
}

// run runs the step. What fails while the run is being stopped is stopped and
// not broken; a deploy step knows itself what it has brought back.
func (s Step) run(ctx context.Context, span event.Span) event.Result {
	result := s.Run(ctx, span)
	if ctx.Err() != nil && result.Status == event.Failed && s.Phase != Deploy {
		result.Status = event.Interrupted
	}
	return result
}

func (r *runner) skip(unit string, steps []Step, reason string) {
	for _, s := range steps {
		r.log.Skip(unit, s.Name, reason)
	}
}

func (r *runner) raise(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.code = max(r.code, code)
}

func (r *runner) firstFailure(cause string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cause == "" {
		r.cause = cause
	}
}

// split parts a unit's steps into those of the check phase and the rest.
func split(steps []Step) (checks, rest []Step) {
	for i, s := range steps {
		if s.Phase != Check {
			return steps[:i], steps[i:]
		}
	}
	return steps, nil
}
