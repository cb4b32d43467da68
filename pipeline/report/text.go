package report

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/text"
)

// line is s, harmless, on one line of at most limit bytes.
func line(s string, limit int) string { return cut(text.Line(s), limit, "...") }

// cut shortens s to at most limit bytes and puts mark in place of the rest.
func cut(s string, limit int, mark string) string {
	if len(s) <= limit {
		return s
	}
	end := max(limit-len(mark), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// cleanEvent makes an event's text harmless and bounds it.
func cleanEvent(e event.Event) event.Event {
	for _, name := range []*string{&e.Project, &e.Environment, &e.Commit, &e.Service, &e.Step, &e.Object, &e.Namespace, &e.Change, &e.Version, &e.File} {
		*name = line(*name, maxName)
	}
	e.Status, e.Unit = event.Status(line(string(e.Status), maxName)), event.Unit(line(string(e.Unit), maxName))
	if e.Kind == event.Output || e.Kind == event.PodLog {
		// Indentation carries meaning in output, so no line() here.
		e.Message = cut(strings.ReplaceAll(text.Clean(e.Message), "\n", " "), maxMessage, "...")
	} else {
		e.Message = line(e.Message, maxMessage)
	}
	e.Details = cut(strings.TrimRight(text.Clean(e.Details), "\n"), maxDetails, "\n... the rest is in events.jsonl")
	e.Seconds = seconds(e.Seconds)
	return e
}

// duration is seconds as people read them: 40ms, 12.3s, 2m05s, 1h02m.
func duration(s float64) string {
	s = seconds(s)
	switch whole := int(math.Round(s)); {
	case s == 0:
		return "0s"
	case s < 0.9995:
		return fmt.Sprintf("%.0fms", s*1000)
	case s < 59.95:
		return fmt.Sprintf("%.1fs", s)
	case whole < 3600:
		return fmt.Sprintf("%dm%02ds", whole/60, whole%60)
	default:
		return fmt.Sprintf("%dh%02dm", whole/3600, whole%3600/60)
	}
}

// stopwatch is a duration that does not flicker between units while it grows.
func stopwatch(s float64) string {
	if s < 0.9995 {
		return fmt.Sprintf("%.1fs", seconds(s))
	}
	return duration(s)
}

// cells is how many columns of a terminal s takes: East Asian wide characters
// take two, combining marks and other invisible ones none.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// pad fills s with spaces on the right up to n cells.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(n-cells(s), 0))
}

// fit shortens s to at most n cells; two dots tell that something is missing.
func fit(s string, n int) string {
	if cells(s) <= n {
		return s
	}
	var b strings.Builder
	left := n - 2
	for _, r := range s {
		if left -= runeCells(r); left < 0 {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + ".."[:max(min(n, 2), 0)]
}
