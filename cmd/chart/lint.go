package chart

import (
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart/lint"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/kubeschema"
)

func lintCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "lint", Usage: "find what is wrong with a chart before a cluster sees it", ArgsUsage: "CHART...",
		Flags: append(cli.ValueFlags(),
			&urfave.StringFlag{Name: "namespace", Aliases: []string{"n"}, Value: "default", Usage: "`NAMESPACE` of the release"},
			&urfave.StringFlag{Name: "kube-version", Usage: "hold objects against the schemas of this Kubernetes `VERSION`; the newest known otherwise"},
			&urfave.BoolFlag{Name: "cluster", Usage: "hold objects against the schemas that the cluster serves, CRDs included"},
			&urfave.StringFlag{Name: "kubeconfig", Usage: "with --cluster: kubeconfig `FILE`; $KUBECONFIG, ~/.kube/config and the pod's service account otherwise"},
			&urfave.StringFlag{Name: "kube-context", EnvVars: []string{"HELM_KUBECONTEXT"}, Usage: "with --cluster: `CONTEXT` of the kubeconfig; the current one otherwise"},
			&urfave.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "text", Usage: "`FORMAT`: text, json, sarif, junit"},
			&urfave.BoolFlag{Name: "strict", Usage: "let warnings fail: --fail-on warning"},
			&urfave.StringFlag{Name: "fail-on", Value: "error", Usage: "fail on findings of this `SEVERITY` and graver ones: error, warning, info, none"},
			&urfave.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "leave findings of severity info out"},
			&urfave.BoolFlag{Name: "with-subcharts", Usage: "judge the subcharts too"},
			&urfave.BoolFlag{Name: "skip-schema-validation", Usage: "do not hold values against values.schema.json"},
			&urfave.StringSliceFlag{Name: "disable", Usage: "leave findings with this `ID` out: image/latest, values/*"},
			cli.VersionFlag(), cli.PlainHTTPFlag(),
		),
		Action: func(c *urfave.Context) error {
			if c.Args().Len() == 0 {
				return cli.Usagef("lint takes charts: pintle chart lint ./chart")
			}
			return lintCharts(e, c)
		},
	}
}

// lintedChart is one chart and what was found in it.
type lintedChart struct {
	Path     string         `json:"chart"` // as the user named it, with slashes
	Findings []lint.Finding `json:"findings"`

	threshold severityThreshold // from which on a finding fails
	absent    bool              // nothing is there: a fault of the call
}

// file is where a finding is, as the user would name it: the chart itself when it is about no file of it.
func (l lintedChart) file(f lint.Finding) string {
	switch {
	case f.Outside:
		return f.Path
	case f.Path == "":
		return l.Path
	case strings.Contains(l.Path, "://"): // of which path.Join would spoil the slashes
		return l.Path + "/" + f.Path
	}
	return path.Join(l.Path, f.Path)
}

func lintCharts(e cli.Env, c *urfave.Context) error {
	write, err := lintWriter(c.String("output"))
	if err != nil {
		return err
	}
	threshold, err := failOn(c)
	if err != nil {
		return err
	}
	options, err := lintOptions(e, c)
	if err != nil {
		return err
	}
	projects := lintProjects{}
	var charts []lintedChart
	for _, ref := range c.Args().Slice() {
		own, strict := projects.options(e, ref, options)
		linted, err := lintOne(e, c, ref, own)
		if err != nil {
			return err
		}
		linted.threshold = threshold
		if strict && !c.IsSet("fail-on") {
			linted.threshold = min(threshold, severityWeights[lint.Warning])
		}
		charts = append(charts, linted)
	}
	if err := write(e, c, charts); err != nil {
		return err
	}
	if slices.ContainsFunc(charts, func(linted lintedChart) bool { return linted.absent }) {
		return cli.Silent(exitcode.Usage)
	}
	for _, linted := range charts {
		if slices.ContainsFunc(linted.Findings, linted.threshold.reached) {
			return cli.Silent(exitcode.Failed)
		}
	}
	return nil
}

