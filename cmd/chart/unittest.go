package chart

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart/unittest"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// testFormats are what chart test writes.
var testFormats = []string{"text", "json", "junit"}

func testCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "test", Usage: "run the unit tests of a chart's templates, without a cluster", ArgsUsage: "CHART...",
		Flags: []urfave.Flag{
			&urfave.StringSliceFlag{Name: "file", Aliases: []string{"f"}, Usage: "run the suites in files that match this `PATTERN` from the chart's folder; ** crosses folders", DefaultText: unittest.DefaultFiles},
			&urfave.StringSliceFlag{Name: "values", Aliases: []string{"v"}, Usage: "values `FILE` for all suites; may be repeated, later ones win"},
			&urfave.BoolFlag{Name: "with-subchart", Aliases: []string{"s"}, Value: true, Usage: "run the suites of the charts in charts/ too; --with-subchart=false leaves them out"},
			&urfave.StringFlag{Name: "chart-tests-path", Usage: "a `FOLDER` in the chart with a chart that renders to suites"},
			&urfave.BoolFlag{Name: "update-snapshot", Aliases: []string{"u"}, Usage: "take snapshots again, and remove those that nothing asks for"},
			&urfave.BoolFlag{Name: "strict", Usage: "refuse suites and tests with keys that nothing reads, instead of a warning"},
			&urfave.BoolFlag{Name: "failfast", Aliases: []string{"q"}, Usage: "end after the first failure"},
			&urfave.BoolFlag{Name: "skip-schema-validation", Usage: "do not hold values against values.schema.json"},
			&urfave.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write `FORMAT`: " + strings.Join(testFormats, ", "), DefaultText: "text"},
			&urfave.StringFlag{Name: "output-file", Usage: "write that to this `FILE`, JUnit without -o, and text to stdout"},
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() == 0 {
				return cli.Usagef("chart test takes charts: pintle chart test ./chart")
			}
			if f := c.String("output"); f != "" && !slices.Contains(testFormats, f) {
				return cli.Usagef("--output %q: write %s", f, strings.Join(testFormats, ", "))
			}
			return testCharts(e, c)
		},
	}
}

// chartTest is a chart with what its tests came to.
type chartTest struct {
	plan   *unittest.Plan
	result *unittest.Result
}

func testCharts(e cli.Env, c *urfave.Context) error {
	tests, problems, err := loadTests(e, c)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		err = cli.WithCode(exitcode.Usage, &unittest.SuiteError{Problems: problems})
		return errors.Join(err, writeTests(e, c, testReport{problems: problems}))
	}
	failed := false
	for i := range tests {
		t := &tests[i]
		if t.result, err = t.plan.Run(c.Context); err != nil {
			return cli.WithCode(exitcode.Failed, fmt.Errorf("test %s: %w", t.plan.Dir, err))
		}
		for _, w := range t.result.Warnings {
			e.Log.Warn(w.String())
		}
		failed = failed || t.result.Count(unittest.Failed) > 0
		if failed && c.Bool("failfast") {
			tests = tests[:i+1]
			break
		}
	}
	if err := writeTests(e, c, testReport{charts: tests}); err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	if failed {
		return cli.Silent(exitcode.Failed)
	}
	return nil
}

// loadTests reads the suites of all charts, so that everything wrong with them is said before any is run.
func loadTests(e cli.Env, c *urfave.Context) ([]chartTest, []unittest.Problem, error) {
	var tests []chartTest
	var problems []unittest.Problem
	for _, dir := range c.Args().Slice() {
		plan, err := unittest.Load(c.Context, filepath.Clean(dir), unittest.Options{
			Files: c.StringSlice("file"), TestChart: c.String("chart-tests-path"), Values: c.StringSlice("values"),
			SkipSubs: !c.Bool("with-subchart"), Strict: c.Bool("strict"), FailFast: c.Bool("failfast"),
			Update: c.Bool("update-snapshot"), SkipSchemas: c.Bool("skip-schema-validation"), Limits: e.Limits.Get(),
		})
		wrong, isWrong := errors.AsType[*unittest.SuiteError](err)
		switch {
		case isWrong:
			problems = append(problems, wrong.Problems...)
			warnProblems(e, wrong.Warnings)
		case err != nil:
			return nil, nil, cli.WithCode(cli.CodeAt(append(c.StringSlice("values"), dir)...), err)
		default:
			warnProblems(e, plan.Warnings)
			tests = append(tests, chartTest{plan: plan})
		}
	}
	if len(problems) == 0 {
		problems = missingTests(e, c, tests)
	}
	return tests, problems, nil
}

func warnProblems(e cli.Env, problems []unittest.Problem) {
	for _, p := range problems {
		e.Log.Warn(p.String())
	}
}

// missingTests says where there is nothing to run. That is a problem if somebody asked for it: a pattern with a typing
// error must not pass.
func missingTests(e cli.Env, c *urfave.Context, tests []chartTest) []unittest.Problem {
	var problems, warnings []unittest.Problem
	found := false
	for _, pattern := range c.StringSlice("file") {
		if !slices.ContainsFunc(tests, func(t chartTest) bool { return !slices.Contains(t.plan.Unmatched, pattern) }) {
			problems = append(problems, unittest.Problem{File: c.Args().First(), Message: "no test suite matches " + pattern})
		}
	}
	patterns := c.StringSlice("file")
	if len(patterns) == 0 {
		patterns = []string{unittest.DefaultFiles}
	}
	for _, t := range tests {
		if len(t.plan.Suites) > 0 {
			found = true
			continue
		}
		warnings = append(warnings, unittest.Problem{File: t.plan.Dir, Message: "no test suite is in " + strings.Join(patterns, ", ")})
	}
	if len(problems) == 0 && (c.Bool("strict") || !found && c.IsSet("file")) {
		return warnings
	}
	if len(problems) == 0 {
		warnProblems(e, warnings)
	}
	return problems
}

// writeTests writes the results: text to stdout, and another format to a file; or that format alone to stdout. Suites
// that are wrong are told as an error, not as text on stdout.
func writeTests(e cli.Env, c *urfave.Context, r testReport) error {
	format, file := c.String("output"), c.String("output-file")
	switch {
	case file != "" && format == "":
		format = "junit"
	case format == "":
		format = "text"
	}
	if file != "" {
		var b bytes.Buffer
		if err := r.encode(&b, format); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			return err
		}
		format = "text"
	}
	switch {
	case format != "text":
		return r.encode(e.Stdout, format)
	case len(r.problems) > 0:
		return nil
	}
	for _, t := range r.charts {
		if err := t.result.WriteText(e.StdoutText, cli.StdoutColor(e, c)); err != nil {
			return err
		}
	}
	return r.writeTotals(e, c.Bool("update-snapshot"))
}
