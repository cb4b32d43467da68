package render

import (
	"slices"

	"github.com/pintle-ci/pintle/chart"
)

// keepNulls puts the nulls of charts' default values back that coalescing dropped: Helm 3 shows them to templates, Helm
// 4 does not. A null of the user's, or of a parent chart for its subchart, still removes the key.
func keepNulls(c *chart.Chart, merged map[string]any, given ...map[string]any) {
	restoreNulls(c.Values, merged, given)
	for _, sub := range c.Dependencies {
		section, ok := merged[sub.Name()].(map[string]any)
		if !ok {
			continue
		}
		above := []map[string]any{}
		for _, m := range slices.Concat(given, []map[string]any{c.Values}) {
			if own, ok := m[sub.Name()].(map[string]any); ok {
				above = append(above, own)
			}
		}
		keepNulls(sub, section, above...)
	}
}

// restoreNulls adds the null entries of defaults to merged where nothing given has the key.
func restoreNulls(defaults, merged map[string]any, given []map[string]any) {
	for key, value := range defaults {
		var below []map[string]any
		taken := false
		for _, m := range given {
			v, ok := m[key]
			taken = taken || ok && v == nil
			if table, ok := v.(map[string]any); ok {
				below = append(below, table)
			}
		}
		switch value := value.(type) {
		case nil:
			if _, ok := merged[key]; !ok && !taken {
				merged[key] = nil
			}
		case map[string]any:
			if table, ok := merged[key].(map[string]any); ok {
				restoreNulls(value, table, below)
			}
		}
	}
}
