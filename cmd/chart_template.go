package cmd

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/pipeline"
)

func templateCommand(e env) *cli.Command {
	return &cli.Command{
		Name: "template", Usage: "print what a chart renders to, as \"helm template\" does", ArgsUsage: "[NAME] CHART",
		Flags: append(valueFlags(),
			&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Value: "default", Usage: "`NAMESPACE` of the release"},
			&cli.StringFlag{Name: "kube-version", Usage: "render for this Kubernetes `VERSION`"},
			&cli.StringSliceFlag{Name: "api-versions", Aliases: []string{"a"}, Usage: "the cluster also serves this `VERSION`: group/version or group/version/Kind"},
			&cli.BoolFlag{Name: "include-crds", Usage: "print the charts' CRDs too"},
			&cli.BoolFlag{Name: "no-hooks", Usage: "leave hooks out"},
			&cli.BoolFlag{Name: "skip-tests", Usage: "leave test hooks out"},
			&cli.StringSliceFlag{Name: "show-only", Aliases: []string{"s"}, Usage: "print only what this `TEMPLATE` renders to: templates/service.yaml"},
			&cli.BoolFlag{Name: "is-upgrade", Usage: "set .Release.IsUpgrade instead of .Release.IsInstall"},
			&cli.BoolFlag{Name: "skip-schema-validation", Usage: "do not hold values against values.schema.json"},
			&cli.BoolFlag{Name: "enable-dns", Usage: "let getHostByName ask the network"},
			&cli.BoolFlag{Name: "render-subchart-notes", Usage: "render the notes of subcharts too"},
			versionFlag(), plainHTTPFlag(),
		),
		Action: func(c *cli.Context) error { return template(e, c) },
	}
}

func template(e env, c *cli.Context) error {
	name, ref, err := nameAndChart(c)
	if err != nil {
		return err
	}
	values, err := readValues(e, c)
	if err != nil {
		return err
	}
	loaded, err := loadChart(c.Context, e, ref, c.String("version"))
	if err != nil {
		return err
	}
	result, err := render.Render(c.Context, loaded, values, render.Options{
		ReleaseName: name, Namespace: c.String("namespace"), Revision: 1, IsUpgrade: c.Bool("is-upgrade"),
		KubeVersion: c.String("kube-version"), APIVersions: c.StringSlice("api-versions"),
		IncludeCRDs: c.Bool("include-crds"), SubchartNotes: c.Bool("render-subchart-notes"),
		SkipSchemaValidation: c.Bool("skip-schema-validation"), EnableDNS: c.Bool("enable-dns"),
	})
	if err != nil {
		return withCode(pipeline.ExitFailed, err)
	}
	for _, f := range result.Findings {
		e.log.Warn(f.Message)
	}
	text, err := result.TemplateOutput(render.TemplateOptions{
		NoHooks: c.Bool("no-hooks"), SkipTests: c.Bool("skip-tests"), ShowOnly: c.StringSlice("show-only"),
	})
	if err != nil {
		return withCode(pipeline.ExitUsage, err)
	}
	_, err = fmt.Fprint(e.stdout, text)
	return err
}

// nameAndChart are the arguments "[NAME] CHART"; the name is release-name, as
// Helm's is, when it is left out.
func nameAndChart(c *cli.Context) (name, ref string, err error) {
	args := c.Args().Slice()
	switch len(args) {
	case 1:
		return "release-name", args[0], nil
	case 2:
		return args[0], args[1], nil
	}
	return "", "", usagef("%s takes a chart, or a release name and a chart: %s web ./chart", c.Command.HelpName, c.Command.HelpName)
}

// writeInto writes data to a file called name in a folder, which it makes.
func writeInto(folder, name string, data []byte) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	return path, os.WriteFile(path, data, 0o644)
}