// lintOne judges one chart. A chart that cannot be loaded has that as its finding, so that the others are judged too.
func lintOne(e cli.Env, c *urfave.Context, ref string, options lint.Options) (lintedChart, error) {
	out := lintedChart{Path: strings.TrimSuffix(filepath.ToSlash(ref), "/"), Findings: []lint.Finding{}}
	loaded, err := cli.LoadChart(c.Context, e, ref, c.String("version"))
	if cause := c.Context.Err(); cause != nil {
		return out, cause
	}
	if err != nil {
		out.Findings, out.absent = append(out.Findings, lint.Unloadable(err)), cli.ExitCode(err) == exitcode.Usage
		return out, nil
	}
	options.Files = loaded.FilePaths(ref)
	for _, f := range lint.Lint(c.Context, loaded, options) {
		if !c.Bool("quiet") || f.Severity != lint.Info {
			out.Findings = append(out.Findings, f)
		}
	}
	return out, c.Context.Err()
}

func lintOptions(e cli.Env, c *urfave.Context) (lint.Options, error) {
	values, origin, err := cli.ReadValues(e, c)
	if err != nil {
		return lint.Options{}, err
	}
	for _, id := range lint.UnknownIDs(c.StringSlice("disable")) {
		return lint.Options{}, cli.Usagef("--disable %s: there is no such rule%s; docs/lint.md has them all", id, nearestRule(id))
	}
	o := lint.Options{
		Values: values, Origin: origin, ReleaseName: "release-name", Namespace: c.String("namespace"), KubeVersion: c.String("kube-version"),
		Disabled: c.StringSlice("disable"), WithSubcharts: c.Bool("with-subcharts"), SkipSchemaValidation: c.Bool("skip-schema-validation"),
		Limits: e.Limits.Get(),
	}
	if _, ok := kubeschema.Minor(o.KubeVersion); o.KubeVersion != "" && !ok {
		return o, cli.Usagef("--kube-version %s: write it as v1.33 or v1.33.4", o.KubeVersion)
	}
	if !c.Bool("cluster") {
		return o, nil
	}
	if o.KubeVersion != "" {
		return o, cli.Usagef("--cluster and --kube-version do not go together: the cluster says which version it is")
	}
	return withClusterSchema(c, o)
}

func nearestRule(id string) string {
	if near := lint.NearestID(id); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}

// withClusterSchema reads which Kubernetes the cluster is and what it serves.
func withClusterSchema(c *urfave.Context, o lint.Options) (lint.Options, error) {
	cluster, err := kube.Connect(kube.Config{Kubeconfig: c.String("kubeconfig"), Context: c.String("kube-context")})
	if err != nil {
		return o, cli.WithCode(exitcode.Usage, err)
	}
	capabilities, err := cluster.Capabilities(c.Context)
	if err != nil {
		return o, cli.WithCode(exitcode.Failed, err)
	}
	var document json.RawMessage
	if err := cluster.Do(c.Context, http.MethodGet, "/openapi/v2", nil, &document); err != nil {
		return o, cli.WithCode(exitcode.Failed, err)
	}
	o.KubeVersion, o.APIVersions = capabilities.KubeVersion, capabilities.APIVersions
	o.Schema, err = kubeschema.Parse(document)
	return o, cli.WithCode(exitcode.Failed, err)
}

// severityThreshold is the least severity that fails, by its weight.
type severityThreshold int

var severityWeights = map[lint.Severity]severityThreshold{lint.Error: 3, lint.Warning: 2, lint.Info: 1}

func (t severityThreshold) reached(f lint.Finding) bool { return severityWeights[f.Severity] >= t }

// failOn reads --fail-on and --strict, of which the stricter one counts.
func failOn(c *urfave.Context) (severityThreshold, error) {
	word := c.String("fail-on")
	t, ok := severityWeights[lint.Severity(word)]
	if !ok && word != "none" {
		return 0, cli.Usagef("--fail-on %s: write error, warning, info or none", word)
	}
	t = cmp.Or(t, 4)
	if c.Bool("strict") {
		t = min(t, severityWeights[lint.Warning])
	}
	return t, nil
}
