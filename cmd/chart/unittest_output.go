package chart

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart/unittest"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// testReport is what there is to tell: what tests came to or, if nothing was run, what is wrong with the suites.
type testReport struct {
	charts   []chartTest
	problems []unittest.Problem
}

// encode writes the report in a format.
func (r testReport) encode(w io.Writer, format string) error {
	switch format {
	case "junit":
		return report.WriteCases(w, "chart-test", slices.Concat(testCases(r.charts), problemCases(r.problems)))
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r.json())
	}
	for _, p := range r.problems {
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	for _, t := range r.charts {
		if err := t.result.WriteText(w, false); err != nil {
			return err
		}
	}
	return nil
}

// testCases are the tests as JUnit knows them: the suite is the file.
func testCases(tests []chartTest) []report.Case {
	var out []report.Case
	for _, t := range tests {
		for _, suite := range t.result.Suites {
			for _, test := range suite.Tests {
				name := test.Name
				if suite.Name != "" {
					name = suite.Name + ": " + name
				}
				out = append(out, report.Case{
					Suite: suite.File, Name: name, Duration: test.Duration,
					Failure: test.Summary(), Details: strings.Join(test.Details(), "\n"), Skipped: test.Reason,
				})
			}
		}
	}
	return out
}

// problemCases are files with suites that are wrong, a failed case each.
func problemCases(problems []unittest.Problem) []report.Case {
	var out []report.Case
	for _, p := range problems {
		text := (&unittest.SuiteError{Problems: []unittest.Problem{p}}).Error()
		if n := len(out); n > 0 && out[n-1].Suite == p.File {
			out[n-1].Details += "\n" + text
			continue
		}
		out = append(out, report.Case{Suite: p.File, Name: "the suites can be read", Failure: p.String(), Details: text})
	}
	return out
}

// The JSON of chart test.
type (
	testsDoc struct {
		Passed    int             `json:"passed"`
		Failed    int             `json:"failed"`
		Skipped   int             `json:"skipped"`
		Snapshots snapshotsDoc    `json:"snapshots"`
		Charts    []chartTestsDoc `json:"charts"`
		Problems  []problemDoc    `json:"problems,omitempty"` // nothing was run
	}
	problemDoc struct {
		File    string `json:"file"`
		Line    int    `json:"line,omitempty"`
		Message string `json:"message"`
	}
	snapshotsDoc struct {
		Compared int `json:"compared"`
		New      int `json:"new"`
		Failed   int `json:"failed"`
		Updated  int `json:"updated"`
		Obsolete int `json:"obsolete"`
	}
	chartTestsDoc struct {
		Chart  string     `json:"chart"`
		Dir    string     `json:"dir"`
		Suites []suiteDoc `json:"suites"`
	}
	suiteDoc struct {
		File  string    `json:"file"`
		Suite string    `json:"suite,omitempty"`
		Tests []testDoc `json:"tests"`
	}
	testDoc struct {
		Name     string       `json:"name"`
		Line     int          `json:"line"`
		Status   string       `json:"status"`
		Reason   string       `json:"reason,omitempty"`
		Error    string       `json:"error,omitempty"`
		Hint     string       `json:"hint,omitempty"`
		Failures []failureDoc `json:"failures,omitempty"`
		Seconds  float64      `json:"seconds"`
	}
	failureDoc struct {
		File      string   `json:"file"`
		Line      int      `json:"line"`
		Assertion string   `json:"assertion"`
		Template  string   `json:"template,omitempty"`
		Document  *int     `json:"document,omitempty"`
		Path      string   `json:"path,omitempty"`
		Message   string   `json:"message"`
		Diff      []string `json:"diff,omitempty"`
	}
)

func (r testReport) json() testsDoc {
	doc := testsDoc{Charts: []chartTestsDoc{}}
	for _, p := range r.problems {
		doc.Problems = append(doc.Problems, problemDoc{p.File, p.Line, p.Message})
	}
	for _, t := range r.charts {
		doc.Passed += t.result.Count(unittest.Passed)
		doc.Failed += t.result.Count(unittest.Failed)
		doc.Skipped += t.result.Count(unittest.Skipped)
		s := t.result.Snapshots
		doc.Snapshots.Compared += s.Compared
		doc.Snapshots.New += s.New
		doc.Snapshots.Failed += s.Failed
		doc.Snapshots.Updated += s.Updated
		doc.Snapshots.Obsolete += s.Obsolete
		chart := chartTestsDoc{Chart: t.plan.Chart.Name(), Dir: t.plan.Dir, Suites: []suiteDoc{}}
		for _, suite := range t.result.Suites {
			chart.Suites = append(chart.Suites, suiteJSON(suite))
		}
		doc.Charts = append(doc.Charts, chart)
	}
	return doc
}

func suiteJSON(suite unittest.SuiteResult) suiteDoc {
	doc := suiteDoc{File: suite.File, Suite: suite.Name}
	for _, t := range suite.Tests {
		test := testDoc{Name: t.Name, Line: t.Line, Status: string(t.Status), Reason: t.Reason, Hint: t.Hint, Seconds: t.Duration.Seconds()}
		if t.Err != nil {
			test.Error = t.Err.Error()
		}
		for _, f := range t.Failures {
			fd := failureDoc{File: f.File, Line: f.Line, Assertion: f.Assertion, Template: f.Template, Path: f.Path, Message: f.Message, Diff: f.Diff}
			if f.Document >= 0 {
				fd.Document = &f.Document
			}
			test.Failures = append(test.Failures, fd)
		}
		doc.Tests = append(doc.Tests, test)
	}
	return doc
}

// writeTotals ends the text with what became of snapshots, if anything did, and the totals.
func (r testReport) writeTotals(e cli.Env, update bool) error {
	doc := r.json()
	suites := 0
	for _, chart := range doc.Charts {
		suites += len(chart.Suites)
	}
	total := doc.Passed + doc.Failed + doc.Skipped
	text := fmt.Sprintf("%d suite%s, %d test%s: %d passed, %d failed", suites, cli.Plural(suites), total, cli.Plural(total), doc.Passed, doc.Failed)
	if doc.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", doc.Skipped)
	}
	s := doc.Snapshots
	if s.Failed+s.Obsolete > 0 && !update {
		e.Log.Warnf("snapshots: %d differ, %d are obsolete; if that is right, --update-snapshot brings them up to date", s.Failed, s.Obsolete)
	}
	if written := s.written(update); written != "" {
		text = written + "\n" + text
	}
	_, err := fmt.Fprintln(e.StdoutText, text)
	return err
}

// written says what became of snapshot files; empty if nothing did.
func (s snapshotsDoc) written(update bool) string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(s.New, "new")
	add(s.Updated, "updated")
	if update {
		add(s.Obsolete, "removed")
	}
	if len(parts) == 0 {
		return ""
	}
	return "snapshots: " + strings.Join(parts, ", ") + "; commit them"
}
