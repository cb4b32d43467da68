package report

import (
	_ "embed"
	"math"
	"strings"

	"github.com/pintle-ci/pintle/event"
)

//go:embed timeline.svg.tmpl
var timelineSource string

// Shape of timeline.svg, in its own units.
const (
	svgWidth  = 960
	svgLabel  = 200 // the column of names
	svgRow    = 26
	svgHeader = 34
	svgMargin = 16
)

// timeline is when each step worked: positions and widths are percents of the
// whole run, for the page and the SVG file alike.
type timeline struct {
	Ticks []tick
	Rows  []timelineRow
}

type tick struct {
	At    float64
	Label string
}

type timelineRow struct {
	Service *Service
	Bars    []bar
}

type bar struct {
	Step *Step
	At   float64
	Wide float64
}

func newTimeline(run Run) timeline {
	total := run.Seconds
	for _, service := range run.Services {
		for _, s := range service.Steps {
			if s.Ran {
				total = max(total, s.Start+s.Seconds)
			}
		}
	}
	total = max(total, 0.001)
	t := timeline{Ticks: ticks(total)}
	for _, service := range run.Services {
		row := timelineRow{Service: service}
		for _, s := range service.Steps {
			if s.Ran && s.Status != event.Skipped {
				row.Bars = append(row.Bars, bar{Step: s, At: percent(s.Start, total), Wide: percent(s.Seconds, total)})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func percent(part, total float64) float64 { return math.Round(part/total*1e4) / 100 }

// ticks divides total seconds into four to eight round parts.
func ticks(total float64) []tick {
	step := math.Pow(10, math.Floor(math.Log10(total)))
	for _, f := range []float64{0.1, 0.2, 0.5, 1} {
		if total/(step*f) <= 8 {
			step *= f
			break
		}
	}
	if total >= 90 { // from here on people count in minutes
		step = minutes(total)
	}
	var out []tick
	for at := 0.0; at < total*0.97; at += step {
		out = append(out, tick{At: percent(at, total), Label: tickLabel(at)})
	}
	return out
}

func minutes(total float64) float64 {
	for _, step := range []float64{15, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 24 * 3600, 7 * 24 * 3600} {
		if total/step <= 8 {
			return step
		}
	}
	return total / 8
}

func tickLabel(at float64) string {
	return strings.Replace(duration(at), ".0s", "s", 1)
}

// Timeline renders timeline.svg: a picture that stands alone, styled by
// presentation attributes only, so that it shows under a
// Content-Security-Policy that forbids inline styles.
func Timeline(run Run) ([]byte, error) {
	t := newTimeline(run)
	return execute(timelineSource, struct {
		timeline
		Run    Run
		Height int
	}{t, run, svgHeader + svgRow*len(t.Rows) + svgMargin})
}

// svgX is where a percent of the run lies in timeline.svg, svgW how wide it is.
func svgX(p float64) float64 { return svgLabel + svgW(p) }
func svgW(p float64) float64 { return math.Round(p*(svgWidth-svgLabel-svgMargin)) / 100 }
func svgY(row int) int       { return svgHeader + svgRow*row }

// fill is the colour of a status in timeline.svg: legible on its white ground.
func fill(s event.Status) string {
	switch s {
	case event.Passed:
		return "#2f855a"
	case event.Unchanged:
		return "#5f7a72"
	case event.Failed:
		return "#c53030"
	case event.RolledBack:
		return "#b7791f"
	case event.Interrupted:
		return "#6b46c1"
	}
	return "#718096"
}
