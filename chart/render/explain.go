package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// explain adds to an error what the values hold where a template failed, where that comes from, and what to do. e is
// the engine that came to it.
func (r *Result) explain(opts Options, e *engine, failed *Error) {
	within := failed.Template // the file whose values these are: the one that was executed
	if len(failed.Chain) > 0 {
		within = failed.Chain[0].Template
	}
	if failed.file != "" {
		within = failed.file
	}
	v := &explainer{opts: opts, result: r, charts: r.chartsOf(within), secret: failed.secret, calls: failed.Chain}
	v.probe = e.watch(failed)
	source := e.sourceText(failed.Template)
	failed.call = failed.calledFunction(source)
	if failed.RenderedLine > 0 {
		failed.Hint = strings.Join(v.written(failed, source), "; ")
	} else if v.probe != nil {
		v.explainAction(failed, source)
		v.explainText(failed)
	}
	failed.Advice = cmp.Or(v.advice, adviceFor(opts, failed))
}

// maxMentions bounds how many values an error tells about.
const maxMentions = 3

// explainAction tells about what the failing node reads; else about what the action reads up to there, for a value that
// came through a pipe.
func (v *explainer) explainAction(e *Error, source string) {
	level := len(v.probe.levels) - 1
	chains := chainsIn(e.Node)
	direct := len(chains) == 1 && chains[0].String() == e.Node
	if len(chains) == 0 {
		chains = chainsIn(e.actionBefore(source))
	}
	var facts []string
	for _, c := range chains {
		f := v.factOf(level, c)
		if f.text == "" || slices.Contains(facts, f.text) || !direct && !f.values && v.where(level) == "" {
			continue
		}
		facts = append(facts, f.text)
		if !direct {
			continue
		}
		e.lacks, e.whole = f.lacks, f.key == len(c.keys)
		v.advice = cmp.Or(v.rootAdvice(level, c), v.advice)
		v.suggestRoot(e, level, c)
	}
	e.Hint = strings.Join(facts, "; ")
}

// at is where in the template's text the failing node stands, -1 if unknown.
func (e *Error) at(source string) int {
	start := 0
	for range e.Line - 1 {
		start += strings.IndexByte(source[start:], '\n') + 1
	}
	if at := start + e.Col - 1; e.Line > 0 && e.Col > 0 && at <= len(source) {
		return at
	}
	return -1
}

// actionBefore is the text of the failing action up to the failing node.
func (e *Error) actionBefore(source string) string {
	at := e.at(source)
	if at < 0 {
		return ""
	}
	open := strings.LastIndex(source[:at], "{{")
	if open < 0 {
		return ""
	}
	return source[open+len("{{") : at]
}

// written tells about the values in a line of a template that wrote a line of no YAML. It is executed already, so
// nobody knows what the dot was: what stands in a block that changes it is left out.
func (v *explainer) written(e *Error, source string) []string {
	start := 0
	for range e.Line - 1 {
		start += strings.IndexByte(source[start:], '\n') + 1
	}
	changed := slices.ContainsFunc(openBlocks(source[:start]), func(b block) bool { return b.keyword != "if" })
	var facts []string
	for _, c := range chainsIn(e.Node) {
		if c.keys[0] != "Values" || len(c.keys) == 1 || c.base == "." && changed || c.base != "." && c.base != "$" {
			continue
		}
		if text, _ := v.describe(c.keys[1:]); !slices.Contains(facts, text) {
			facts = append(facts, text)
		}
	}
	return facts
}

// explainer looks at the values as one chart sees them.
type explainer struct {
	opts   Options
	result *Result
	charts []*chart.Chart // from the root down to the one
	secret bool           // values are not to be quoted
	calls  []Frame        // how execution came to the failing template
	probe  *probe         // what the failing action saw; nil if that is unknown
	advice string

	lines map[*chart.Chart]func(path []string) int // of values.yaml, for those that were asked for
}

// describe says what stands at keys and who set it, or the first key on the way that is not set or is no map; n keys
// lead to what it is about.
func (v *explainer) describe(keys []string) (text string, n int) {
	effective := any(v.section())
	for i, key := range keys {
		table, ok := effective.(map[string]any)
		if !ok {
			return v.holds(keys[:i], effective), i
		}
		next, ok := table[key]
		if !ok {
			return v.unset(keys[:i+1], keys), i + 1
		}
		effective = next
	}
	return v.holds(keys, effective), len(keys)
}

// explainText shows the line of a text given to tpl that failed, and who gave the text, if it was a plain value.
func (v *explainer) explainText(e *Error) {
	if e.Template != tplPlace || len(e.Chain) == 0 {
		return
	}
	last := &e.Chain[len(e.Chain)-1]
	keys := v.textKeys(last.Node)
	if keys == nil {
		return
	}
	value := any(v.section())
	for _, key := range keys {
		table, _ := value.(map[string]any)
		value = table[key]
	}
	if text, ok := value.(string); ok {
		e.Source = nthLine(text, e.Line)
		if origin := v.origin(keys); origin != "" {
			last.Node += ", a text from " + origin
		}
	}
}

// textKeys are where in the values the text of a call of tpl is.
func (v *explainer) textKeys(call string) []string {
	for _, c := range chainsIn(call) {
		at, _ := v.binding(len(v.probe.levels)-2, c.base)
		root, ok := at.(values)
		given := strings.HasPrefix(call, "tpl "+c.String()+" ")
		if given && len(c.keys) > 1 && ok && isRoot(at) && v.isValues(root["Values"]) {
			return c.keys[1:]
		}
	}
	return nil
}

// section is what the chart sees as .Values.
func (v *explainer) section() map[string]any {
	section := v.result.Values
	for _, c := range v.charts[1:] {
		section, _ = section[c.Name()].(map[string]any)
	}
	return section
}

// unset tells about a key that is missing: nobody gave it, or somebody took it away with a null.
func (v *explainer) unset(missing, wanted []string) string {
	text := ".Values." + strings.Join(missing, ".") + " is not set"
	full := sectionPath(v.charts, missing)
	if v.opts.Origin != nil {
		if o := v.opts.Origin(full); o != "" {
			return text + ": " + o + " makes it null"
		}
	}
	v.advice = fmt.Sprintf("give it a value, with --set %s=... or in a values file (-f), or a default in %s",
		strings.Join(sectionPath(v.charts, wanted), "."), v.shown(v.valuesFile(len(v.charts)-1)))
	return text
}

// holds tells about a value.
func (v *explainer) holds(keys []string, value any) string {
	text := fmt.Sprintf(".Values.%s is %s", strings.Join(keys, "."), v.name(keys, value))
	if origin := v.origin(keys); origin != "" {
		text += ", from " + origin
	}
	return text
}

// secretName finds keys whose values no message quotes.
var secretName = lazyregexp.New(`(?i)(pass|secret|token|credential|key$)`)

func (v *explainer) name(keys []string, value any) string {
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
