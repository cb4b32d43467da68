package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

func uninstallCommand(e cli.Env) *urfave.Command {
	flags := append(releaseClusterFlags(), waitFlags()[:1]...)
	return &urfave.Command{
		Name: "uninstall", Aliases: []string{"del", "delete", "un"}, Usage: "take releases away, as \"helm uninstall\" does", ArgsUsage: "NAME...",
		Flags: append(flags,
			timeoutFlag(), cli.EvidenceDirFlag(), cli.OnCancelFlag("leave"),
			&urfave.BoolFlag{Name: "keep-history", Usage: "keep the records, so that a rollback can bring the release back"},
			&urfave.BoolFlag{Name: "ignore-not-found", Usage: "a release that does not exist is no error"},
			&urfave.StringFlag{Name: "cascade", Value: "background", Usage: "what becomes of what the objects own: `HOW` is background, foreground or orphan"},
			&urfave.StringFlag{Name: "description", Usage: "`TEXT` to keep with the revision"},
			&urfave.BoolFlag{Name: "no-hooks", Usage: "run no hooks"},
			&urfave.BoolFlag{Name: "dry-run", Usage: "change nothing"},
		),
		Action: func(c *urfave.Context) error { return releaseUninstall(e, c) },
	}
}

func releaseUninstall(e cli.Env, c *urfave.Context) error {
	if c.Args().Len() == 0 {
		return cli.Usagef("%s takes releases: %[1]s web", c.Command.HelpName)
	}
	ways := map[string]kube.Propagation{"background": kube.Background, "foreground": kube.Foreground, "orphan": kube.Orphan}
	cascade, ok := ways[c.String("cascade")]
	if !ok {
		return cli.Usagef("--cascade %s: write %s", c.String("cascade"), strings.Join(slices.Sorted(maps.Keys(ways)), ", "))
	}
	wait, err := waits(c)
	if err != nil {
		return err
	}
	engine, err := openEngine(e, c)
	if err != nil {
		return err
	}
	for _, name := range c.Args().Slice() {
		req := deployer.UninstallRequest{
			Release: name, Namespace: c.String("namespace"), Timeout: c.Duration("timeout"),
			KeepHistory: c.Bool("keep-history"), Description: c.String("description"),
			NoHooks: c.Bool("no-hooks"), NoWait: !wait, Cascade: cascade, OnCancel: cli.OnCancel(c), Secrets: cli.Secrets(e.Getenv),
		}
		if err := uninstallOne(e, c, engine, req); err != nil {
			return err
		}
	}
	return nil
}

func uninstallOne(e cli.Env, c *urfave.Context, engine *deployer.Engine, req deployer.UninstallRequest) error {
	var outcome deployer.Outcome
	_, err := engine.History(c.Context, req.Release, req.Namespace)
	switch {
	case errors.Is(err, release.ErrNotFound) && c.Bool("ignore-not-found"):
	case err != nil:
		return cli.WithCode(exitcode.Failed, untouched(fmt.Errorf("uninstall: %w", err)))
	case !c.Bool("dry-run"):
		outcome, err = runOperation(e, c, req.Secrets, "uninstall", req.Release, func(ctx context.Context, span event.Span) (deployer.Outcome, error) {
			req.Evidence = cli.EvidenceKeeper(c, req.Release, &span)
			return engine.Uninstall(ctx, req, span)
		})
		if err != nil {
			return err
		}
	}
	writeKept(e.StdoutText, outcome.Kept)
	_, err = fmt.Fprintf(e.StdoutText, "release %q uninstalled\n", req.Release)
	return err
}

// writeKept lists what stays as Helm does.
func writeKept(w io.Writer, all []deployer.Kept) {
	var byPolicy, foreign []string
	for _, k := range all {
		line := fmt.Sprintf("[%s] %s\n", k.Object.Kind, k.Object.Name)
		if k.Policy {
			byPolicy = append(byPolicy, line)
		} else {
			foreign = append(foreign, line)
		}
	}
	var text string
	if len(byPolicy) > 0 {
		text = "These resources were kept due to the resource policy:\n" + strings.Join(byPolicy, "")
	}
	if len(foreign) > 0 {
		if text != "" {
			text += "\n"
		}
		text += fmt.Sprintf("%d resource(s) were not deleted because they are not owned by this release:\n", len(foreign)) + strings.Join(foreign, "")
	}
	if text != "" {
		fmt.Fprintln(w, text)
	}
}
