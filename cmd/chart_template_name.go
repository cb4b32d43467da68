package cmd

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
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
		name, err = templatedName(named)
		return name, args[0], err
	case len(args) == 1:
		return "release-name", args[0], nil
	case len(args) == 2 && named != "":
		return "", "", usagef("--name-template and the name %q: give one of them", args[0])
	case len(args) == 2 && c.Bool("generate-name"):
		return "", "", usagef("--generate-name and the name %q: give one of them", args[0])
	case len(args) == 2:
		return args[0], args[1], nil
	}
	return "", "", usagef("%s takes a chart, or a release name and a chart: %s web ./chart", c.Command.HelpName, c.Command.HelpName)
}

// templatedName executes --name-template with all of sprig's functions: it is
// the caller's own text, so it may read the environment.
func templatedName(text string) (string, error) {
	t, err := template.New("--name-template").Funcs(sprig.TxtFuncMap()).Parse(text)
	if err != nil {
		return "", usagef("%s", strings.TrimPrefix(err.Error(), "template: "))
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		return "", usagef("%w", fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: ")))
	}
	return b.String(), nil
}
