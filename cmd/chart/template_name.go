package chart

import (
	"github.com/pintle-ci/pintle/cmd/cli"
	urfave "github.com/urfave/cli/v2"
)

// nameAndChart are the arguments "[NAME] CHART". Without NAME the release is
// called what --name-template says, else release-name; and so it is with
// --generate-name, as for Helm, which generates names for installs only.
func nameAndChart(c *urfave.Context) (name, ref string, err error) {
	args := c.Args().Slice()
	named := c.String("name-template")
	switch {
	case len(args) == 1 && named != "":
		name, err = cli.TemplatedName(named)
		return name, args[0], err
	case len(args) == 1:
		return "release-name", args[0], nil
	case len(args) == 2 && named != "":
		return "", "", cli.Usagef("--name-template and the name %q: give one of them", args[0])
	case len(args) == 2 && c.Bool("generate-name"):
		return "", "", cli.Usagef("--generate-name and the name %q: give one of them", args[0])
	case len(args) == 2:
		return args[0], args[1], nil
	}
	return "", "", cli.Usagef("%s takes a chart, or a release name and a chart: %s web ./chart", c.Command.HelpName, c.Command.HelpName)
}
