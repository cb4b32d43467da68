package cmd

import (
	"os"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/dependency"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// loadTemplated loads the chart to render. With --dependency-update it fetches
// what charts/ lacks, as Helm does; what that says goes to stderr, because stdout
// is for manifests.
func loadTemplated(e env, c *urfave.Context, ref string) (*chart.Chart, error) {
	loaded, err := loadChart(c.Context, e, ref, c.String("version"))
	if err != nil {
		return nil, err
	}
	if !c.Bool("dependency-update") || len(loaded.MissingDependencies()) == 0 || !isFolder(ref) {
		return loaded, nil
	}
	o, err := dependencyOptions(e, c)
	if err != nil {
		return nil, err
	}
	result, err := dependency.Update(c.Context, ref, o)
	if err != nil {
		return nil, withCode(exitcode.Failed, err)
	}
	beside := e
	beside.stdout = e.stderr
	if err := tellDependencies(beside, result); err != nil {
		return nil, err
	}
	return loadChart(c.Context, e, ref, c.String("version"))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
