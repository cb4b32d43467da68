package release

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

func listCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "list", Aliases: []string{"ls"}, Usage: "list releases, as \"helm list\" does",
		Flags: append(releaseClusterFlags(),
			cli.OutputFlag(),
			&urfave.BoolFlag{Name: "all-namespaces", Aliases: []string{"A"}, Usage: "list the releases of all namespaces"},
			&urfave.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "list releases of every status, which is the default"},
			&urfave.BoolFlag{Name: "deployed", Usage: "list deployed releases"},
			&urfave.BoolFlag{Name: "failed", Usage: "list failed releases"},
			&urfave.BoolFlag{Name: "pending", Usage: "list pending releases"},
			&urfave.BoolFlag{Name: "superseded", Usage: "list superseded revisions"},
			&urfave.BoolFlag{Name: "uninstalled", Usage: "list uninstalled releases whose history was kept"},
			&urfave.BoolFlag{Name: "uninstalling", Usage: "list releases that are being uninstalled"},
			&urfave.StringFlag{Name: "filter", Aliases: []string{"f"}, Usage: "list releases whose name matches this `REGEXP`"},
			&urfave.StringFlag{Name: "selector", Aliases: []string{"l"}, Usage: "list releases with these labels: `KEY=VALUE`,..."},
			&urfave.BoolFlag{Name: "date", Aliases: []string{"d"}, Usage: "sort by the time of deployment"},
			&urfave.BoolFlag{Name: "reverse", Aliases: []string{"r"}, Usage: "sort the other way round"},
			&urfave.IntFlag{Name: "max", Aliases: []string{"m"}, Value: 256, Usage: "list at most `N` releases; 0 lists all"},
			&urfave.IntFlag{Name: "offset", Usage: "leave the first `N` releases out"},
			&urfave.BoolFlag{Name: "short", Aliases: []string{"q"}, Usage: "print names only"},
			&urfave.BoolFlag{Name: "no-headers", Usage: "leave the table's headers out"},
			&urfave.StringFlag{Name: "time-format", Usage: "print times by this Go `LAYOUT`: 2006-01-02"},
		),
		Action: func(c *urfave.Context) error { return releaseList(e, c) },
	}
}

func releaseList(e cli.Env, c *urfave.Context) error {
	if c.Args().Len() > 0 {
		return cli.Usagef("%s takes no arguments; --filter chooses by name", c.Command.HelpName)
	}
	f, err := cli.OutputFormat(c)
	if err != nil {
		return err
	}
	req, err := listRequest(c)
	if err != nil {
		return err
	}
	engine, err := openEngine(e, c)
	if err != nil {
		return err
	}
	records, unreadable, err := engine.List(c.Context, req)
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	for _, head := range unreadable {
		e.Log.Warnf("the record of revision %d of %s in %s cannot be read and is left out", head.Version, head.Name, head.Namespace)
	}
	if c.Bool("short") {
		names := make([]string, 0, len(records))
		for _, r := range records {
			names = append(names, r.Name)
		}
		return f.Write(e, names, func() string {
			if len(names) == 0 {
				return ""
			}
			return strings.Join(names, "\n") + "\n"
		})
	}
	rows := listRows(records, c.String("time-format"))
	return f.Write(e, rows, func() string { return listTable(rows, !c.Bool("no-headers")) })
}

func listRequest(c *urfave.Context) (deployer.ListRequest, error) {
	req := deployer.ListRequest{
		Namespace: c.String("namespace"), AllNamespaces: c.Bool("all-namespaces"), Selector: c.String("selector"),
		ByDate: c.Bool("date"), Reverse: c.Bool("reverse"), Offset: c.Int("offset"), Max: c.Int("max"),
	}
	if pattern := c.String("filter"); pattern != "" {
		var err error
		if req.Filter, err = regexp.Compile(pattern); err != nil {
			return req, cli.Usagef("--filter: %w", err)
		}
	}
	if c.Bool("all") {
		return req, nil
	}
	for _, choice := range []struct {
		flag     string
		statuses []release.Status
	}{
		{"deployed", []release.Status{release.Deployed}},
		{"uninstalled", []release.Status{release.Uninstalled}},
		{"uninstalling", []release.Status{release.Uninstalling}},
		{"pending", []release.Status{release.PendingInstall, release.PendingUpgrade, release.PendingRollback}},
		{"failed", []release.Status{release.Failed}},
		{"superseded", []release.Status{release.Superseded}},
	} {
		if c.Bool(choice.flag) {
			req.Statuses = append(req.Statuses, choice.statuses...)
		}
	}
	return req, nil
}

// listRow is a release as `helm list` shows it.
type listRow struct {
	Name       string `json:"name"`
	Namespace  string `json:"namespace"`
	Revision   string `json:"revision"`
	Updated    string `json:"updated"`
	Status     string `json:"status"`
	Chart      string `json:"chart"`
	AppVersion string `json:"app_version"`
}

func listRows(records []*release.Record, layout string) []listRow {
	rows := make([]listRow, 0, len(records))
	for _, r := range records {
		updated := "-"
		switch at := r.Info.LastDeployed; {
		case at.IsZero():
		case layout != "":
			updated = at.Format(layout)
		default:
			updated = fmt.Sprint(at.Time)
		}
		rows = append(rows, listRow{
			Name: r.Name, Namespace: r.Namespace, Revision: strconv.Itoa(r.Version), Updated: updated,
			Status: string(r.Status()), Chart: helmChartName(r), AppVersion: helmAppVersion(r),
		})
	}
	return rows
}

func listTable(rows []listRow, headers bool) string {
	var cells [][]string
	if headers {
		cells = append(cells, []string{"NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"})
	}
	for _, r := range rows {
		cells = append(cells, []string{r.Name, r.Namespace, r.Revision, r.Updated, r.Status, r.Chart, r.AppVersion})
	}
	return cli.Columns(cells)
}

// missing is what Helm prints for the chart of a record that has none.
const missing = "MISSING"

func helmChartName(r *release.Record) string {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return missing
	}
	return r.ChartName()
}

func helmAppVersion(r *release.Record) string {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return missing
	}
	return r.Chart.Metadata.AppVersion
}
