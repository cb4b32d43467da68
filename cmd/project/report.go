package project

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// ReportCommand is "pintle report".
func ReportCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "report", Usage: "rebuild the reports from the events of a run, also of one that was killed", ArgsUsage: "EVENTS.JSONL",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "report-dir", Usage: "write into this `FOLDER` instead of beside the events"},
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() != 1 {
				return cli.Usagef("report takes one file: pintle report build/pintle/events.jsonl")
			}
			return rebuildReports(e, c, c.Args().First())
		},
	}
}

func rebuildReports(e cli.Env, c *urfave.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return cli.WithCode(exitcode.Usage, fmt.Errorf("read the events: %w", err))
	}
	defer file.Close()
	events, err := report.ReadEvents(file)
	if err != nil {
		return cli.WithCode(exitcode.Usage, fmt.Errorf("read %s: %w", path, err))
	}
	run := report.Fold(events)
	beside := filepath.Dir(path)
	dir := cmp.Or(c.String("report-dir"), beside)
	report.Find(run, beside, dir)
	report.Attach(run, beside, cli.ProjectDir(e, ci.Detect(e.Getenv)))
	if err := report.WriteAll(dir, run); err != nil {
		return err
	}
	return printSummary(e, c, run, dir)
}
