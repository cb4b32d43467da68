package release

import (
	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

func upgradeCommand(e cli.Env) *urfave.Command {
	flags := []urfave.Flag{
		&urfave.BoolFlag{Name: "install", Aliases: []string{"i"}, Usage: "install the release if there is none"},
		&urfave.BoolFlag{Name: "reset-values", Usage: "take the new chart's values and what is given now, and nothing of the last revision"},
		&urfave.BoolFlag{Name: "reuse-values", Usage: "take the old chart's values, the last revision's and what is given now"},
		&urfave.BoolFlag{Name: "reset-then-reuse-values", Usage: "take the new chart's values, the last revision's and what is given now"},
		&urfave.BoolFlag{Name: "cleanup-on-fail", Usage: "when it fails, delete the objects that it created"},
		historyMaxFlag(),
	}
	return &urfave.Command{
		Name: "upgrade", Usage: "upgrade a release, as \"helm upgrade\" does", ArgsUsage: "NAME CHART",
		Flags:  append(flags, chartReleaseFlags()...),
		Action: func(c *urfave.Context) error { return releaseUpgrade(e, c) },
	}
}

func releaseUpgrade(e cli.Env, c *urfave.Context) error {
	if c.Args().Len() != 2 {
		return cli.Usagef("%s takes a release and a chart: %[1]s web ./chart", c.Command.HelpName)
	}
	w, err := readChartOperation(e, c, c.Args().Get(0), c.Args().Get(1))
	if err != nil {
		return err
	}
	how := release.Reuse("")
	switch {
	case c.Bool("reset-values"):
		how = release.ReuseNone
	case c.Bool("reuse-values"):
		how = release.ReuseAll
	case c.Bool("reset-then-reuse-values"):
		how = release.ReuseGiven
	}
	w.request.Over = func(current *release.Record) (deployer.RenderFunc, error) {
		renewed, values, err := release.Renew(current, w.chart, w.values, how)
		return w.renderer(renewed, values), err
	}
	w.request.HistoryLimit, w.request.CleanUp = historyLimit(c), c.Bool("cleanup-on-fail")
	if !c.Bool("install") {
		w.request.Operation, w.request.CreateNamespace = plan.Upgrade, false
	}
	return w.run(e, c, "upgrade")
}
