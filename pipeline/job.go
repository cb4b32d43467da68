package pipeline

import (
	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// job is one unit's way through its steps: what configuration says about it,
// and what each step leaves for those after it. Only the unit's own goroutine
// touches it while the run goes on.
type job struct {
	*shared
	kind event.Unit
	unit config.Unit // without a name for what is no service and no release

	version versioning.Version // by version
	chart   *chart.Chart       // by bump or pull
	archive []byte             // by package
	plan    *deployer.Prepared // by plan
	outcome deployer.Outcome   // by deploy
	account *deployer.Account  // by access
	learned bool               // the chart's secrets are known

	bumpedFiles []BumpedFile // by bump

	deploying event.Span // of deploy, once it has begun
}

// name is that of the unit in events.
func (j *job) name() string {
	switch j.kind {
	case event.UnitCluster:
		return j.Resolved.Environment + " cluster"
	case event.UnitFiles:
		return "version.files"
	case event.UnitService, event.UnitRelease:
	}
	return j.unit.Name
}
