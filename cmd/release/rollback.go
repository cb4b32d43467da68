package release

import (
	"context"
	"fmt"
	"strconv"
	"unicode/utf8"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
)

// maxDescription is Helm's limit of a rollback's description, in characters.
const maxDescription = 256

func rollbackCommand(e cli.Env) *urfave.Command {
	flags := append(releaseClusterFlags(), waitFlags()...)
	return &urfave.Command{
		Name: "rollback", Usage: "bring a release back to an earlier revision, as \"helm rollback\" does; without one, to the last good one before the newest", ArgsUsage: "NAME [REVISION]",
		Flags: append(flags,
			timeoutFlag(), cli.LogsFlag("with --wait: "), cli.EvidenceDirFlag(), serverSideFlag(), historyMaxFlag(), cli.ForceConflictsFlag(), cli.OnConflictFlag("fail"), cli.OnCancelFlag("leave"),
			&urfave.StringFlag{Name: "description", Usage: "`TEXT` to keep with the revision, 256 characters at most"},
			&urfave.BoolFlag{Name: "no-hooks", Usage: "run no hooks"},
			&urfave.BoolFlag{Name: "cleanup-on-fail", Usage: "when it fails, delete the objects that it created"},
			cli.OptionalFlag("dry-run", "change nothing; tell on stderr what would change"),
		),
		Action: func(c *urfave.Context) error { return releaseRollback(e, c) },
	}
}

func releaseRollback(e cli.Env, c *urfave.Context) error {
	revision, err := rollbackTarget(c)
	if err != nil {
		return err
	}
	dry, err := readDryRun(e, c)
	if err != nil {
		return err
	}
	if n := utf8.RuneCountInString(c.String("description")); n > maxDescription {
		return cli.Usagef("--description has %d characters, %d is the most", n, maxDescription)
	}
	req, err := chartRequest(e, c, c.Args().First())
	if err != nil {
		return err
	}
	req.HistoryLimit, req.CleanUp = historyLimit(c), c.Bool("cleanup-on-fail")
	var working event.Span // once the work has begun
	req.Evidence = cli.EvidenceKeeper(c, req.Release, &working)
	engine, err := openEngine(e, c)
	if err != nil {
		return err
	}
	plan, err := engine.PlanRollback(c.Context, req, revision)
	if plan, err = planned(e, req.Secrets, plan, err); err != nil {
		return err
	}
	if dry != dryRunNone {
		e.StderrText.Colors = cli.ColorOn(e, c, e.Stderr)
		if err := plan.WriteText(e.StderrText, e.StderrText.Colors); err != nil {
			return err
		}
	} else if _, err := runOperation(e, c, req.Secrets, "rollback", plan.Release, func(ctx context.Context, span event.Span) (deployer.Outcome, error) {
		working = span
		return engine.Apply(ctx, plan, span)
	}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.StdoutText, "Rollback was a success! Happy Helming!")
	return err
}

// rollbackTarget is REVISION, 0 without one.
func rollbackTarget(c *urfave.Context) (int, error) {
	if n := c.Args().Len(); n < 1 || n > 2 {
		return 0, cli.Usagef("%s takes a release and, if you like, a revision: %[1]s web 3", c.Command.HelpName)
	}
	text := c.Args().Get(1)
	if text == "" {
		return 0, nil
	}
	revision, err := strconv.Atoi(text)
	if err != nil || revision < 0 {
		return 0, cli.Usagef("%q is no revision of %s: roll back one release at a time, to a number of \"pintle release history %[2]s\"", text, c.Args().First())
	}
	return revision, nil
}
