package chart

import (
	"errors"
	"fmt"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart/starter"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

func createCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "create", Usage: "write a new chart that is fit for production", ArgsUsage: "NAME",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "starter", Aliases: []string{"p"}, Usage: "start from this `CHART`: a folder, an archive, or the name of one of Helm's starters; <CHARTNAME> is replaced in its files"},
		},
		Action: func(c *urfave.Context) error {
			if n := c.Args().Len(); n > 1 {
				return cli.Usagef("create takes one name, not %d: pintle chart create services/web/chart", n)
			} else if n == 0 {
				return cli.Usagef("create takes the new chart's name: pintle chart create services/web/chart")
			}
			return createChart(e, c, c.Args().First())
		},
	}
}

func createChart(e cli.Env, c *urfave.Context, dir string) error {
	from := c.String("starter")
	if from != "" {
		var err error
		if from, err = starter.Find(from, e.Getenv); err != nil {
			return cli.WithCode(exitcode.Usage, err)
		}
	}
	if err := starter.Create(c.Context, dir, from); err != nil {
		_, badName := errors.AsType[*starter.NameError](err)
		if badName || errors.Is(err, starter.ErrExists) {
			return cli.WithCode(exitcode.Usage, err)
		}
		return cli.WithCode(exitcode.Failed, err)
	}
	if _, err := fmt.Fprintln(e.StdoutText, dir); err != nil {
		return err
	}
	first := ""
	if from == "" { // what values another starter has is its own affair
		first = "set image.repository in " + dir + "/values.yaml, then "
	}
	fmt.Fprintf(e.StderrText, "next: %s\"pintle chart lint %s\" and \"pintle chart template %[2]s\"\n", first, dir)
	return nil
}
