package release

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
)

func installCommand(e cli.Env) *urfave.Command {
	flags := []urfave.Flag{
		&urfave.BoolFlag{Name: "replace", Usage: "reuse a name whose last revision failed, or was uninstalled and kept"},
		&urfave.BoolFlag{Name: "generate-name", Aliases: []string{"g"}, Usage: "make the name of the chart's and the time; leave NAME out"},
		&urfave.StringFlag{Name: "name-template", Usage: "make the name of this `TEMPLATE`: web-{{ randAlpha 5 | lower }}"},
	}
	return &urfave.Command{
		Name: "install", Usage: "install a chart, as \"helm install\" does", ArgsUsage: "[NAME] CHART",
		Flags:  append(flags, chartReleaseFlags()...),
		Action: func(c *urfave.Context) error { return releaseInstall(e, c) },
	}
}

// chartReleaseFlags are those that install and upgrade share.
func chartReleaseFlags() []urfave.Flag {
	flags := append(releaseClusterFlags(), cli.ValueFlags()...)
	flags = append(flags, waitFlags()...)
	return append(flags,
		timeoutFlag(), cli.LogsFlag("with --wait: "), cli.EvidenceDirFlag(), cli.OutputFlag(), cli.VersionFlag(), cli.PlainHTTPFlag(), serverSideFlag(),
		&urfave.BoolFlag{Name: "dependency-update", Usage: "fetch the dependencies of a chart's folder first if some are missing"},
		&urfave.BoolFlag{Name: "devel", Usage: "take pre-releases of the chart, too: --version '>0.0.0-0'"},
		&urfave.BoolFlag{Name: "rollback-on-failure", Aliases: []string{"atomic"}, Usage: "wait, and when it fails go back to the last good revision, or remove a failed install"},
		cli.OptionalFlag("dry-run", "change nothing and print the result: --dry-run=server asks the cluster about every object, --dry-run=client does not"),
		&urfave.BoolFlag{Name: "create-namespace", Usage: "create the namespace of an install if it is missing"},
		&urfave.StringFlag{Name: "description", Usage: "`TEXT` to keep with the revision"},
		labelsFlag("labels of the record: `KEY=VALUE`,...; the value null removes one in an upgrade"),
		&urfave.BoolFlag{Name: "no-hooks", Usage: "run no hooks"},
		&urfave.BoolFlag{Name: "skip-crds", Usage: "leave the CRDs of crds/ out"},
		&urfave.BoolFlag{Name: "disable-openapi-validation", Usage: "let the server ignore fields that it does not know"},
		cli.ForceConflictsFlag(), cli.OnConflictFlag("fail"), cli.OnCancelFlag("what a failure would bring"), cli.SupersedeFlag("false"),
		&urfave.BoolFlag{Name: "take-ownership", Usage: "adopt objects that exist already and belong to nobody or to another release"},
		&urfave.BoolFlag{Name: "skip-schema-validation", Usage: "do not hold values against values.schema.json"},
		cli.NoLookupSecretsFlag(),
		&urfave.BoolFlag{Name: "enable-dns", Usage: "let getHostByName ask the network"},
		&urfave.BoolFlag{Name: "render-subchart-notes", Usage: "keep the notes of subcharts too"},
		&urfave.BoolFlag{Name: "hide-secret", Usage: "with --dry-run: leave Secrets out of what is printed"},
		&urfave.BoolFlag{Name: "hide-notes", Usage: "do not print the notes"},
	)
}

func releaseInstall(e cli.Env, c *urfave.Context) error {
	name, ref, err := installName(c)
	if err != nil {
		return err
	}
	w, err := readChartOperation(e, c, name, ref)
	if err != nil {
		return err
	}
	w.request.Operation, w.request.Replace = plan.Install, c.Bool("replace")
	return w.run(e, c, "install")
}

// installName is NAME, or what makes it.
func installName(c *urfave.Context) (name, ref string, err error) {
	args := c.Args().Slice()
	template, generate := c.String("name-template"), c.Bool("generate-name")
	switch {
	case len(args) == 2 && (generate || template != ""):
		return "", "", cli.Usagef("the name %q, --generate-name and --name-template: give one of them", args[0])
	case len(args) == 2:
		return args[0], args[1], nil
	case len(args) == 1 && template != "":
		name, err = cli.TemplatedName(template)
		return name, args[0], err
	case len(args) == 1 && generate:
		base, _, _ := strings.Cut(filepath.Base(args[0]), ".")
		if base == "" {
			base = "chart"
		}
		return fmt.Sprintf("%s-%d", base, time.Now().Unix()), args[0], nil
	}
	return "", "", cli.Usagef("%s takes a name and a chart, or --generate-name and a chart: %[1]s web ./chart", c.Command.HelpName)
}

// chartOperation is an install or an upgrade that has been asked for.
type chartOperation struct {
	request deployer.Request
	chart   *chart.Chart
	values  map[string]any
	options func(render.Options) render.Options // what the flags say about rendering
	format  cli.Format
	dryRun  dryRun
	span    event.Span // of the work, once it has begun
}

