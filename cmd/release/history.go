package release

import (
	"strconv"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

func historyCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "history", Aliases: []string{"hist"}, Usage: "list the revisions of a release, as \"helm history\" does", ArgsUsage: "NAME",
		Flags: append(releaseClusterFlags(),
			cli.OutputFlag(),
			&urfave.IntFlag{Name: "max", Value: 256, Usage: "list at most `N` revisions, the newest"},
			&urfave.BoolFlag{Name: "show-rollback-revision", Usage: "tell in the table which revision a rollback went back to"},
		),
		Action: func(c *urfave.Context) error { return releaseHistory(e, c) },
	}
}

func releaseHistory(e cli.Env, c *urfave.Context) error {
	name, err := oneRelease(c)
	if err != nil {
		return err
	}
	f, err := cli.OutputFormat(c)
	if err != nil {
		return err
	}
	engine, err := openEngine(e, c)
	if err != nil {
		return err
	}
	history, err := engine.History(c.Context, name, c.String("namespace"))
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	for _, head := range history.Unreadable {
		e.Log.Warnf("the record of revision %d cannot be read and is left out", head.Version)
	}
	records := history.Records
	if most := max(c.Int("max"), 0); len(records) > most {
		records = records[len(records)-most:]
	}
	rows := historyRows(records)
	return f.Write(e, rows, func() string { return historyTable(rows, c.Bool("show-rollback-revision")) })
}

// historyRow is a revision as `helm history` shows it.
type historyRow struct {
	Revision         int       `json:"revision"`
	Updated          time.Time `json:"updated,omitzero"`
	Status           string    `json:"status"`
	Chart            string    `json:"chart"`
	AppVersion       string    `json:"app_version"`
	RollbackRevision int       `json:"rollback_revision,omitempty"`
	Description      string    `json:"description"`
}

func historyRows(records []*release.Record) []historyRow {
	rows := make([]historyRow, 0, len(records))
	for _, r := range records {
		rows = append(rows, historyRow{
			Revision: r.Version, Updated: r.Info.LastDeployed.Time, Status: string(r.Status()), Chart: helmChartName(r),
			AppVersion: helmAppVersion(r), RollbackRevision: r.Info.RollbackRevision, Description: r.Info.Description,
		})
	}
	return rows
}

func historyTable(rows []historyRow, rollback bool) string {
	line := func(revision, updated, status, chart, app, back, description string) []string {
		if rollback {
			return []string{revision, updated, status, chart, app, back, description}
		}
		return []string{revision, updated, status, chart, app, description}
	}
	cells := [][]string{line("REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION", "ROLLBACK", "DESCRIPTION")}
	for _, r := range rows {
		back := ""
		if r.RollbackRevision > 0 {
			back = strconv.Itoa(r.RollbackRevision)
		}
		cells = append(cells, line(strconv.Itoa(r.Revision), r.Updated.Format(time.ANSIC), r.Status, r.Chart, r.AppVersion, back, r.Description))
	}
	return cli.Columns(cells)
}
