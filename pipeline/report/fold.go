package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Bounds on what the model keeps; events.jsonl has the rest.
const (
	maxName    = 253       // bytes of a service's, step's or object's name
	maxMessage = 2 << 10   // bytes of one line
	maxDetails = 256 << 10 // bytes of evidence or a diff
	maxOutput  = 500       // lines of a step's output
	maxWarn    = 100       // warnings of a step
	maxFiles   = 20        // files of a step
	maxSeconds = 365 * 24 * 3600
)

// States of a step that has not ended. They are no result: Fold replaces them.
const (
	planned event.Status = "planned"
	running event.Status = "running"
)

// Fold makes the model of a run from its events. It takes every stream: where
// the process was killed, open steps become interrupted and planned ones
// skipped, each with the reason; events of unknown kinds are passed over.
func Fold(events []event.Event) Run {
	f := newFolder()
	for _, e := range events {
		f.add(e)
	}
	f.finish()
	return f.run
}

// folder builds a Run event by event; the live view looks at it in between.
type folder struct {
	run      Run
	last     time.Time
	services map[string]*Service
	steps    map[[2]string]*Step
	objects  map[[4]string]*object
}

// object is what the fold must remember of an object besides its last state.
type object struct {
	*Object
	failed   bool         // at any time
	lastGood event.Status // Passed or Unchanged, when that came after the failure
}

func newFolder() *folder {
	return &folder{
		run:      Run{ExitCode: -1, Services: []*Service{}},
		services: make(map[string]*Service),
		steps:    make(map[[2]string]*Step),
		objects:  make(map[[4]string]*object),
	}
}

func (f *folder) add(e event.Event) {
	e = cleanEvent(e)
	if f.run.Started.IsZero() {
		f.run.Started = e.Time
	}
	if e.Time.After(f.last) {
		f.last = e.Time
	}
	switch e.Kind {
	case event.RunStarted:
		f.run.Project, f.run.Environment, f.run.Commit, f.run.Command = e.Project, e.Environment, e.Commit, e.Message
	case event.RunFinished:
		f.run.Complete = true
		f.run.Status, f.run.Message, f.run.ExitCode, f.run.Seconds = e.Status, e.Message, e.ExitCode, e.Seconds
	case event.Planned:
		f.step(e)
	case event.StepStarted:
		s := f.step(e)
		s.Status, s.Ran, s.Start = running, true, f.since(e.Time)
	case event.StepFinished:
		f.stepFinished(e)
	case event.Object:
		f.object(e)
	case event.Output:
		f.output(e)
	case event.Warning:
		f.warning(e)
	case event.File:
		f.file(e)
	}
}

// since is the time from the start of the run to t, in seconds.
func (f *folder) since(t time.Time) float64 { return seconds(t.Sub(f.run.Started).Seconds()) }

// step returns the step that e is about, and makes it at its first mention.
func (f *folder) step(e event.Event) *Step {
	service := f.services[e.Service]
	if service == nil {
		service = &Service{Name: e.Service}
		f.services[e.Service] = service
		f.run.Services = append(f.run.Services, service)
	}
	service.Version, service.Kind = cmp.Or(e.Version, service.Version), cmp.Or(service.Kind, e.Unit)
	key := [2]string{e.Service, e.Step}
	step := f.steps[key]
	if step == nil {
		step = &Step{Name: e.Step, Status: planned}
		f.steps[key] = step
		service.Steps = append(service.Steps, step)
	}
	return step
}

func (f *folder) stepFinished(e event.Event) {
	s := f.step(e)
	if !s.Ran {
		s.Start = f.since(e.Time)
	}
	s.Ran = s.Ran || e.Status != event.Skipped
	s.Status, s.Message, s.Details, s.Version, s.Seconds = e.Status, e.Message, e.Details, e.Version, e.Seconds
}

func (f *folder) object(e event.Event) {
	step := f.step(e)
	key := [4]string{e.Service, e.Step, e.Namespace, e.Object}
	o := f.objects[key]
	if o == nil {
		o = &object{Object: &Object{Name: e.Object, Namespace: e.Namespace}}
		f.objects[key] = o
		step.Objects = append(step.Objects, o.Object)
	}
	if o.failed && e.Status != event.Failed {
		// What a rollback does to an object must not wipe out why it failed.
		o.lastGood = ""
		if e.Status == event.Passed || e.Status == event.Unchanged {
			o.lastGood = e.Status
		}
		return
	}
	if e.Status == event.Passed && o.Status != event.Passed && step.Ran {
		o.Ready = seconds(f.since(e.Time) - step.Start)
	}
	o.failed, o.lastGood = e.Status == event.Failed, ""
	o.Status, o.Message = e.Status, e.Message
	o.Change = cmp.Or(e.Change, o.Change)
	o.Details = cmp.Or(e.Details, o.Details)
}

