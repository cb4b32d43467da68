package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart/unittest"
	"github.com/pintle-ci/pintle/pipeline"
)

// testFormats are what chart test writes.
var testFormats = []string{"text", "json", "junit"}

func chartTestCommand(e env) *cli.Command {
	return &cli.Command{
		Name: "test", Usage: "run the unit tests of a chart's templates, without a cluster", ArgsUsage: "CHART...",
		Description: "Suites are YAML files in helm-unittest's format: docs/unittest.md. Test hooks, the pods in templates/tests that\n" +
			"\"helm test\" runs in a cluster, are another thing: \"pintle test\" runs those.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "file", Aliases: []string{"f"}, Usage: "run the suites in files that match this `PATTERN` from the chart's folder; ** crosses folders", DefaultText: unittest.DefaultFiles},
			&cli.StringSliceFlag{Name: "values", Aliases: []string{"v"}, Usage: "values `FILE` for all suites; may be repeated, later ones win"},
			&cli.BoolFlag{Name: "with-subchart", Aliases: []string{"s"}, Value: true, Usage: "run the suites of the charts in charts/ too; --with-subchart=false leaves them out"},
			&cli.StringFlag{Name: "chart-tests-path", Usage: "a `FOLDER` in the chart with a chart that renders to suites"},
			&cli.BoolFlag{Name: "update-snapshot", Aliases: []string{"u"}, Usage: "take snapshots again, and remove those that nothing asks for"},
			&cli.BoolFlag{Name: "strict", Usage: "refuse suites with keys that nothing reads, instead of a warning"},
			&cli.BoolFlag{Name: "failfast", Aliases: []string{"q"}, Usage: "end after the first failure"},
			&cli.BoolFlag{Name: "skip-schema-validation", Usage: "do not hold values against values.schema.json"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write `FORMAT`: " + strings.Join(testFormats, ", "), DefaultText: "text"},
			&cli.StringFlag{Name: "output-file", Usage: "write that to this `FILE`, JUnit without -o, and text to stdout"},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Len() == 0 {
				return usagef("chart test takes charts: pintle chart test ./chart")
			}
			if f := c.String("output"); f != "" && !slices.Contains(testFormats, f) {
				return usagef("--output %q: write %s", f, strings.Join(testFormats, ", "))
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

func testCharts(e env, c *cli.Context) error {
	tests, err := loadTests(e, c)
	if err != nil {
		return err
	}
	failed := false
	for i := range tests {
		t := &tests[i]
		if t.result, err = t.plan.Run(c.Context); err != nil {
			return withCode(pipeline.ExitFailed, fmt.Errorf("test %s: %w", t.plan.Dir, err))
		}
		for _, w := range t.result.Warnings {
			e.log.Warn(w.String())
		}
		failed = failed || t.result.Count(unittest.Failed) > 0
		if failed && c.Bool("failfast") {
			tests = tests[:i+1]
			break
		}
	}
	if err := writeTests(e, c, tests); err != nil {
		return withCode(pipeline.ExitFailed, err)
	}
	if failed {
		return silent(pipeline.ExitFailed)
	}
	return nil
}

// loadTests reads the suites of all charts, so that everything wrong with them
// is said before any is run.
func loadTests(e env, c *cli.Context) ([]chartTest, error) {
	var tests []chartTest
	var problems []unittest.Problem
	for _, dir := range c.Args().Slice() {
		plan, err := unittest.Load(c.Context, filepath.Clean(dir), unittest.Options{
			Files: c.StringSlice("file"), TestChart: c.String("chart-tests-path"), Values: c.StringSlice("values"),
			SkipSubs: !c.Bool("with-subchart"), Strict: c.Bool("strict"), FailFast: c.Bool("failfast"),
			Update: c.Bool("update-snapshot"), SkipSchemas: c.Bool("skip-schema-validation"),
		})
		if wrong, ok := errors.AsType[*unittest.SuiteError](err); ok {
			problems = append(problems, wrong.Problems...)
			continue
		}
		if err != nil {
			return nil, withCode(pipeline.ExitFailed, err)
		}
		for _, w := range plan.Warnings {
			e.log.Warn(w.String())
		}
		if len(plan.Suites) == 0 {
			e.log.Warnf("%s: no test suite matches %s", dir, strings.Join(slices.Concat(c.StringSlice("file"), []string{unittest.DefaultFiles})[:1], ", "))
		}
		tests = append(tests, chartTest{plan: plan})
	}
	if len(problems) > 0 {
		return nil, withCode(pipeline.ExitUsage, &unittest.SuiteError{Problems: problems})
	}
	return tests, nil
}

// writeTests writes the results: text to stdout, and another format to a file;
// or that format alone to stdout.
func writeTests(e env, c *cli.Context, tests []chartTest) error {
	format, file := c.String("output"), c.String("output-file")
	switch {
	case file != "" && format == "":
		format = "junit"
	case format == "":
		format = "text"
	}
	if file != "" {
		var b bytes.Buffer
		if err := encodeTests(&b, format, tests); err != nil {
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
	if format != "text" {
		return encodeTests(e.stdout, format, tests)
	}
	for _, t := range tests {
		if err := t.result.WriteText(e.stdout, colorOn(e, c, e.stdout)); err != nil {
			return err
		}
	}
	return writeTestTotals(e, tests)
}
