package project

import (
	"io"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer/plan"
)

// planOutputFlag is -o of plan.
func planOutputFlag() urfave.Flag {
	return &urfave.StringFlag{
		Name: "output", Aliases: []string{"o"}, Value: "text",
		Usage: "print the plan as `FORMAT`: text, json, or markdown for a comment on a merge request",
		Action: func(_ *urfave.Context, s string) error {
			if s != "text" && s != "json" && s != "markdown" {
				return cli.Usagef("--output %s: write text, json or markdown", s)
			}
			return nil
		},
	}
}

// writePlans prints plans in a format of planOutputFlag, and first what they
// take and leave of the project's units.
func writePlans(e cli.Env, format string, units []plan.Scoped, plans []*plan.Plan, color bool) error {
	switch format {
	case "json":
		return cli.WriteJSON(e, func(w io.Writer) error { return plan.WriteJSON(w, plans, units...) })
	case "markdown":
		return plan.WriteMarkdown(e.StdoutText, plans, units...)
	}
	if err := plan.WriteScope(e.StdoutText, units); err != nil {
		return err
	}
	for _, p := range plans {
		if err := p.WriteText(e.StdoutText, color); err != nil {
			return err
		}
	}
	return nil
}
