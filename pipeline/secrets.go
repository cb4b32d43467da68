package pipeline

import (
	"context"
	"sync"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
)

// unitSecrets are the secrets of units, by name.
type unitSecrets struct {
	mu   sync.Mutex
	sets map[string]*secret.Set
}

// Secrets are those of a unit, made once and known to all its steps: the job's, and
// those that its values hold. The engine adds what it learns of the release, and
// the step that has a chart what that holds. A values file that cannot be read has
// none: to deploy it is refused, and a rollback does not need it.
func (r *Requests) Secrets(u config.Unit) *secret.Set {
	r.units.mu.Lock()
	defer r.units.mu.Unlock()
	if set := r.units.sets[u.Name]; set != nil {
		return set
	}
	set := r.secrets.Child()
	values, err := r.values(u)
	if err != nil {
		values = u.Set
	}
	set.AddValues(values)
	r.units.sets[u.Name] = set
	return set
}

// learnChart adds what the chart's own values hold to the unit's secrets.
func (j *job) learnChart(values map[string]any) {
	if j.learned {
		return
	}
	j.learned = true
	LearnChart(j.requests.Secrets(j.unit), j.chart, values)
}

// LearnChart adds what values hold to secrets, the chart's and its subcharts' own
// among them.
func LearnChart(set *secret.Set, c *chart.Chart, values map[string]any) {
	if all, _, err := chart.Coalesce(c, values); err == nil {
		values = all
	}
	set.AddValues(values)
}

// hasSecrets reports whether the unit has values to hide. To compute a version reads none.
func (j *job) hasSecrets() bool {
	return j.Goal != GoalVersion && (j.kind == event.UnitService || j.kind == event.UnitRelease)
}

// secretly runs a step with everything masked that it tells.
func secretly(set *secret.Set, run func(context.Context, event.Span) event.Result) func(context.Context, event.Span) event.Result {
	return func(ctx context.Context, span event.Span) event.Result {
		return run(ctx, span.Masked(set.Text)).Masked(set.Text)
	}
}
