package unittest

import (
	"slices"

	"github.com/pintle-ci/pintle/chart"
)

// hasNullDefaults reports whether a null stands in the default values of a chart or
// of a subchart. Helm 3 shows such nulls to templates and Helm 4 does not, so
// suites, and snapshots above all, may rely on them: a test that fails is run
// again with the nulls.
func hasNullDefaults(c *chart.Chart) bool {
	if hasNull(c.Values) {
		return true
	}
	return slices.ContainsFunc(c.Dependencies, hasNullDefaults)
}

func hasNull(m map[string]any) bool {
	for _, v := range m {
		table, isTable := v.(map[string]any)
		if v == nil || isTable && hasNull(table) {
			return true
		}
	}
	return false
}

// keepingNulls is the same test with null defaults kept.
func (j *job) keepingNulls() *job {
	again := *j
	again.nulls, again.warnings = true, nil
	return &again
}
