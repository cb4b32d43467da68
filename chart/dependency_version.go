package chart

import (
	"fmt"
	"strings"
)

// Mismatch is a dependency of Chart.yaml whose chart is in charts/ in another
// version. Helm renders it without a word; with an alias it takes the chart for
// one that Chart.yaml does not name (facts/helm-format.md 4.12).
type Mismatch struct {
	Name   string
	Wanted string   // the version or range in Chart.yaml
	Found  string   // the version in charts/
	Lost   []string // fields of the dependency that have no effect: alias, condition, tags, import-values
}

// String is one line, with the fields that have no effect and what to do.
func (m Mismatch) String() string {
	return m.What() + `: correct the version, or run "pintle chart deps update"`
}

// What is the mismatch alone, without what to do.
func (m Mismatch) What() string {
	text := fmt.Sprintf("charts/ has %s %s, but Chart.yaml asks for %s", m.Name, m.Found, m.Wanted)
	if m.Wanted == "" {
		text = fmt.Sprintf("charts/ has %s %s, but Chart.yaml names no version of it", m.Name, m.Found)
	}
	if len(m.Lost) > 0 {
		text += ", so it is used without " + strings.Join(m.Lost, ", ")
	}
	return text
}

// Mismatches are the dependencies of Chart.yaml that charts/ has in other
// versions only, in Chart.yaml's order.
func (c *Chart) Mismatches() []Mismatch {
	var out []Mismatch
	for _, d := range c.Metadata.Dependencies {
		found, satisfied := "", false
		for _, sub := range c.Dependencies {
			if sub.Name() == d.Name {
				found, satisfied = sub.Metadata.Version, satisfied || sub.satisfies(d)
			}
		}
		if found != "" && !satisfied {
			out = append(out, Mismatch{Name: d.Name, Wanted: d.Version, Found: found, Lost: d.byAlias()})
		}
	}
	return out
}

// byAlias are the fields that work by the dependency's alias, which a chart of
// another version does not get.
func (d *Dependency) byAlias() []string {
	if d.Alias == "" {
		return nil
	}
	out := []string{"alias"}
	if d.Condition != "" {
		out = append(out, "condition")
	}
	if len(d.Tags) > 0 {
		out = append(out, "tags")
	}
	if len(d.ImportValues) > 0 {
		out = append(out, "import-values")
	}
	return out
}
