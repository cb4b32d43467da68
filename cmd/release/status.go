package release

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	urfave "github.com/urfave/cli/v2"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

func statusCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "status", Usage: "show a release and its objects, as \"helm status\" does", ArgsUsage: "NAME",
		Flags: append(releaseClusterFlags(), cli.OutputFlag(), revisionFlag(),
			&urfave.BoolFlag{Name: "show-resources", Usage: "show the objects, which is the default"},
			&urfave.BoolFlag{Name: "show-desc", Usage: "show the description, which is the default"},
		),
		Action: func(c *urfave.Context) error { return releaseStatus(e, c) },
	}
}

func revisionFlag() urfave.Flag {
	return &urfave.IntFlag{Name: "revision", Usage: "revision `N` instead of the newest"}
}

// record reads the release that the arguments and --revision name.
func record(e cli.Env, c *urfave.Context) (*deployer.Engine, *release.Record, error) {
	name, err := oneRelease(c)
	if err != nil {
		return nil, nil, err
	}
	engine, err := openEngine(e, c)
	if err != nil {
		return nil, nil, err
	}
	history, err := engine.History(c.Context, name, c.String("namespace"))
	if err != nil {
		return nil, nil, cli.WithCode(exitcode.Failed, err)
	}
	r := history.Last()
	if n := c.Int("revision"); n != 0 {
		if r = history.Revision(n); r == nil {
			return nil, nil, cli.WithCode(exitcode.Failed, fmt.Errorf("release %s has no revision %d: %w", name, n, release.ErrNotFound))
		}
	}
	return engine, r, nil
}

func releaseStatus(e cli.Env, c *urfave.Context) error {
	f, err := cli.OutputFormat(c)
	if err != nil {
		return err
	}
	engine, r, err := record(e, c)
	if err != nil {
		return err
	}
	resources, err := liveResources(c.Context, engine, r, f)
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	r.Chart = nil
	return f.Write(e, r, func() string { return statusText(r, statusOptions{resources: resources}) })
}

// liveResources puts the live objects into the record, or returns them as tables for a table.
func liveResources(ctx context.Context, engine *deployer.Engine, r *release.Record, f cli.Format) (string, error) {
	live, err := engine.Live(ctx, r, f == cli.Table)
	if err != nil {
		return "", err
	}
	r.Info.Resources = live.Objects
	var b strings.Builder
	for _, kind := range live.Kinds {
		if f == cli.Table {
			fmt.Fprintf(&b, "==> %s\n%s\n", kind, kindTables(live.Tables[kind]))
		}
	}
	return b.String(), nil
}

// kindTables prints the tables of one kind under one header, each with widths of its own, as Helm's are.
func kindTables(tables []kube.Table) string {
	var b strings.Builder
	for i, t := range tables {
		if len(t.Rows) == 0 {
			continue
		}
		w := tabwriter.NewWriter(&b, 6, 4, 3, ' ', 0)
		if i == 0 {
			fmt.Fprintln(w, strings.Join(narrow(t, func(n int) string { return strings.ToUpper(t.Columns[n].Name) }), "\t"))
		}
		for _, row := range t.Rows {
			fmt.Fprintln(w, strings.Join(narrow(t, func(n int) string { return cellText(row, n) }), "\t"))
		}
		_ = w.Flush() // a Builder does not fail
	}
	return b.String()
}

// narrow is the text of those columns that are not for wide tables only.
func narrow(t kube.Table, text func(n int) string) []string {
	var out []string
	for n, column := range t.Columns {
		if column.Priority == 0 {
			out = append(out, text(n))
		}
	}
	return out
}

func cellText(row kube.Row, n int) string {
	if n >= len(row.Cells) || row.Cells[n] == nil {
		return ""
	}
	text := fmt.Sprint(row.Cells[n])
	if i := strings.IndexAny(text, "\f\n\r"); i >= 0 {
		text = text[:i] + "..."
	}
	return strings.ReplaceAll(text, "\x1b", "^[")
}

// statusOptions say what of a record to print.
type statusOptions struct {
	all       bool // chart, values, hooks and manifest too: get all
	hideNotes bool
	resources string // the live objects, printed
}

// statusText is a record as Helm prints it.
func statusText(r *release.Record, o statusOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "NAME: %s\n", r.Name)
	if !r.Info.LastDeployed.IsZero() {
		fmt.Fprintf(&b, "LAST DEPLOYED: %s\n", r.Info.LastDeployed.Format(time.ANSIC))
	}
	fmt.Fprintf(&b, "NAMESPACE: %s\nSTATUS: %s\nREVISION: %d\n", r.Namespace, r.Status(), r.Version)
	if o.all && r.Chart != nil && r.Chart.Metadata != nil {
		m := r.Chart.Metadata
		fmt.Fprintf(&b, "CHART: %s\nVERSION: %s\nAPP_VERSION: %s\n", m.Name, m.Version, m.AppVersion)
	}
	fmt.Fprintf(&b, "DESCRIPTION: %s\n", r.Info.Description)
	if o.resources != "" {
		fmt.Fprintf(&b, "RESOURCES:\n%s\n", o.resources)
	}
	b.WriteString(testsText(r))
	if o.all {
		b.WriteString(valuesText(r))
	}
	if o.all || strings.EqualFold(r.Info.Description, "Dry run complete") {
		fmt.Fprintf(&b, "HOOKS:\n%sMANIFEST:\n%s\n", hooksText(r), r.Manifest)
	}
	if !o.hideNotes && r.Info.Notes != "" {
		fmt.Fprintf(&b, "NOTES:\n%s\n", strings.TrimSpace(r.Info.Notes))
	}
	return b.String()
}

func testsText(r *release.Record) string {
	var b strings.Builder
	none := true
	for _, h := range r.Hooks {
		if !slices.Contains(h.Events, "test") {
			continue
		}
		none = false
		if run := h.LastRun; !run.StartedAt.IsZero() {
			fmt.Fprintf(&b, "TEST SUITE:     %s\nLast Started:   %s\nLast Completed: %s\nPhase:          %s\n",
				h.Name, run.StartedAt.Format(time.ANSIC), run.CompletedAt.Format(time.ANSIC), run.Phase)
		}
	}
	if none {
		return "TEST SUITE: None\n"
	}
	return b.String()
}

func valuesText(r *release.Record) string {
	computed, err := r.Values()
	if err != nil {
		computed = map[string]any{"error": err.Error()}
	}
	return "USER-SUPPLIED VALUES:\n" + yamlText(r.Config) + "\nCOMPUTED VALUES:\n" + yamlText(computed) + "\n"
}

func yamlText(v map[string]any) string {
	data, err := yaml.Marshal(v)
	if err != nil {
		return err.Error() + "\n"
	}
	return string(data)
}

// hooksText are the hooks of a record as `helm get hooks` prints them.
func hooksText(r *release.Record) string {
	var b strings.Builder
	for _, h := range r.Hooks {
		fmt.Fprintf(&b, "---\n# Source: %s\n%s\n", h.Path, h.Manifest)
	}
	return b.String()
}
