package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/event"
)

// Run is a whole run as its events tell it: the model that every output
// renders. All text in it is valid UTF-8 without control characters other than
// newline and tab; messages are one line.
type Run struct {
	Project     string       `json:"project,omitempty"`
	Environment string       `json:"environment,omitempty"`
	Commit      string       `json:"commit,omitempty"`
	Command     string       `json:"command,omitempty"`
	Status      event.Status `json:"status"`
	Message     string       `json:"message,omitempty"`
	ExitCode    int          `json:"exitCode"` // -1 when the run was killed before it had one
	Complete    bool         `json:"complete"` // false: the stream ends before the run did
	Started     time.Time    `json:"started,omitzero"`
	Seconds     float64      `json:"seconds"`
	Services    []*Service   `json:"services"`
	Warnings    []string     `json:"warnings,omitempty"` // those of no service
}

// Service is one unit of a run with its steps, both in the order of first mention.
type Service struct {
	Name    string       `json:"name"`           // empty for what belongs to no service
	Kind    event.Unit   `json:"kind,omitempty"` // empty in a stream of events that does not say it
	Status  event.Status `json:"status"`
	Version string       `json:"version,omitempty"`
	Seconds float64      `json:"seconds"` // of work: the sum of its steps
	Steps   []*Step      `json:"steps"`
}

// Step is one step of a service.
type Step struct {
	Name    string       `json:"name"`
	Status  event.Status `json:"status"`
	Message string       `json:"message,omitempty"` // cause, reason or what was done
	Details string       `json:"details,omitempty"` // many lines
	Version string       `json:"version,omitempty"`
	Ran     bool         `json:"ran"`     // false: it was skipped before it began
	Start   float64      `json:"start"`   // seconds since the run started
	Seconds float64      `json:"seconds"` // how long it took
	Objects []*Object    `json:"objects,omitempty"`
	Output  []Line       `json:"output,omitempty"`  // the last maxOutput lines
	Dropped int          `json:"dropped,omitempty"` // lines of output before those
	Warn    []string     `json:"warnings,omitempty"`
	Files   []File       `json:"files,omitempty"` // beside the reports
}

// File is a file that a step wrote beside the reports.
type File struct {
	Name string `json:"name"` // without a folder
	Text string `json:"text"` // what it is and where, one line
	Link string `json:"-"`    // from the HTML page; empty: the file is not there (see Find)
	Path string `json:"-"`    // as a CI server wants to be told it, to attach it; empty: not known (see Attach)
}

// Object is one Kubernetes object of a step with its last state.
type Object struct {
	Name      string       `json:"name"` // Kind/name
	Namespace string       `json:"namespace,omitempty"`
	Change    string       `json:"change,omitempty"`
	Status    event.Status `json:"status"`
	Message   string       `json:"message,omitempty"`
	Details   string       `json:"details,omitempty"` // evidence
	Ready     float64      `json:"ready,omitempty"`   // seconds from the step's start until it was ready
}

// Line is one line of a step's output; Object is empty or the Kind/name that
// the line is about.
type Line struct {
	Object string `json:"object,omitempty"`
	Text   string `json:"text"`
}

// Failure is one bad step, in the form in which it is told to people.
type Failure struct {
	Service *Service
	Step    *Step
	Cause   string    // one line, never empty
	Objects []*Object // those that failed, else those that were still waited for
}

