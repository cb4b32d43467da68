package event

import (
	"sync"
	"time"
)

// Log numbers and times events and hands each to its sinks, in order. It is
// safe for concurrent use: sinks are never called at the same time.
type Log struct {
	mu    sync.Mutex
	now   func() time.Time
	seq   int64
	sinks []Sink
}

// NewLog returns a Log over sinks. A nil now means time.Now.
func NewLog(now func() time.Time, sinks ...Sink) *Log {
	if now == nil {
		now = time.Now
	}
	return &Log{now: now, sinks: sinks}
}

// Emit sets the event's Seq and Time and hands it to every sink.
func (l *Log) Emit(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	e.Seq, e.Time = l.seq, l.now()
	for _, sink := range l.sinks {
		sink(e)
	}
}

// Result is how a step ended.
type Result struct {
	Status  Status
	Message string // one line: the cause of a failure, the reason of a skip, what was done
	Details string // many lines: evidence
	Version string // the version the step worked on, where there is one

	Untouched bool // of a bad Status: the step ended before it changed anything
}

// Step brackets fn between StepStarted and StepFinished, so that neither is
// ever without the other, also when fn panics.
func (l *Log) Step(service, step string, fn func(Span) Result) (r Result) {
	began := l.now()
	l.Emit(Event{Kind: StepStarted, Service: service, Step: step})
	r = Result{Status: Failed, Message: "panicked"}
	defer func() {
		l.Emit(Event{
			Kind: StepFinished, Service: service, Step: step, Status: r.Status, Message: r.Message,
			Details: r.Details, Version: r.Version, Seconds: l.now().Sub(began).Seconds(),
		})
	}()
	return fn(Span{log: l, service: service, step: step})
}

// Skip tells that a planned step never ran, and why.
func (l *Log) Skip(service, step, reason string) {
	l.Emit(Event{Kind: StepFinished, Service: service, Step: step, Status: Skipped, Message: reason})
}

// Span is the inside of one step: what it emits carries the step's name. The
// zero Span discards everything, so callees need no nil checks.
type Span struct {
	log           *Log
	service, step string
	mask          func(string) string // nil: everything is told as it is
}

// Object tells that an object of the step changed its state.
func (s Span) Object(namespace, object, change string, status Status, message string) {
	s.emit(Event{Kind: Object, Namespace: namespace, Object: object, Change: change, Status: status, Message: message})
}

// Evidence is Object with the many lines that explain a failure.
func (s Span) Evidence(namespace, object string, status Status, message, details string) {
	s.emit(Event{Kind: Object, Namespace: namespace, Object: object, Status: status, Message: message, Details: details})
}

// Output tells one line of text; object is empty or the Kind/name it is about.
func (s Span) Output(object, line string) {
	s.emit(Event{Kind: Output, Object: object, Message: line})
}

// File tells of a file that was written beside the reports: its name there, and
// what it is.
func (s Span) File(name, message string) {
	s.emit(Event{Kind: File, File: name, Message: message})
}

// PodLog tells a line that a container has printed; source is pod/container.
func (s Span) PodLog(source, line string) {
	s.emit(Event{Kind: PodLog, Object: source, Message: line})
}

// Warn tells what deserves a look but does not fail the step.
func (s Span) Warn(message string) {
	s.emit(Event{Kind: Warning, Message: message})
}

func (s Span) emit(e Event) {
	if s.log == nil {
		return
	}
	if s.mask != nil {
		e = e.masked(s.mask)
	}
	e.Service, e.Step = s.service, s.step
	s.log.Emit(e)
}
