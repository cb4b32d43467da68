package render

import (
	"fmt"
	"path"
	"strings"

	"github.com/pintle-ci/pintle/chart"
)

// explain says for a failed access to .Values what the values hold there and
// where that comes from: which key on the way is not set, or is no map. It is
// empty if the action is no such access.
func (r *Result) explain(opts Options, template, node string) string {
	keys, ok := valuesPath(node)
	if !ok {
		return ""
	}
	charts := r.chartsOf(template)
	effective := any(r.Values)
	for _, c := range charts[1:] {
		section, _ := effective.(map[string]any)
		effective = section[c.Name()]
	}
	for i, key := range keys {
		table, ok := effective.(map[string]any)
		if !ok {
			return r.describe(opts, charts, keys[:i], effective)
		}
		next, ok := table[key]
		if !ok {
			return fmt.Sprintf(".Values.%s is not set", strings.Join(keys[:i+1], "."))
		}
		effective = next
	}
	return ""
}

// describe names a value that is no map.
func (r *Result) describe(opts Options, charts []*chart.Chart, keys []string, v any) string {
	text := fmt.Sprintf(".Values.%s is %s", strings.Join(keys, "."), kindName(v))
	if origin := origin(opts, charts, keys); origin != "" {
		text += ", from " + origin
	}
	return text
}

func kindName(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %.40q", v)
	case []any:
		return "a list"
	}
	return fmt.Sprint(v)
}

// valuesPath reads .Values.a.b or $.Values.a.b.
func valuesPath(node string) ([]string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(node, "$"), ".Values.")
	if !ok || strings.ContainsAny(rest, " ()|") {
		return nil, false
	}
	return strings.Split(rest, "."), true
}

// chartsOf lists the charts from the root to the one that a template belongs to.
func (r *Result) chartsOf(template string) []*chart.Chart {
	c := r.Chart
	out := []*chart.Chart{c}
	place := c.Name()
	for {
		var next *chart.Chart
		for _, d := range c.Dependencies {
			if strings.HasPrefix(template, path.Join(place, "charts", d.Name())+"/") {
				next = d
			}
		}
		if next == nil {
			return out
		}
		place = path.Join(place, "charts", next.Name())
		c = next
		out = append(out, c)
	}
}

// origin finds where the value at keys of the last of charts comes from: the
// user, then the charts from the root down. Globals come from any of them.
func origin(opts Options, charts []*chart.Chart, keys []string) string {
	isGlobal := keys[0] == chart.GlobalKey
	for i := range charts {
		full := keys
		if !isGlobal {
			full = sectionPath(charts[i:], keys)
		}
		if i == 0 && opts.Origin != nil {
			if o := opts.Origin(sectionPath(charts, keys)); o != "" {
				return o
			}
			if o := opts.Origin(full); o != "" {
				return o
			}
		}
		if line := charts[i].ValueLine(full); line > 0 {
			return fmt.Sprintf("values.yaml:%d of chart %s", line, charts[i].Name())
		}
	}
	return ""
}

// sectionPath is where the first of charts holds the value at keys of the last.
func sectionPath(charts []*chart.Chart, keys []string) []string {
	var full []string
	for _, c := range charts[1:] {
		full = append(full, c.Name())
	}
	return append(full, keys...)
}
