package report

import (
	"io"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/internal/text"
)

// Case is one checked thing outside a run, such as a unit test of a chart or a
// file that was linted. Suite and Name hold nothing that changes from one
// execution to the next, so that CI servers can follow a case's history.
type Case struct {
	Suite    string
	Name     string
	Duration time.Duration
	Failure  string // why it failed, one line; empty means that it did not
	Details  string // more about the failure, lines
	Skipped  string // why it was not executed; empty means that it was
	Output   string // lines to show in any case
}

// WriteCases writes cases as JUnit XML, grouped by suite in the order in which
// suites first appear. The class name of a case is pintle.NAME.SUITE; the dots
// of a suite become underscores, because Jenkins ends the package at the last
// one. Texts are cleaned and bounded as those of a run are. The errors are w's.
func WriteCases(w io.Writer, name string, cases []Case) error {
	doc := junitSuites{Name: junitClass("pintle", name)}
	index := make(map[string]int)
	var total time.Duration
	seconds := make(map[string]time.Duration)
	for _, c := range cases {
		i, ok := index[c.Suite]
		if !ok {
			i = len(doc.Suites)
			index[c.Suite] = i
			doc.Suites = append(doc.Suites, junitSuite{Name: line(c.Suite, maxName)})
		}
		suite := &doc.Suites[i]
		suite.Cases = append(suite.Cases, c.junit(junitClass("pintle", name, strings.ReplaceAll(suite.Name, ".", "_"))))
		seconds[c.Suite] += c.Duration
		total += c.Duration
		suite.Time = junitTime(seconds[c.Suite].Seconds())
	}
	for i := range doc.Suites {
		distinguish(doc.Suites[i].Cases)
	}
	doc.Time = junitTime(total.Seconds())
	encoded, err := doc.encode()
	if err != nil {
		return err
	}
	_, err = w.Write(encoded)
	return err
}

func (c Case) junit(class string) junitCase {
	out := junitCase{
		Classname: class, Name: line(c.Name, maxName), Time: junitTime(c.Duration.Seconds()), Output: systemOut(text.Clean(c.Output)),
	}
	switch {
	case c.Failure != "":
		out.Failure = reason(line(c.Failure, maxMessage), text.Clean(c.Details))
	case c.Skipped != "":
		out.Skipped = reason(line(c.Skipped, maxMessage), "")
	}
	return out
}
