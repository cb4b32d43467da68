package render

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
)

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

// origin finds where the value at keys of the last of charts comes from: the user, then the charts from the root down.
// Globals come from any of them.
func (v *explainer) origin(keys []string) string {
	return cmp.Or(v.userOrigin(keys), v.chartOrigin(keys).text(v))
}

// userOrigin is where the user gave a value, empty if he did not.
func (v *explainer) userOrigin(keys []string) string {
	if v.opts.Origin == nil {
		return ""
	}
	o := v.opts.Origin(sectionPath(v.charts, keys))
	if o == "" && keys[0] == chart.GlobalKey {
		o = v.opts.Origin(keys)
	}
	return o
}

// fileLine is a line of a chart's values.yaml that gives a value.
type fileLine struct {
	file     string // web/values.yaml; empty if no chart gives it
	line     int
	imported bool
}

func (f fileLine) text(v *explainer) string {
	switch {
	case f.file == "":
		return ""
	case f.imported:
		return fmt.Sprintf("%s:%d, imported", v.shown(f.file), f.line)
	}
	return fmt.Sprintf("%s:%d", v.shown(f.file), f.line)
}

// chartOrigin is where a chart gives the value at keys of the last of charts.
func (v *explainer) chartOrigin(keys []string) fileLine {
	for i, c := range v.charts {
		full := keys
		if keys[0] != chart.GlobalKey {
			full = sectionPath(v.charts[i:], keys)
		}
		if line := v.valueLine(c, full); line > 0 {
			return fileLine{file: v.valuesFile(i), line: line}
		}
	}
	last := len(v.charts) - 1
	return v.imported(v.charts[last], v.folder(last), keys)
}

func (v *explainer) valueLine(c *chart.Chart, keys []string) int {
	if v.lines[c] == nil {
		if v.lines == nil {
			v.lines = map[*chart.Chart]func([]string) int{}
		}
		v.lines[c] = c.ValueLines()
	}
	return v.lines[c](keys)
}

// imported finds the subchart whose value at keys import-values brought.
func (v *explainer) imported(c *chart.Chart, folder string, keys []string) fileLine {
	for _, d := range c.Metadata.Dependencies {
		i := slices.IndexFunc(c.Dependencies, func(sub *chart.Chart) bool { return sub.Name() == d.Name })
		if i < 0 {
			continue
		}
		sub, place := c.Dependencies[i], path.Join(folder, "charts", d.Name)
		for _, entry := range d.ImportValues {
			paths, ok := entry.(map[string]string)
			if !ok {
				continue
			}
			parent := strings.TrimSuffix("."+paths["parent"], ".") + "."
			below, ok := strings.CutPrefix("."+strings.Join(keys, ".")+".", parent)
			if !ok {
				continue
			}
			from := strings.Split(strings.TrimSuffix(paths["child"]+"."+below, "."), ".")
			if line := v.valueLine(sub, from); line > 0 {
				return fileLine{place + "/values.yaml", line, true}
			}
			if o := v.imported(sub, place, from); o.file != "" {
				return o
			}
		}
	}
	return fileLine{}
}

// valuesFile is the values.yaml of the i-th chart, folder its place in the root.
func (v *explainer) valuesFile(i int) string { return v.folder(i) + "/values.yaml" }

func (v *explainer) shown(file string) string {
	if v.opts.Path == nil {
		return file
	}
	return v.opts.Path(file)
}

func (v *explainer) folder(i int) string {
	place := v.charts[0].Name()
	for _, c := range v.charts[1 : i+1] {
		place = path.Join(place, "charts", c.Name())
	}
	return place
}

// sectionPath is where the first of charts holds the value at keys of the last.
func sectionPath(charts []*chart.Chart, keys []string) []string {
	if keys[0] == chart.GlobalKey {
		return keys
	}
	var full []string
	for _, c := range charts[1:] {
		full = append(full, c.Name())
	}
	return append(full, keys...)
}
