package chart

import (
	"context"
	"io"
	"os"
	"path/filepath"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/pipeline"
)

func templateCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "template", Usage: "print what a chart renders to, as \"helm template\" does", ArgsUsage: "[NAME] CHART",
		Flags:  append(cli.ValueFlags(), templateFlags()...),
		Action: func(c *urfave.Context) error { return templateChart(e, c) },
	}
}

func templateFlags() []urfave.Flag {
	return append([]urfave.Flag{
		&urfave.StringFlag{Name: "namespace", Aliases: []string{"n"}, EnvVars: []string{"HELM_NAMESPACE"}, Usage: "`NAMESPACE` of the release; the kubeconfig context's or \"default\" otherwise"},
		&urfave.StringFlag{Name: "name-template", Usage: "make the release name of this `TEMPLATE`: web-{{ randAlpha 5 | lower }}"},
		&urfave.BoolFlag{Name: "generate-name", Aliases: []string{"g"}, Usage: "take the name release-name, as without NAME"},
		&urfave.StringFlag{Name: "kube-version", Usage: "render for this Kubernetes `VERSION`"},
		&urfave.StringSliceFlag{Name: "api-versions", Aliases: []string{"a"}, Usage: "the cluster also serves this `VERSION`: group/version or group/version/Kind"},
		&urfave.BoolFlag{Name: "include-crds", Usage: "print the charts' CRDs too"},
		&urfave.BoolFlag{Name: "no-hooks", Usage: "leave hooks out"},
		&urfave.BoolFlag{Name: "skip-tests", Usage: "leave test hooks out"},
		&urfave.StringSliceFlag{Name: "show-only", Aliases: []string{"s"}, Usage: "print only what this `TEMPLATE` renders to: templates/service.yaml"},
		&urfave.StringFlag{Name: "output-dir", Usage: "write a file for each template into this `FOLDER`, and print their names"},
		&urfave.BoolFlag{Name: "release-name", Usage: "with --output-dir, put the files into a folder of the release's name"},
		&urfave.BoolFlag{Name: "dependency-update", Usage: "fetch the dependencies that charts/ lacks, and write Chart.lock"},
		&urfave.BoolFlag{Name: "is-upgrade", Usage: "set .Release.IsUpgrade instead of .Release.IsInstall"},
		&urfave.BoolFlag{Name: "skip-schema-validation", Usage: "do not hold values against values.schema.json"},
		&urfave.BoolFlag{Name: "enable-dns", Usage: "let getHostByName ask the network"},
		&urfave.BoolFlag{Name: "render-subchart-notes", Usage: "render the notes of subcharts too"},
		cli.VersionFlag(), cli.PlainHTTPFlag(),
	}, previewFlags()...)
}

func templateChart(e cli.Env, c *urfave.Context) error {
	mode, err := previewMode(e, c)
	if err != nil {
		return err
	}
	if c.String("output-dir") != "" && len(c.StringSlice("show-only")) > 0 {
		return cli.Usagef("--show-only and --output-dir do not go together: with --output-dir every template has its own file")
	}
	name, ref, err := nameAndChart(c)
	if err != nil {
		return err
	}
	if err := release.CheckName(name); err != nil {
		return cli.WithCode(exitcode.Usage, err)
	}
	values, origin, err := cli.ReadValues(e, c)
	if err != nil {
		return err
	}
	loaded, err := cli.LoadTemplated(e, c, ref)
	if err != nil {
		return err
	}
	if loaded.Metadata.Deprecated {
		e.Log.Warn("this chart is deprecated")
	}
	known := cli.Secrets(e.Getenv)
	result, err := mode.render(c, loaded, known, render.Options{ReleaseName: name, Origin: origin, Path: loaded.FilePaths(ref), Limits: e.Limits.Get()}, values)
	if err != nil {
		pipeline.LearnChart(known, loaded, values)
		return cli.WithCode(exitcode.Failed, cli.Private(err, known))
	}
	if mode != offline && len(result.CRDs) > 0 {
		e.Log.Warnf("%s has CRDs, which a dry run does not install: with them it may render otherwise", loaded.Metadata.Name)
	}
	for _, f := range result.Findings {
		e.Log.Warn(f.Message)
	}
	return writeTemplates(e, c, name, result)
}

func writeTemplates(e cli.Env, c *urfave.Context, name string, result *render.Result) error {
	options := render.TemplateOptions{
		NoHooks: c.Bool("no-hooks"), SkipTests: c.Bool("skip-tests"), ShowOnly: c.StringSlice("show-only"),
	}
	if folder := c.String("output-dir"); folder != "" {
		out := templateFolder{path: folder, log: e.Stdout}
		if c.Bool("release-name") {
			out.release = name
		}
		return cli.WithCode(exitcode.Failed, out.write(result.TemplateFiles(options)))
	}
	text, err := result.TemplateOutput(options)
	if err != nil {
		return cli.WithCode(exitcode.Usage, err)
	}
	_, err = io.WriteString(e.Stdout, text)
	return err
}

// renderOffline renders without a cluster, for the version and the APIs that the flags name.
func renderOffline(ctx context.Context, c *urfave.Context, loaded *chart.Chart, o render.Options, values map[string]any) (*render.Result, error) {
	o.Namespace, o.Revision, o.IsUpgrade = cli.TemplateNamespace(c), 1, c.Bool("is-upgrade")
	o.KubeVersion, o.APIVersions = c.String("kube-version"), c.StringSlice("api-versions")
	return render.Render(ctx, loaded, values, cli.WithRenderFlags(c, o))
}

// writeInto writes data to a file called name in a folder, which it makes.
func writeInto(folder, name string, data []byte) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	return path, files.WriteFile(path, data, 0o644)
}
