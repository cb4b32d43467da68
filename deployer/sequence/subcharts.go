package sequence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/deployer/release"
)

// subchartNeeds is what Chart.yaml says of the order of subcharts: those that the chart itself needs, and what each of
// them needs, by name or alias.
func subchartNeeds(r *release.Record) (before []string, needs map[string][]string, err error) {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return nil, nil, nil
	}
	if before, err = nameList(subchartsNote, r.Chart.Metadata.Annotations[subchartsNote]); err != nil {
		return nil, nil, fmt.Errorf("chart %s: %w", r.ChartName(), err)
	}
	needs = map[string][]string{}
	for _, d := range r.Chart.Metadata.Dependencies {
		if len(d.DependsOn) > 0 {
			needs[cmp.Or(d.Alias, d.Name)] = d.DependsOn
		}
	}
	return before, needs, nil
}

// UnknownSubcharts tells which subcharts an order names that are not there. Those of the annotation may be switched
// off, or be called by the name that an alias replaced: a record does not say.
func UnknownSubcharts(r *release.Record) []string {
	before, needs, err := subchartNeeds(r)
	if err != nil {
		return nil // sequence tells
	}
	var out []string
	say := func(who, why string, names []string) {
		for _, name := range names {
			if !hasDependency(r.Chart, name) {
				out = append(out, fmt.Sprintf("%s is to come after subchart %q, which %s", who, name, why))
			}
		}
	}
	say("chart "+r.ChartName(), "is switched off, has an alias, or does not exist", before)
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		say("subchart "+name, "does not exist", needs[name])
	}
	return out
}

// direct is the direct subchart of the release that a chart is part of, "" for the release's own.
func (s *sequencer) direct(chart string) string {
	rest, _ := strings.CutPrefix(chart, s.root+"/charts/")
	if rest == chart {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// after is the first stage after some direct subcharts; path leads to here.
func (s *sequencer) after(names, path []string) (int, error) {
	start := 0
	for _, name := range names {
		end, err := s.end(name, path)
		if err != nil {
			return 0, err
		}
		start = max(start, end)
	}
	return start, nil
}

// end is the first stage after all of a direct subchart.
func (s *sequencer) end(name string, path []string) (int, error) {
	if slices.Contains(path, name) {
		return 0, fmt.Errorf("subcharts need each other: %s", strings.Join(append(path, name), " -> "))
	}
	if end, known := s.ends[name]; known {
		return end, nil
	}
	start, err := s.after(s.subcharts[name], append(slices.Clone(path), name))
	if err != nil {
		return 0, err
	}
	end := start
	for _, m := range s.members {
		if s.direct(m.group.chart) == name {
			end = max(end, start+s.stage(m)+1)
		}
	}
	s.ends[name] = end
	return end, nil
}

func hasDependency(c *release.Chart, name string) bool {
	for _, d := range c.Metadata.Dependencies {
		if d.Name == name || d.Alias == name {
			return true
		}
	}
	return false
}
