package release

import (
	"fmt"
	"maps"

	"github.com/pintle-ci/pintle/chart"
)

// Reuse says what becomes of a revision's values in the next one (facts/helm-format.md 4.13).
type Reuse string

// The ways. The empty one takes the values over only when none are given.
const (
	ReuseNone  Reuse = "reset"            // the chart's defaults and what is given
	ReuseAll   Reuse = "reuse"            // the old chart's defaults, the old values, then what is given
	ReuseGiven Reuse = "reset-then-reuse" // the new chart's defaults, the old values, then what is given
)

// Renew is a chart and values for the revision after current, which is nil when there is none; given is what the user
// says now. Nothing passed is changed.
func Renew(current *Record, c *chart.Chart, given map[string]any, how Reuse) (*chart.Chart, map[string]any, error) {
	if current == nil || how == ReuseNone {
		return c, given, nil
	}
	if how == "" {
		if len(given) == 0 && len(current.Config) > 0 {
			given = current.Config
		}
		return c, given, nil
	}
	values := carryOver(current.Config, given)
	if how == ReuseGiven {
		return c, values, nil
	}
	defaults, err := current.Values()
	if err != nil {
		return nil, nil, err
	}
	renewed := *c
	renewed.Values = defaults
	return &renewed, values, nil
}

// carryOver puts what the user gives now over what the user gave before. A null takes an old value away; an old null,
// which takes a chart's default away, stays.
func carryOver(old, given map[string]any) map[string]any {
	out := maps.Clone(given)
	if out == nil {
		out = map[string]any{}
	}
	for key, before := range old {
		now, ok := given[key]
		table, isTable := now.(map[string]any)
		under, wasTable := before.(map[string]any)
		switch {
		case !ok:
			out[key] = before
		case now == nil && before != nil:
			delete(out, key)
		case isTable && wasTable:
			out[key] = carryOver(under, table)
		}
	}
	return out
}

// Values are the revision's whole values: the user's over the chart's defaults, as far as the record keeps these.
func (r *Record) Values() (map[string]any, error) {
	var defaults map[string]any
	if r.Chart != nil {
		defaults = r.Chart.Values
	}
	return over(r, defaults, r.Config)
}

func over(r *Record, defaults, given map[string]any) (map[string]any, error) {
	meta := &chart.Metadata{Name: r.Name}
	if r.Chart != nil && r.Chart.Metadata != nil {
		meta = r.Chart.Metadata
	}
	values, _, err := chart.Coalesce(&chart.Chart{Metadata: meta, Values: defaults}, given)
	if err != nil {
		return nil, fmt.Errorf("merge the values of revision %d of %s: %w", r.Version, r.Name, err)
	}
	return values, nil
}
