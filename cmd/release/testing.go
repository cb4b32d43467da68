package release

import (
	"context"
	"errors"
	"fmt"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
)

func testCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "test", Usage: "run the tests of a release, as \"helm test\" does", ArgsUsage: "NAME",
		Flags: append(releaseClusterFlags(), timeoutFlag(),
			&urfave.StringSliceFlag{Name: "filter", Usage: "run the test of this name only, or all but it: `name=NAME` or !name=NAME"},
			&urfave.BoolFlag{Name: "logs", Usage: "print the logs of the tests' pods when all have run"},
		),
		Action: func(c *urfave.Context) error { return releaseTest(e, c) },
	}
}

func releaseTest(e cli.Env, c *urfave.Context) error {
	name, err := oneRelease(c)
	if err != nil {
		return err
	}
	req := deployer.TestRequest{
		Release: name, Namespace: c.String("namespace"), Timeout: c.Duration("timeout"), Logs: c.Bool("logs"), Secrets: cli.Secrets(e.Getenv),
	}
	for _, f := range c.StringSlice("filter") {
		key, value, _ := strings.Cut(f, "=")
		switch strings.ReplaceAll(key, " ", "") {
		case "name":
			req.Only = append(req.Only, value)
		case "!name":
			req.Except = append(req.Except, value)
		default:
			return cli.Usagef("--filter %q: write name=NAME or !name=NAME", f)
		}
	}
	engine, err := openEngine(e, c)
	if err != nil {
		return err
	}
	outcome, err := runOperation(e, c, req.Secrets, "test", name, func(ctx context.Context, span event.Span) (deployer.Outcome, error) {
		return engine.Test(ctx, req, span)
	})
	if outcome.Record == nil {
		return err
	}
	_, printErr := fmt.Fprint(e.Stdout, statusText(outcome.Record, statusOptions{hideNotes: true}))
	if req.Logs {
		fmt.Fprintln(e.Stdout)
	}
	for _, l := range outcome.Logs {
		fmt.Fprintf(e.Stdout, "POD LOGS: %s (%s)\n%s\n", l.Pod, l.Container, l.Text)
	}
	return errors.Join(err, printErr)
}
