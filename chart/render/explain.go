package render

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// explain adds to an error what the values hold where a template failed, where
// that comes from, and what to do. source is the text of the failing template.
func (r *Result) explain(opts Options, e *Error, source string) {
	within := e.Template // the file whose values these are: the one that was executed
	if len(e.Chain) > 0 {
		within = e.Chain[0].Template
	}
	v := &viewer{opts: opts, result: r, charts: r.chartsOf(within), secret: e.secret}
	var facts []string
	for _, keys := range e.mentions(source) {
		if fact := v.describe(keys); fact != "" && !slices.Contains(facts, fact) {
			facts = append(facts, fact)
		}
	}
	v.explainText(e)
	e.Hint = strings.Join(facts, "; ")
	e.Advice = cmp.Or(v.advice, adviceFor(opts, e))
}

// maxMentions bounds how many values an error tells about.
const maxMentions = 3

var valuesMention = lazyregexp.New(`(\w*)\.Values((?:\.[A-Za-z_]\w*)+)`)

// mentions are the paths of values that have to do with the failure: those in
// the failing action; else in the action up to there, for a value that came
// through a pipe; else of the loop or with that made the dot.
func (e *Error) mentions(source string) [][]string {
	if found := mentionsIn(e.Node); len(found) > 0 {
		return found
	}
	lineStart := 0
	for range e.Line - 1 {
		lineStart += strings.IndexByte(source[lineStart:], '\n') + 1
	}
	at := lineStart + e.Col - 1
	if e.Line == 0 || e.Col == 0 || at < 0 || at > len(source) {
		return nil
	}
	if open := strings.LastIndex(source[:at], "{{"); open >= 0 {
		if found := mentionsIn(source[open:at]); len(found) > 0 {
			return found
		}
	}
	if _, ok := errors.AsType[*userError](e.Cause); ok || !strings.HasPrefix(e.Node, ".") {
		return nil
	}
	blocks := openBlocks(source[:at])
	for _, b := range slices.Backward(blocks) {
		if b.keyword == "range" || b.keyword == "with" {
			return mentionsIn(b.rest)
		}
	}
	return nil
}

func mentionsIn(text string) [][]string {
	var found [][]string
	for _, m := range valuesMention.FindAllStringSubmatch(text, -1) {
		if len(found) < maxMentions && !strings.Contains(text, ".Subcharts.") {
			found = append(found, strings.Split(strings.TrimPrefix(m[2], "."), "."))
		}
	}
	return found
}

// viewer looks at the values as one chart sees them.
type viewer struct {
	opts   Options
	result *Result
	charts []*chart.Chart // from the root down to the one
	secret bool           // values are not to be quoted
	advice string
}

// describe says what stands at keys and who set it, or the first key on the way
// that is not set or is no map.
func (v *viewer) describe(keys []string) string {
	effective := any(v.section())
	for i, key := range keys {
		table, ok := effective.(map[string]any)
		if !ok {
			return v.holds(keys[:i], effective)
		}
		next, ok := table[key]
		if !ok {
			return v.unset(keys[:i+1], keys)
		}
		effective = next
	}
	return v.holds(keys, effective)
}

// explainText shows the line of a text given to tpl that failed, and who gave the
// text, if it was a plain value.
func (v *viewer) explainText(e *Error) {
	if e.Template != tplPlace || len(e.Chain) == 0 {
		return
	}
	last := &e.Chain[len(e.Chain)-1]
	paths := mentionsIn(last.Node)
	if len(paths) != 1 {
		return
	}
	value := any(v.section())
	for _, key := range paths[0] {
		table, _ := value.(map[string]any)
		value = table[key]
	}
	if text, ok := value.(string); ok {
		e.Source = nthLine(text, e.Line)
		if origin := v.origin(paths[0]); origin != "" {
			last.Node += ", a text from " + origin
		}
	}
}

// section is what the chart sees as .Values.
func (v *viewer) section() map[string]any {
	section := v.result.Values
	for _, c := range v.charts[1:] {
		section, _ = section[c.Name()].(map[string]any)
	}
	return section
}

// unset tells about a key that is missing: nobody gave it, or somebody took it
// away with a null.
func (v *viewer) unset(missing, wanted []string) string {
	text := ".Values." + strings.Join(missing, ".") + " is not set"
	full := sectionPath(v.charts, missing)
	if v.opts.Origin != nil {
		if o := v.opts.Origin(full); o != "" {
			return text + ": " + o + " makes it null"
		}
	}
	v.advice = fmt.Sprintf("give it a value, with --set %s=... or in a values file (-f), or a default in %s",
		strings.Join(sectionPath(v.charts, wanted), "."), v.valuesFile(len(v.charts)-1))
	return text
}

// holds tells about a value.
func (v *viewer) holds(keys []string, value any) string {
	text := fmt.Sprintf(".Values.%s is %s", strings.Join(keys, "."), v.name(keys, value))
	if origin := v.origin(keys); origin != "" {
		text += ", from " + origin
	}
	return text
}

// secretName finds keys whose values no message quotes.
var secretName = lazyregexp.New(`(?i)(pass|secret|token|credential|key$)`)

func (v *viewer) name(keys []string, value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		switch {
		case value == "":
			return "the empty string"
		case v.secret, slices.ContainsFunc(keys, secretName.MatchString):
			return "a string"
		}
		return fmt.Sprintf("the string %q", clip(value, 40))
	case []any:
		return "a list"
	case map[string]any, values:
		return "a map"
	}
	return fmt.Sprint(value)
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
func (v *viewer) origin(keys []string) string {
	if v.opts.Origin != nil {
		if o := v.opts.Origin(sectionPath(v.charts, keys)); o != "" {
			return o
		}
		if keys[0] == chart.GlobalKey {
			if o := v.opts.Origin(keys); o != "" {
				return o
			}
		}
	}
	for i, c := range v.charts {
		full := keys
		if keys[0] != chart.GlobalKey {
			full = sectionPath(v.charts[i:], keys)
		}
		if line := c.ValueLine(full); line > 0 {
			return fmt.Sprintf("%s:%d", v.valuesFile(i), line)
		}
	}
	last := len(v.charts) - 1
	return imported(v.charts[last], v.folder(last), keys)
}

// imported finds the subchart whose value at keys import-values brought.
func imported(c *chart.Chart, folder string, keys []string) string {
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
			below, ok := strings.CutPrefix("."+strings.Join(keys, ".")+".", strings.TrimSuffix("."+paths["parent"], ".")+".")
			if !ok {
				continue
			}
			from := strings.Split(strings.TrimSuffix(paths["child"]+"."+below, "."), ".")
			if line := sub.ValueLine(from); line > 0 {
				return fmt.Sprintf("%s/values.yaml:%d, imported", place, line)
			}
			if o := imported(sub, place, from); o != "" {
				return o
			}
		}
	}
	return ""
}

// valuesFile is the values.yaml of the i-th chart, folder its place in the root.
func (v *viewer) valuesFile(i int) string { return v.folder(i) + "/values.yaml" }

func (v *viewer) folder(i int) string {
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
