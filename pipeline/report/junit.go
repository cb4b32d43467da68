package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// The elements that Jenkins' JUnit plugin and GitLab read
// (facts/git-ci-canary.md 3.3 and 4). There is no type attribute anywhere:
// GitLab parses with Rails, which refuses a whole report for some of its values.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Classname string       `xml:"classname,attr"`
		Name      string       `xml:"name,attr"`
		Time      string       `xml:"time,attr"`
		Failure   *junitReason `xml:"failure"`
		Skipped   *junitReason `xml:"skipped"`
		Output    *junitText   `xml:"system-out"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Body    string `xml:",cdata"`
	}
	junitText struct {
		Body string `xml:",cdata"`
	}
)

// maxJUnitText is how many bytes Jenkins keeps of a failing case's output.
const maxJUnitText = 50_000

// JUnit renders run as JUnit XML: a suite is a service, a case is a step or one
// of its objects. Class name and name of a case hold nothing that changes from
// run to run, so that CI servers can follow its history.
func JUnit(run Run) ([]byte, error) {
	doc := junitSuites{Name: junitClass("pintle", run.Project, run.Environment), Time: junitTime(run.Seconds)}
	for _, service := range run.Services {
		doc.Suites = append(doc.Suites, suite(run, service))
	}
	if run.Status.Bad() && len(run.Failures()) == 0 {
		doc.Suites = append(doc.Suites, runSuite(run))
	}
	return doc.encode()
}

// encode counts the cases and writes the document.
func (doc junitSuites) encode() ([]byte, error) {
	for i := range doc.Suites {
		s := &doc.Suites[i]
		s.count()
		doc.Tests, doc.Failures, doc.Skipped = doc.Tests+s.Tests, doc.Failures+s.Failures, doc.Skipped+s.Skipped
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func suite(run Run, service *Service) junitSuite {
	out := junitSuite{Name: service.Title(), Time: junitTime(service.Seconds), Properties: properties(run, service)}
	if len(service.Steps) > 0 && !run.Started.IsZero() {
		began := run.Started.Add(time.Duration(service.Steps[0].Start * float64(time.Second)))
		out.Timestamp = began.UTC().Format("2006-01-02T15:04:05Z")
	}
	class := junitClass("pintle", run.Environment, service.Title())
	for _, step := range service.Steps {
		out.Cases = append(out.Cases, stepCase(class, step))
		for _, o := range step.Objects {
			out.Cases = append(out.Cases, objectCase(class, step, o))
		}
	}
	distinguish(out.Cases)
	return out
}

// runSuite tells a failure that belongs to no step, such as a run that was
// killed before its first one: without a case CI servers would show nothing.
func runSuite(run Run) junitSuite {
	return junitSuite{
		Name: noService, Time: junitTime(run.Seconds), Properties: properties(run, &Service{}),
		Cases: []junitCase{{
			Classname: junitClass("pintle", run.Environment, noService), Name: "run", Time: junitTime(run.Seconds),
			Failure: reason(cmp.Or(run.Message, words(run.Status)), ""),
		}},
	}
}

func properties(run Run, service *Service) []junitProperty {
	var out []junitProperty
	for _, p := range []junitProperty{
		{"project", run.Project}, {"environment", run.Environment}, {"commit", run.Commit}, {"version", service.Version}, {"kind", string(service.Kind)},
	} {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	return out
}

func stepCase(class string, step *Step) junitCase {
	c := junitCase{Classname: class, Name: cmp.Or(step.Name, "(step)"), Time: junitTime(step.Seconds)}
	var out strings.Builder
	for _, w := range step.Warn {
		fmt.Fprintln(&out, "warning:", w)
	}
	switch {
	case step.Status.Bad():
		c.Failure = reason(cmp.Or(failure(nil, step).Cause, words(step.Status)), withFiles(step))
	case step.Status == event.Skipped:
		c.Skipped = reason(cmp.Or(step.Message, "skipped"), "")
	case step.Details != "":
		fmt.Fprintln(&out, step.Details)
	}
	writeLines(&out, step)
	c.Output = systemOut(out.String())
	if step.Status.Bad() {
		c.attach(step.Files)
	}
	return c
}

// attach heads the output with the lines by which Jenkins' attachments plugin
// and GitLab show files with a case (facts/git-ci-canary.md 3.3).
func (c *junitCase) attach(files []File) {
	var b strings.Builder
	for _, f := range files {
		if f.Path != "" {
			b.WriteString("[[ATTACHMENT|" + f.Path + "]]\n")
		}
	}
	if b.Len() == 0 {
		return
	}
	if c.Output != nil {
		b.WriteString(c.Output.Body)
	}
	c.Output = &junitText{Body: strings.TrimRight(b.String(), "\n")}
}

// withFiles is a step's details, headed by the files that say more.
func withFiles(step *Step) string {
	var b strings.Builder
	for _, f := range step.Files {
		b.WriteString(f.Text + "\n")
	}
	return strings.TrimRight(b.String()+step.Details, "\n")
}

func writeLines(out *strings.Builder, step *Step) {
	if step.Dropped > 0 {
		fmt.Fprintf(out, "... %d earlier lines are in events.jsonl\n", step.Dropped)
	}
	for _, l := range step.Output {
		fmt.Fprintln(out, l.String())
	}
}

// String is the line headed by the object it is about.
func (l Line) String() string {
	if l.Object == "" {
		return l.Text
	}
	return l.Object + ": " + l.Text
}

func objectCase(class string, step *Step, o *Object) junitCase {
	c := junitCase{Classname: class, Name: step.Name + ": " + stableName(o.Name), Time: junitTime(o.Ready)}
	switch {
	case o.Status.Bad():
		c.Failure = reason(cmp.Or(o.Message, words(o.Status)), o.Details)
	case o.Status == event.Waiting:
		c.Skipped = reason("not ready when the step ended: "+cmp.Or(o.Message, "nothing known"), "")
	case o.Status == event.Skipped:
		c.Skipped = reason(cmp.Or(o.Message, "skipped"), "")
	default:
		c.Output = systemOut(strings.TrimSpace(o.Change + " " + o.Message))
	}
	return c
}

// reason carries the message twice: Jenkins shows the attribute, GitLab only the body.
func reason(message, details string) *junitReason {
	body := message
	if details != "" {
		body += "\n\n" + details
	}
	return &junitReason{Message: message, Body: junitBody(body)}
}

func systemOut(s string) *junitText {
	if s = strings.TrimRight(s, "\n"); s == "" {
		return nil
	}
	return &junitText{Body: junitBody(s)}
}

// junitBody bounds s and breaks the marker by which a line of output would make
// a CI server attach any file of the machine.
func junitBody(s string) string {
	s = strings.ReplaceAll(s, "[[ATTACHMENT|", "[ [ATTACHMENT|")
	return cut(s, maxJUnitText, "\n... the rest is in events.jsonl")
}

// generated is the end of the name of a Pod or ReplicaSet that a controller made.
var generated = lazyregexp.New(`(-[bcdfghjklmnpqrstvwxz2456789]{6,10})?(-[bcdfghjklmnpqrstvwxz2456789]{5})$`)

// stableName is an object's name without what its controller made up.
func stableName(name string) string {
	if strings.HasPrefix(name, "Pod/") {
		return generated.ReplaceAllString(name, "-*")
	}
	return name
}

// distinguish makes the names of a suite's cases unique: of two equal ones
// GitLab would show only the first.
func distinguish(cases []junitCase) {
	seen := make(map[string]bool, len(cases))
	for i := range cases {
		name := cases[i].Name
		for n := 2; seen[cases[i].Name]; n++ {
			cases[i].Name = fmt.Sprintf("%s #%d", name, n)
		}
		seen[cases[i].Name] = true
	}
}

func (s *junitSuite) count() {
	for _, c := range s.Cases {
		s.Tests++
		if c.Failure != nil {
			s.Failures++
		}
		if c.Skipped != nil {
			s.Skipped++
		}
	}
}

// junitClass joins the parts that are there with dots.
func junitClass(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ".")
}

// junitTime is seconds as Jenkins parses them, a plain decimal.
func junitTime(s float64) string { return fmt.Sprintf("%.3f", s) }
