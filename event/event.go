// Package event is the one vocabulary of progress: what a run does, told as a
// flat stream of events, in order.
//
//	RunStarted, Planned*, [StepStarted, Object*, Output*, PodLog*, Warning*, File*, StepFinished]*, RunFinished
//
// Every view of a run (console, events.jsonl, JUnit, HTML) is a sink of this
// stream or a fold over it. The package refuses to format, to log and to
// decide: it carries facts and knows nothing but the standard library.
package event

import "time"

// Kind says what an event tells.
type Kind string

// The kinds, in the order in which a run emits them.
const (
	RunStarted   Kind = "run-started"   // Project, Environment, Commit, Message = the command
	Planned      Kind = "planned"       // one for each step that may run: Service, Unit, Step
	StepStarted  Kind = "step-started"  // Service, Step
	Object       Kind = "object"        // Service, Step, Object, Namespace, Change, Status, Message
	Output       Kind = "output"        // Service, Step, Message = one line, Object when it is that object's
	PodLog       Kind = "pod-log"       // Service, Step, Object = pod/container, Message = one line that it has printed
	Warning      Kind = "warning"       // Service, Step, Message
	File         Kind = "file"          // Service, Step, File, Message = what it is and where
	StepFinished Kind = "step-finished" // Service, Step, Status, Message, Details, Version, Seconds
	RunFinished  Kind = "run-finished"  // Status, Message, Seconds, ExitCode
)

// Status says how a step, an object or a run stands.
type Status string

// Statuses. An object is Waiting until it is Passed or Failed; a step ends as
// one of the others.
const (
	Waiting     Status = "waiting"
	Passed      Status = "passed"
	Unchanged   Status = "unchanged"   // done, and nothing had to be written
	Failed      Status = "failed"      //
	RolledBack  Status = "rolled-back" // failed, and the state before it is back
	Skipped     Status = "skipped"     // never ran: Message is the reason
	Interrupted Status = "interrupted" // stopped by a signal or a deadline of the run
)

// Unit says what a unit of a run is, whose name stands in an event as Service.
type Unit string

// What units there are.
const (
	UnitService Unit = "service" // of the repository
	UnitRelease Unit = "release" // of a third-party chart, or one that no pintle.yaml has
	UnitCluster Unit = "cluster" // what is asked of the cluster before anything is done
	UnitFiles   Unit = "files"   // files of the one version for all
)

// Bad reports whether s makes a run fail.
func (s Status) Bad() bool {
	return s == Failed || s == RolledBack || s == Interrupted
}

// Event is one fact of a run. It is flat, so that a line of events.jsonl can
// be read with grep and jq; which fields a kind fills stands at the kinds.
type Event struct {
	Seq         int64     `json:"seq"`
	Time        time.Time `json:"time"`
	Kind        Kind      `json:"kind"`
	Project     string    `json:"project,omitempty"`
	Environment string    `json:"environment,omitempty"`
	Commit      string    `json:"commit,omitempty"`
	Service     string    `json:"service,omitempty"`
	Unit        Unit      `json:"unit,omitempty"` // what Service is the name of
	Step        string    `json:"step,omitempty"`
	Status      Status    `json:"status,omitempty"`
	Object      string    `json:"object,omitempty"`    // Kind/name
	Namespace   string    `json:"namespace,omitempty"` // of Object
	Change      string    `json:"change,omitempty"`    // create, change, recreate, delete, adopt, unchanged
	Version     string    `json:"version,omitempty"`
	Message     string    `json:"message,omitempty"` // one line
	Details     string    `json:"details,omitempty"` // many lines: evidence, a diff
	File        string    `json:"file,omitempty"`    // the name of a file beside the reports
	Seconds     float64   `json:"seconds,omitempty"`
	ExitCode    int       `json:"exitCode,omitempty"`
}

// Sink takes events, one at a time, on the emitter's goroutine. It must not
// block for long and must not emit.
type Sink func(Event)