func (f *folder) output(e event.Event) {
	s := f.step(e)
	s.Output = append(s.Output, Line{Object: e.Object, Text: e.Message})
	if len(s.Output) >= 2*maxOutput { // cut rarely: this is the hot path of chatty steps
		s.cutOutput()
	}
}

func (s *Step) cutOutput() {
	if extra := len(s.Output) - maxOutput; extra > 0 {
		s.Output = slices.Delete(s.Output, 0, extra)
		s.Dropped += extra
	}
}

func (f *folder) warning(e event.Event) {
	if e.Service == "" && e.Step == "" {
		f.run.Warnings = appendBounded(f.run.Warnings, e.Message)
		return
	}
	s := f.step(e)
	s.Warn = appendBounded(s.Warn, e.Message)
}

// fileName is what may be linked to: a file of the report's own folder.
var fileName = lazyregexp.New(`^[A-Za-z0-9][\w.-]*$`)

func (f *folder) file(e event.Event) {
	s := f.step(e)
	if len(s.Files) < maxFiles && fileName.MatchString(e.File) {
		s.Files = append(s.Files, File{Name: e.File, Text: e.Message, Link: "../" + e.File})
	}
}

func appendBounded(list []string, s string) []string {
	if len(list) >= maxWarn {
		return list
	}
	return append(list, s)
}

// finish closes what the stream left open and derives the statuses of objects,
// services and the run.
func (f *folder) finish() {
	for key, o := range f.objects {
		o.settle(f.steps[[2]string{key[0], key[1]}].Status)
	}
	for _, service := range f.run.Services {
		f.closeSteps(service)
	}
	if !f.run.Complete {
		f.run.Status = event.Interrupted
		f.run.Seconds = f.since(f.last)
		f.run.Message = "the run was killed: its events end at " + f.last.UTC().Format("15:04:05") + " UTC"
		if f.last.IsZero() {
			f.run.Message = "the run told nothing"
		}
	}
	for _, service := range f.run.Services {
		service.Status = serviceStatus(service, f.run.Status.Bad())
		for _, step := range service.Steps {
			service.Seconds += step.Seconds
		}
	}
}

// settle decides how an object that failed stands at the end: as good again
// only when the step itself came out well or was rolled back.
func (o *object) settle(step event.Status) {
	switch {
	case !o.failed || o.lastGood == "":
	case step == event.RolledBack:
		o.Status = event.RolledBack
	case !step.Bad() && step != running:
		o.Status = o.lastGood
	}
}

func (f *folder) closeSteps(service *Service) {
	reason := "never ran: the run was killed before it"
	if f.run.Complete {
		reason = "never ran"
	}
	for _, s := range service.Steps {
		s.cutOutput()
		switch s.Status {
		case running:
			s.Status = event.Interrupted
			s.Message = fmt.Sprintf("did not end: the run was killed %s after the step began", duration(f.since(f.last)-s.Start))
			s.Seconds = seconds(f.since(f.last) - s.Start)
		case planned:
			s.Status, s.Message, s.Start = event.Skipped, reason, f.since(f.last)
		}
		if s.Status.Bad() && f.run.Complete {
			reason = "never ran: " + s.Name + " " + words(s.Status)
		}
	}
}

// serviceStatus is the gravest of the steps'. In a run that failed, a service
// with a step that was never begun is skipped, so that "passed" always means
// that the whole of it is through.
func serviceStatus(service *Service, runBad bool) event.Status {
	status := event.Unchanged
	neverBegun, ran := false, false
	for _, s := range service.Steps {
		neverBegun = neverBegun || !s.Ran
		ran = ran || s.Ran && s.Status != event.Skipped
		if s.Status != event.Skipped && gravity(s.Status) < gravity(status) {
			status = s.Status
		}
	}
	switch {
	case status.Bad():
		return status
	case !ran, neverBegun && runBad:
		return event.Skipped
	}
	return status
}

// seconds makes s fit to be shown, summed up and written as JSON.
func seconds(s float64) float64 {
	if math.IsNaN(s) {
		return 0
	}
	return min(max(math.Round(s*1000)/1000, 0), maxSeconds)
}
