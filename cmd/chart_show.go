package cmd

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/pipeline"
)

func showCommand(e env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "print a part of a chart", ArgsUsage: "chart|values|readme|schema CHART",
		Flags: []cli.Flag{versionFlag(), plainHTTPFlag()},
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 2 {
				return usagef("show takes a part and a chart: pintle chart show values ./chart")
			}
			return show(e, c, c.Args().Get(0), c.Args().Get(1))
		},
	}
}

func show(e env, c *cli.Context, part, ref string) error {
	names := map[string]string{"chart": "Chart.yaml", "values": "values.yaml", "readme": "README.md", "schema": "values.schema.json"}
	name, ok := names[part]
	if !ok {
		return usagef("no part %q of a chart: there are chart, values, readme, schema", part)
	}
	loaded, err := loadChart(c.Context, e, ref, c.String("version"))
	if err != nil {
		return err
	}
	for _, f := range loaded.Raw {
		if strings.EqualFold(f.Name, name) {
			_, err := e.stdout.Write(f.Data)
			return err
		}
	}
	return withCode(pipeline.ExitFailed, fmt.Errorf("show %s: the chart %s has no %s", part, loaded.Metadata.Name, name))
}