// Failures returns the bad steps, the gravest first.
func (r Run) Failures() []Failure {
	var out []Failure
	for _, service := range r.Services {
		for _, step := range service.Steps {
			if step.Status.Bad() {
				out = append(out, failure(service, step))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Failure) int {
		return cmp.Compare(gravity(a.Step.Status), gravity(b.Step.Status))
	})
	return out
}

func failure(service *Service, step *Step) Failure {
	f := Failure{Service: service, Step: step, Cause: step.Message, Objects: step.objects(event.Status.Bad)}
	if f.Cause == "" && len(f.Objects) > 0 {
		f.Cause = f.Objects[0].Name + ": " + f.Objects[0].Message
	}
	f.Cause = cmp.Or(f.Cause, "no cause was told")
	if len(f.Objects) == 0 {
		f.Objects = step.objects(func(s event.Status) bool { return s == event.Waiting })
	}
	return f
}

// objects returns the step's objects whose status is one of those asked for.
func (s *Step) objects(wanted func(event.Status) bool) []*Object {
	var out []*Object
	for _, o := range s.Objects {
		if wanted(o.Status) {
			out = append(out, o)
		}
	}
	return out
}

// gravity orders statuses, the gravest first.
func gravity(s event.Status) int {
	order := []event.Status{
		event.Failed, event.RolledBack, event.Interrupted, running, event.Waiting, event.Skipped, planned, event.Passed, event.Unchanged,
	}
	if i := slices.Index(order, s); i >= 0 {
		return i
	}
	return len(order)
}

// counted are the services and third-party releases: what is asked of the cluster beforehand, and the files of the one
// version for all, are none. A stream of events that does not say what its units are, or has none of either, counts
// all.
func (r Run) counted() []*Service {
	var out []*Service
	for _, s := range r.Services {
		if s.Kind == "" || s.Kind == event.UnitService || s.Kind == event.UnitRelease {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return r.Services
	}
	return out
}

// Verdict counts services and releases by status, the gravest first, as in
// "1 rolled back, 1 skipped, 2 passed".
func (r Run) Verdict() string {
	counts := make(map[event.Status]int)
	for _, s := range r.counted() {
		counts[s.Status]++
	}
	statuses := slices.SortedFunc(maps.Keys(counts), func(a, b event.Status) int {
		return cmp.Or(cmp.Compare(gravity(a), gravity(b)), cmp.Compare(a, b))
	})
	var parts []string
	for _, s := range statuses {
		parts = append(parts, fmt.Sprintf("%d %s", counts[s], words(s)))
	}
	if len(parts) == 0 {
		return "no step ran"
	}
	return strings.Join(parts, ", ")
}

// AllWarnings returns the run's warnings and those of its steps, the latter
// headed by service and step.
func (r Run) AllWarnings() []string {
	out := slices.Clone(r.Warnings)
	for _, service := range r.Services {
		for _, step := range service.Steps {
			for _, w := range step.Warn {
				out = append(out, service.Title()+" "+step.Name+": "+w)
			}
		}
	}
	return out
}

// Title is the service's name, or what stands for it where it has none.
func (s *Service) Title() string { return cmp.Or(s.Name, noService) }

// Label is the title, with what the unit is where that is no service and its name does not tell.
func (s *Service) Label() string {
	if s.Kind == event.UnitRelease {
		return s.Title() + " (release)"
	}
	return s.Title()
}

// noService stands where steps belong to no service.
const noService = "(run)"

// Step returns the step of that name, or nil.
func (s *Service) Step(name string) *Step {
	for _, step := range s.Steps {
		if step.Name == name {
			return step
		}
	}
	return nil
}

// evident reports whether the evidence of a step was told with its objects.
func (s *Step) evident() bool {
	return slices.ContainsFunc(s.Objects, func(o *Object) bool { return o.Details != "" })
}

// maxColumns bounds how many steps a table shows side by side.
const maxColumns = 16

// columns returns the names of all steps in an order that agrees with every
// service's own, as far as they agree with each other: the longest list is the
// base, and what others have besides is put behind its predecessor.
func (r Run) columns() []string {
	services := slices.Clone(r.Services)
	slices.SortStableFunc(services, func(a, b *Service) int { return cmp.Compare(len(b.Steps), len(a.Steps)) })
	var out []string
	for _, service := range services {
		at := 0
		for _, step := range service.Steps {
			if i := slices.Index(out, step.Name); i >= 0 {
				at = i + 1
				continue
			}
			out = slices.Insert(out, at, step.Name)
			at++
		}
		if len(out) >= maxColumns {
			return out[:maxColumns]
		}
	}
	return out
}

// words is a status as people say it.
func words(s event.Status) string {
	return strings.ReplaceAll(string(s), "-", " ")
}
