// Package runner takes units through their steps: the checks of all units side by
// side, then each unit's other steps, after those of the units that it needs.
//
// No step after the checks begins unless every unit has passed its checks. The
// package refuses to know what a step does: it knows a step's phase, and tells
// through events how it ended.
package runner

import (
	"context"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// Unit is one thing that a run takes through its steps: a service of the
// repository, a third-party release, or the environment itself.
type Unit struct {
	Name  string
	Kind  event.Unit
	Needs []string // names of units whose steps after the checks come first
	Steps []Step
	Left  func(Step) string // why a step is not run, told as a skip; empty, or nil: it is run
}

// Step is one piece of a unit's work. Its Run must tell everything through its
// result and the span; it never panics on bad input and returns soon after ctx ends.
type Step struct {
	Name  string
	Phase Phase
	Run   func(ctx context.Context, span event.Span) event.Result
}

// Phase says what a step may change: when it may run, and how grave its failure is.
type Phase int

// The phases. A unit's checks come first; its other steps follow in the order of its list.
const (
	Check   Phase = iota // changes nothing outside the working tree, and needs no other unit
	Plan                 // changes nothing, and reads what the units that are needed have made
	Publish              // changes a registry
	Deploy               // changes the cluster
)

// exitCode is what one step's result makes of the whole run.
func exitCode(p Phase, s event.Status) int {
	switch {
	case !s.Bad():
		return exitcode.OK
	case p != Deploy:
		return exitcode.Failed
	case s == event.RolledBack:
		return exitcode.RolledBack
	default:
		return exitcode.NotRolledBack
	}
}
