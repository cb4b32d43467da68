package lint

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart/render"
)

// longest is how long the name of a release may be.
const longest = 53

// renderLong renders the chart beside everything else, for a release whose name
// is as long as it can be. The channel gets nil when that is of no use.
func (l *linter) renderLong(ctx context.Context, opts render.Options) <-chan *render.Result {
	done := make(chan *render.Result, 1)
	name := opts.ReleaseName
	if matches(l.opts.Disabled, "object/long-release") || len(name) >= longest || !l.mayGrow(name) {
		done <- nil
		return done
	}
	opts.ReleaseName = lengthened(name)
	go func() {
		result, err := render.Render(ctx, l.chart, l.opts.Values, opts)
		if err != nil {
			result = nil
		}
		done <- result
	}()
	return done
}

// mayGrow reports whether a name or a label gets too long when the release's name
// in it grows, unless the chart cuts it.
func (l *linter) mayGrow(release string) bool {
	growth := longest - len(release)
	grows := func(text string, limit int) bool {
		return len(text)+growth > limit && strings.Contains(text, release) && text != l.chartLabel()
	}
	return slices.ContainsFunc(l.objects, func(o *object) bool {
		found := o.linted && grows(o.name, nameLimit(o.kind))
		if o.linted && !found {
			l.eachLabel(o, func(_ []string, value string) { found = found || grows(value, 63) })
		}
		return found
	})
}

// chartLabel is what the label helm.sh/chart says. It holds the name of most
// releases too, which are called as their chart is, and does not grow with it.
func (l *linter) chartLabel() string {
	m := l.chart.Metadata
	return strings.ReplaceAll(m.Name+"-"+m.Version, "+", "_")
}

func lengthened(name string) string {
	return (name + "-with-a-name-as-long-as-the-name-of-a-release-may-get")[:longest-1] + "x"
}

// longNames finds names and labels that are fine now, but not with a long
// release name: the chart should have cut them.
func (l *linter) longNames(result *render.Result) {
	if result == nil {
		return
	}
	again := &linter{chart: l.chart, opts: l.opts, files: l.files}
	all := slices.Clone(result.Manifests)
	for _, h := range result.Hooks {
		all = append(all, h.Manifest)
	}
	for _, m := range all {
		if len(m.Name) > nameLimit(m.Kind) || longLabel(m.Content, lengthened(l.releaseName())) {
			again.document(again.decode(m, false))
		}
	}
	again.findBeginnings()
	for _, o := range again.objects {
		if !o.linted || o.name == "" {
			continue
		}
		if n := nameLimit(o.kind); len(o.name) > n {
			l.tooLong(n, o.file, o.line("metadata", "name"), "%s: the name gets %d characters long when the release has %d; %s may have %d",
				o.kind, len(o.name), longest, articled(o.kind), n)
		}
		said := map[string]bool{}
		l.eachLabel(o, func(path []string, value string) {
			if key := path[len(path)-1]; len(value) > 63 && !said[key] {
				said[key] = true
				l.tooLong(63, o.file, o.line(path...), "%s: %s gets %d characters long when the release has %d; a label may have 63",
					o.kind, where(path), len(value), longest)
			}
		})
	}
}

// tooLong notes a text that must be cut to limit characters.
func (l *linter) tooLong(limit int, file string, line int, format string, args ...any) {
	l.note(Finding{
		ID: "object/long-release", Path: file, Line: line, Message: fmt.Sprintf(format, args...),
		Fix: fmt.Sprintf(`cut the whole of it: trunc %d and trimSuffix "-"`, limit),
	})
}

// longLabel reports whether a line might be a label that is too long. Decoding all
// documents again would take as long as everything else.
func longLabel(content, release string) bool {
	for line := range strings.Lines(content) {
		if len(line) <= 63 {
			continue
		}
		_, value, ok := strings.Cut(line, ": ")
		value = strings.Trim(value, "\"' \r\n")
		if ok && len(value) > 63 && strings.Contains(value, release[:longest/2]) && labelValue.MatchString(value) {
			return true
		}
	}
	return false
}

func articled(kind string) string {
	if strings.ContainsRune("AEIO", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}
