package unittest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Status is how a test ended.
type Status string

// What can become of a test.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped" // as the suite asks, or after a failure with FailFast
)

// Result is what became of the suites of a chart.
type Result struct {
	Suites    []SuiteResult
	Snapshots SnapshotCounts
	Warnings  []Problem // assertions that passed, but should not rely on it
}

// SuiteResult is what became of a suite.
type SuiteResult struct {
	File  string
	Name  string
	Tests []TestResult
}

// TestResult is what became of a test.
type TestResult struct {
	Name     string
	Line     int // in the suite's file
	Status   Status
	Reason   string // why it was skipped
	Err      error  // why it could not be run; a *render.Error if its render failed
	Hint     string // what to do about Err; may be empty
	Failures []Failure
	Duration time.Duration
}

// Count counts the tests that ended so.
func (r *Result) Count(s Status) int {
	n := 0
	for _, suite := range r.Suites {
		for _, test := range suite.Tests {
			if test.Status == s {
				n++
			}
		}
	}
	return n
}

// notRun is why tests after a failure were skipped.
const notRun = "not run after the first failure"

// Run runs all tests, as many at a time as there are processors, and writes
// snapshots. What it returns does not depend on the order in which they end.
// The error is that of ctx or of a snapshot file; failed tests are none.
func (p *Plan) Run(ctx context.Context) (*Result, error) {
	jobs, books, err := p.jobs()
	if err != nil {
		return nil, err
	}
	results := make([]TestResult, len(jobs))
	taken := make([][]taken, len(jobs))
	var next, failed atomic.Int64
	failed.Store(int64(len(jobs)))
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(jobs)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if p.opts.FailFast && i > failed.Load() {
					return
				}
				results[i], taken[i] = jobs[i].result(ctx)
				if results[i].Status == Failed {
					lower(&failed, i)
				}
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	last := len(jobs) - 1
	if p.opts.FailFast {
		last = min(last, int(failed.Load()))
	}
	return p.collect(jobs, books, results, taken, last)
}

// lower sets v to i if that is less.
func lower(v *atomic.Int64, i int64) {
	for {
		old := v.Load()
		if i >= old || v.CompareAndSwap(old, i) {
			return
		}
	}
}

// jobs lists the tests of all suites with their snapshots.
func (p *Plan) jobs() ([]*job, map[string]*snapshotBook, error) {
	values := &valuesFiles{known: map[valuesFile]func() (map[string]any, error){}}
	books := map[string]*snapshotBook{}
	var jobs []*job
	for _, suite := range p.Suites {
		file := suite.snapshotFile()
		if books[file] == nil {
			book, err := openBook(*p.treeOf(suite.File), file)
			if err != nil {
				return nil, nil, err
			}
			books[file] = book
		}
		selected := suite.selection()
		for _, test := range suite.Tests {
			jobs = append(jobs, &job{plan: p, suite: suite, test: test, selected: selected, files: values, book: books[file]})
		}
	}
	return jobs, books, nil
}

// result runs a test, or skips it.
func (j *job) result(ctx context.Context) (TestResult, []taken) {
	out := TestResult{Name: j.test.Name, Line: j.test.Line, Status: Passed}
	if out.Reason = j.reason(); out.Reason != "" {
		out.Status = Skipped
		return out, nil
	}
	start := time.Now()
	failures, snapshot, err := j.run(ctx)
	if (err != nil || len(failures) > 0) && j.plan.nulls {
		again, takenAgain, errAgain := j.keepingNulls().run(ctx)
		if errAgain == nil && len(again) == 0 {
			failures, snapshot, err, j.nulls = nil, takenAgain, nil, true
		}
	}
	out.Duration = time.Since(start)
	out.Failures, out.Err, out.Hint = failures, err, j.hint(err)
	switch {
	case err != nil || len(failures) > 0:
		out.Status = Failed
	case j.unasked == len(j.test.Assertions):
		out.Status, out.Reason = Skipped, "documentSelector matches no document"
	}
	return out, snapshot.taken
}

// collect puts the results of the tests up to last together, in order, and
// brings the snapshot files up to date.
func (p *Plan) collect(jobs []*job, books map[string]*snapshotBook, results []TestResult, all [][]taken, last int) (*Result, error) {
	out := &Result{}
	counts := map[string]SnapshotCounts{}
	n := 0
	for _, suite := range p.Suites {
		sr := SuiteResult{File: suite.File, Name: suite.Name}
		nulls := 0
		for range suite.Tests {
			j, r := jobs[n], results[n]
			if n > last {
				r = TestResult{Name: j.test.Name, Line: j.test.Line, Status: Skipped, Reason: notRun}
			}
			if r.Status == Skipped || r.Err != nil {
				j.book.leave(r.Name)
			} else {
				c := counts[j.book.file]
				c.add(j.book.note(r.Name, all[n], p.opts.Update))
				counts[j.book.file] = c
			}
			if n <= last {
				out.Warnings = append(out.Warnings, j.warnings...)
				if j.nulls {
					nulls++
				}
			}
			sr.Tests = append(sr.Tests, r)
			n++
		}
		out.Suites = append(out.Suites, sr)
		if nulls > 0 {
			out.Warnings = append(out.Warnings, Problem{File: suite.File, Message: fmt.Sprintf(
				"%s passed only because null defaults of the chart were kept, as Helm 3 does; Helm 4 drops them", counted(nulls))})
		}
	}
	for _, file := range sortedKeys(books) {
		c := counts[file]
		obsolete, err := books[file].close(c, p.opts.Update)
		if err != nil {
			return nil, err
		}
		c.Obsolete = obsolete
		out.Snapshots.add(c)
	}
	return out, nil
}
