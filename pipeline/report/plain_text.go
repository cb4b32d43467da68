package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/event"
)

// objectWord says what happened to an object.
func objectWord(s event.Status, change string) string {
	if s != event.Passed {
		return loud(s)
	}
	done := map[string]string{
		"create": "created", "change": "changed", "recreate": "recreated", "delete": "deleted", "adopt": "adopted",
	}
	if word, ok := done[change]; ok {
		return word
	}
	return "ready"
}

// verdict is how a step ended, as in "passed 1.4.2 in 0.4s: pushed".
func (p *Plain) verdict(e event.Event) string {
	text := p.c.status(e.Status, loud(e.Status))
	if e.Version != "" {
		text += " " + e.Version
	}
	if e.Seconds >= plainBrief {
		text += " in " + duration(e.Seconds)
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// block is the many-line part of what a step or an object has to say. Its
// margin keeps lines from being read as commands to the CI server.
func (p *Plain) block(details string, output []Line, dropped int) string {
	var b strings.Builder
	if extra := len(output) - plainOutput; extra > 0 {
		output, dropped = output[extra:], dropped+extra
	}
	if dropped > 0 {
		fmt.Fprintf(&b, "... %s before these\n", plural(dropped, "line"))
	}
	for _, l := range output {
		b.WriteString(l.String() + "\n")
	}
	if details != "" {
		text, more := head(details, plainDetails)
		b.WriteString(text + "\n")
		if more > 0 {
			fmt.Fprintf(&b, "... %s more in the report\n", plural(more, "line"))
		}
	}
	return indent(b.String(), p.c.paint(dim, "         |")+" ")
}

// stillRunning tells what a silent run is waiting for.
func (p *Plain) stillRunning(now time.Time) {
	const most = 3
	var parts []string
	more := 0
	for _, service := range p.fold.run.Services {
		for _, step := range service.Steps {
			if step.Status != running {
				continue
			}
			if len(parts) == most {
				more++
				continue
			}
			parts = append(parts, fmt.Sprintf("%s %s %s%s", service.Title(), step.Name,
				duration(p.fold.since(now)-step.Start), waitsFor(step)))
		}
	}
	if len(parts) == 0 {
		return
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	elapsed := p.c.paint(dim, fmt.Sprintf("%7s", stopwatch(p.fold.since(now))))
	fmt.Fprintf(&p.buf, "%s  still running: %s\n", elapsed, strings.Join(parts, ", "))
}

// waitsFor names the first object that a running step waits for, in parentheses.
func waitsFor(step *Step) string {
	for _, o := range step.Objects {
		if o.Status == event.Waiting {
			return " (" + strings.TrimRight(o.Name+": "+o.Message, ": ") + ")"
		}
	}
	return ""
}