// readChartOperation reads the flags, the values and the chart.
func readChartOperation(e cli.Env, c *urfave.Context, name, ref string) (*chartOperation, error) {
	w := &chartOperation{}
	var err error
	if w.format, err = cli.OutputFormat(c); err != nil {
		return nil, err
	}
	if w.dryRun, err = readDryRun(e, c); err != nil {
		return nil, err
	}
	if c.Bool("hide-secret") && w.dryRun == dryRunNone {
		return nil, cli.Usagef("--hide-secret is for --dry-run: nothing else prints Secrets")
	}
	if w.request, err = chartRequest(e, c, name); err != nil {
		return nil, err
	}
	values, origin, err := cli.ReadValues(e, c)
	if err != nil {
		return nil, err
	}
	if c.String("version") == "" && c.Bool("devel") {
		if err := c.Set("version", ">0.0.0-0"); err != nil {
			return nil, err
		}
	}
	if w.chart, err = cli.LoadTemplated(e, c, ref); err != nil {
		return nil, err
	}
	if err := installable(e, w.chart, ref); err != nil {
		return nil, err
	}
	w.values = values
	pipeline.LearnChart(w.request.Secrets, w.chart, values)
	w.request.Evidence = cli.EvidenceKeeper(c, name, &w.span)
	w.options = func(o render.Options) render.Options {
		o.Origin, o.Path, o.Limits = origin, w.chart.FilePaths(ref), e.Limits.Get()
		return cli.WithRenderFlags(c, o)
	}
	w.request.Render = w.renderer(w.chart, w.values)
	return w, nil
}

func installable(e cli.Env, c *chart.Chart, path string) error {
	if t := c.Metadata.Type; t != "" && t != "application" {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("chart %s is of type %s, which is not installable", c.Name(), t))
	}
	if missing := c.MissingDependencies(); len(missing) > 0 && c.IgnoredDependencies(missing) != "" {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("chart %s lacks its dependencies %s: %s", c.Name(), strings.Join(missing, ", "), c.IgnoredDependencies(missing)))
	} else if len(missing) > 0 {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("chart %s lacks its dependencies %s: pass --dependency-update, or run %q", c.Name(), strings.Join(missing, ", "), c.FetchCommand(path)))
	}
	if c.Metadata.Deprecated {
		e.Log.Warn("this chart is deprecated")
	}
	return nil
}

func (w *chartOperation) renderer(c *chart.Chart, values map[string]any) deployer.RenderFunc {
	return func(ctx context.Context, o render.Options) (*render.Result, error) {
		return render.Render(ctx, c, values, w.options(o))
	}
}

// run plans and, unless it is dry, does the work, and prints the revision.
func (w *chartOperation) run(e cli.Env, c *urfave.Context, step string) error {
	if w.dryRun == dryRunClient && step == "install" {
		return w.preview(e, c)
	}
	engine, err := openEngine(e, c)
	if err != nil {
		return err
	}
	prepared, err := engine.Plan(c.Context, w.request)
	if prepared, err = planned(e, w.request.Secrets, prepared, err); err != nil {
		return err
	}
	installing := prepared.Operation == plan.Install && step == "upgrade" && w.format == cli.Table
	if installing {
		fmt.Fprintf(e.StdoutText, "Release %q does not exist. Installing it now.\n", prepared.Release)
	}
	upgraded := func() {
		if step == "upgrade" && !installing && w.format == cli.Table {
			fmt.Fprintf(e.StdoutText, "Release %q has been upgraded. Happy Helming!\n", prepared.Release)
		}
	}
	if w.dryRun != dryRunNone {
		upgraded()
		return w.print(e, c, dryRunRecord(c, prepared.Record()))
	}
	outcome, err := runOperation(e, c, w.request.Secrets, string(prepared.Operation), prepared.Release, func(ctx context.Context, span event.Span) (deployer.Outcome, error) {
		w.span = span
		return engine.Apply(ctx, prepared, span)
	})
	if err != nil {
		return err
	}
	upgraded()
	return w.print(e, c, outcome.Record)
}

// preview is an install without any cluster.
func (w *chartOperation) preview(e cli.Env, c *urfave.Context) error {
	w.request.Namespace = cli.TemplateNamespace(c)
	result, err := w.request.Render(c.Context, render.Options{ReleaseName: w.request.Release, Namespace: w.request.Namespace, Revision: 1})
	if err != nil {
		return cli.WithCode(exitcode.Failed, cli.Private(err, w.request.Secrets))
	}
	return w.print(e, c, dryRunRecord(c, deployer.Draft(w.request, result)))
}

// dryRunRecord is the record of a dry run, as Helm describes it.
func dryRunRecord(c *urfave.Context, r *release.Record) *release.Record {
	r.Info.Description = "Dry run complete"
	if text := c.String("description"); text != "" && r.Info.Status == release.PendingUpgrade {
		r.Info.Description = text
	}
	if c.Bool("hide-secret") {
		r.Manifest = hideSecrets(r.Manifest)
	}
	return r
}

// print prints a revision. Notes are for people, and may quote what a template has looked up: they are told without
// secrets.
func (w *chartOperation) print(e cli.Env, c *urfave.Context, r *release.Record) error {
	if r == nil {
		return errors.New("the release is as asked for, but its record is not known")
	}
	r = r.Clone()
	r.Info.Notes = w.request.Secrets.Text(r.Info.Notes)
	return w.format.Write(e, r, func() string {
		return statusText(r, statusOptions{hideNotes: c.Bool("hide-notes")})
	})
}

// dryRun says how far a dry run goes.
type dryRun int

const (
	dryRunNone   dryRun = iota // it is none
	dryRunClient               // --dry-run=client
	dryRunServer               // --dry-run=server
)

// readDryRun reads --dry-run; alone it means client, as for Helm.
func readDryRun(e cli.Env, c *urfave.Context) (dryRun, error) {
	value, given := cli.OptionalOf(c, "dry-run")
	switch {
	case !given || value == "none":
		return dryRunNone, nil
	case value == "client":
		return dryRunClient, nil
	case value == "server":
		return dryRunServer, nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return dryRunNone, cli.Usagef("--dry-run=%s: write --dry-run=none, --dry-run=client or --dry-run=server", value)
	}
	if !on {
		return dryRunNone, nil
	}
	e.Log.Warn("--dry-run alone means --dry-run=client: write so, or --dry-run=server")
	return dryRunClient, nil
}
