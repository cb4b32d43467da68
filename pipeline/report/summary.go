package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"

	"github.com/pintle-ci/pintle/event"
)

// SummaryOptions says how Summary writes.
type SummaryOptions struct {
	Color bool
	HTML  string // the page for people; empty: it was not written
	JUnit string // the report for CI; empty: it was not written
}

// Bounds of a summary: what is longer stands in the reports.
const (
	summaryMessage  = 60 // cells of a message in the table
	summaryEvidence = 30 // lines of evidence of one object
	summaryFailures = 10
)

// Summary writes the end of a run: a table of services and steps, then each
// failure with its cause first, then the verdict and where the reports are.
func Summary(w io.Writer, run Run, o SummaryOptions) error {
	c := colors(o.Color)
	var b bytes.Buffer
	if len(run.Services) > 0 {
		b.WriteByte('\n')
		writeTable(&b, run, c)
	}
	failures := run.Failures()
	for _, f := range failures[:min(len(failures), summaryFailures)] {
		b.WriteByte('\n')
		writeFailure(&b, f, c)
	}
	if more := len(failures) - summaryFailures; more > 0 {
		fmt.Fprintf(&b, "\n... and %d more\n", more)
	}
	if n := len(run.AllWarnings()); n > 0 {
		fmt.Fprintf(&b, "\n%s\n", c.paint(yellow, plural(n, "warning")))
	}
	b.WriteByte('\n')
	writeVerdict(&b, run, c)
	switch {
	case o.HTML != "" && o.JUnit != "":
		fmt.Fprintf(&b, "Look at %s; for CI: %s\n", o.HTML, o.JUnit)
	case o.HTML != "":
		fmt.Fprintf(&b, "Look at %s\n", o.HTML)
	case o.JUnit != "":
		fmt.Fprintf(&b, "For CI: %s\n", o.JUnit)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeTable(b *bytes.Buffer, run Run, c colors) {
	columns := run.columns()
	quiet := func(s string) string { return c.paint(dim, s) }
	var g grid
	header := []gridCell{{text: "SERVICE", paint: quiet}, {text: "VERSION", paint: quiet}}
	for _, name := range columns {
		header = append(header, gridCell{text: fit(name, 12), paint: quiet})
	}
	g.add(append(header, gridCell{text: "TIME", paint: quiet, right: true}, gridCell{text: "MESSAGE", paint: quiet})...)
	for _, service := range run.Services {
		row := []gridCell{{text: fit(service.Label(), 40)}, {text: fit(service.Version, 40)}}
		for _, name := range columns {
			row = append(row, stepCell(service.Step(name), c))
		}
		row = append(row, gridCell{text: duration(service.Seconds), right: true}, gridCell{text: fit(serviceMessage(service), summaryMessage)})
		g.add(row...)
	}
	for _, l := range g.lines() {
		fmt.Fprintln(b, l)
	}
}

func stepCell(step *Step, c colors) gridCell {
	if step == nil {
		return gridCell{}
	}
	return gridCell{text: brief(step.Status), paint: func(s string) string { return c.status(step.Status, s) }}
}

// serviceMessage is what a service has to say: its gravest step's message, of
// equal ones the first that is bad or skipped, else the last.
func serviceMessage(service *Service) string {
	message := ""
	for _, step := range service.Steps {
		switch {
		case step.Status.Bad():
			return step.Name + ": " + failure(service, step).Cause
		case step.Status == event.Skipped && !step.Ran:
			return step.Message
		case step.Status != event.Skipped && step.Message != "":
			message = step.Message
		}
	}
	return message
}

func writeFailure(b *bytes.Buffer, f Failure, c colors) {
	fmt.Fprintf(b, "%s %s: %s\n", c.status(f.Step.Status, loud(f.Step.Status)),
		c.paint(bold, f.Service.Title()+" "+f.Step.Name), f.Cause)
	for _, o := range f.Objects {
		name := o.Name
		if o.Namespace != "" {
			name += " in " + o.Namespace
		}
		fmt.Fprintf(b, "  %s: %s\n", name, cmp.Or(o.Message, words(o.Status)))
		writeEvidence(b, o.Details)
	}
	if !f.Step.evident() {
		writeEvidence(b, f.Step.Details)
	}
	for _, file := range f.Step.Files {
		fmt.Fprintf(b, "  %s\n", file.Text)
	}
}

// writeEvidence writes what an object or a step has to show. The margin keeps its
// lines from being read as commands to the CI server, or as lines of ours.
func writeEvidence(b *bytes.Buffer, details string) {
	if details == "" {
		return
	}
	text, more := head(details, summaryEvidence)
	b.WriteString(indent(text, "    | "))
	if more > 0 {
		fmt.Fprintf(b, "    | ... %s more in the report\n", plural(more, "line"))
	}
}

func writeVerdict(b *bytes.Buffer, run Run, c colors) {
	fmt.Fprintf(b, "%s %s in %s: %s\n", c.status(run.Status, loud(run.Status)), title(run), duration(run.Seconds), run.Verdict())
	if run.Message != "" && (!run.Complete || len(run.Services) == 0) {
		fmt.Fprintln(b, run.Message)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
