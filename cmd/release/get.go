package release

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	urfave "github.com/urfave/cli/v2"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/registry"
)

func getCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "get", Usage: "print what the record of a release holds, as \"helm get\" does", ArgsUsage: "all|hooks|manifest|metadata|notes|values",
		Subcommands: []*urfave.Command{
			partCommand(e, "all", "everything", getAll, &urfave.StringFlag{Name: "template", Usage: "print by this Go `TEMPLATE`: {{.Release.Info.Status}}"}),
			partCommand(e, "hooks", "the hooks", func(e cli.Env, _ *urfave.Context, r *release.Record) error {
				_, err := io.WriteString(e.Stdout, hooksText(r))
				return err
			}),
			partCommand(e, "manifest", "the manifest, without hooks", func(e cli.Env, _ *urfave.Context, r *release.Record) error {
				_, err := fmt.Fprintln(e.Stdout, r.Manifest)
				return err
			}),
			partCommand(e, "metadata", "what is known of the chart and the revision", getMetadata, cli.OutputFlag()),
			partCommand(e, "notes", "the notes", func(e cli.Env, _ *urfave.Context, r *release.Record) error {
				if r.Info.Notes == "" {
					return nil
				}
				_, err := fmt.Fprintf(e.StdoutText, "NOTES:\n%s\n", r.Info.Notes)
				return err
			}),
			partCommand(e, "values", "the values that the user gave", getValues, cli.OutputFlag(),
				&urfave.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "print all values, the chart's too"}),
		},
		Action: cli.NoSubcommand,
	}
}

func partCommand(e cli.Env, name, what string, write func(cli.Env, *urfave.Context, *release.Record) error, flags ...urfave.Flag) *urfave.Command {
	return &urfave.Command{
		Name: name, Usage: "print " + what + " of a release", ArgsUsage: "NAME",
		Flags: append(append(releaseClusterFlags(), revisionFlag()), flags...),
		Action: func(c *urfave.Context) error {
			_, r, err := record(e, c)
			if err != nil {
				return err
			}
			return write(e, c, r)
		},
	}
}

func getAll(e cli.Env, c *urfave.Context, r *release.Record) error {
	text := c.String("template")
	if text == "" {
		_, err := io.WriteString(e.StdoutText, statusText(r, statusOptions{all: true}))
		return err
	}
	t, err := template.New("--template").Parse(text)
	if err == nil {
		err = t.Execute(e.StdoutText, map[string]any{"Release": r})
	}
	if err != nil {
		return cli.Usagef("%s", strings.TrimPrefix(err.Error(), "template: "))
	}
	return nil
}

func getValues(e cli.Env, c *urfave.Context, r *release.Record) error {
	f, err := cli.OutputFormat(c)
	if err != nil {
		return err
	}
	values, header := r.Config, "USER-SUPPLIED VALUES:\n"
	if c.Bool("all") {
		header = "COMPUTED VALUES:\n"
		if values, err = r.Values(); err != nil {
			return cli.WithCode(exitcode.Failed, err)
		}
	}
	return f.Write(e, values, func() string { return header + yamlText(values) })
}

// metadata is what `helm get metadata` shows.
type metadata struct {
	Name         string              `json:"name"`
	Chart        string              `json:"chart"`
	Version      string              `json:"version"`
	AppVersion   string              `json:"appVersion"`
	Annotations  map[string]string   `json:"annotations,omitempty"`
	Labels       map[string]string   `json:"labels,omitempty"`
	Dependencies []*chart.Dependency `json:"dependencies,omitempty"`
	Namespace    string              `json:"namespace"`
	Revision     int                 `json:"revision"`
	Status       string              `json:"status"`
	DeployedAt   string              `json:"deployedAt"`
	ApplyMethod  string              `json:"applyMethod,omitempty"`
}

func getMetadata(e cli.Env, c *urfave.Context, r *release.Record) error {
	f, err := cli.OutputFormat(c)
	if err != nil {
		return err
	}
	if r.Chart == nil || r.Chart.Metadata == nil {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("revision %d of %s has no chart in its record", r.Version, r.Name))
	}
	of := r.Chart.Metadata
	labels := r.AllLabels
	if c.Int("revision") != 0 { // Helm shows its own labels of the newest revision only
		labels = r.Labels
	}
	m := metadata{
		Name: r.Name, Chart: of.Name, Version: of.Version, AppVersion: of.AppVersion, Annotations: of.Annotations,
		Labels: labels, Dependencies: publicDependencies(of.Dependencies), Namespace: r.Namespace, Revision: r.Version,
		Status: string(r.Status()), DeployedAt: r.Info.LastDeployed.Format(time.RFC3339), ApplyMethod: r.ApplyMethod,
	}
	return f.Write(e, m, m.text)
}

// publicDependencies are dependencies without what may be secret in their repositories.
func publicDependencies(all []*chart.Dependency) []*chart.Dependency {
	var out []*chart.Dependency
	for _, d := range all {
		public := *d
		public.Repository = registry.Shown(d.Repository)
		out = append(out, &public)
	}
	return out
}

func (m metadata) text() string {
	method := map[string]string{"": "client-side apply (defaulted)", "csa": "client-side apply", release.ServerSide: "server-side apply"}[m.ApplyMethod]
	if method == "" {
		method = fmt.Sprintf("unknown (%q)", m.ApplyMethod)
	}
	var names []string
	for _, d := range m.Dependencies {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return fmt.Sprintf("NAME: %s\nCHART: %s\nVERSION: %s\nAPP_VERSION: %s\nANNOTATIONS: %s\nLABELS: %s\nDEPENDENCIES: %s\n"+
		"NAMESPACE: %s\nREVISION: %d\nSTATUS: %s\nDEPLOYED_AT: %s\nAPPLY_METHOD: %s\n",
		m.Name, m.Chart, m.Version, m.AppVersion, pairs(m.Annotations), pairs(m.Labels), strings.Join(names, ","),
		m.Namespace, m.Revision, m.Status, m.DeployedAt, method)
}

// pairs is a map as a label selector would write it.
func pairs(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return strings.Join(out, ",")
}

var documentStart = regexp.MustCompile(`(?m)^---\n`)

// hideSecrets replaces the Secrets of a manifest by a note, as Helm does.
func hideSecrets(manifest string) string {
	parts := documentStart.Split(manifest, -1)
	for i, part := range parts {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := yaml.Unmarshal([]byte(part), &head); err != nil || head.Kind != "Secret" || head.APIVersion != "v1" {
			continue
		}
		source, _, _ := strings.Cut(part, "\n")
		parts[i] = source + "\n# HIDDEN: The Secret output has been suppressed\n"
	}
	return strings.Join(parts, "---\n")
}
