package render

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// chain is what an action reads: .Values.a, $.Values.a, $x.a.
type chain struct {
	base string // ".", "$" or "$x"
	keys []string
}

func (c chain) String() string { return c.upTo(len(c.keys)) }

// upTo is the chain's text up to its n-th key.
func (c chain) upTo(n int) string {
	if n == 0 {
		return c.base
	}
	return strings.TrimPrefix(c.base, ".") + "." + strings.Join(c.keys[:n], ".")
}

var (
	chainText   = lazyregexp.New(`(?:^|[\s(|,={])(\$\w*)?((?:\.[A-Za-z_]\w*)+)`)
	quotedTexts = lazyregexp.New("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`")
)

// chainsIn finds the first few chains in the text of an action.
func chainsIn(text string) []chain {
	var found []chain
	for _, m := range chainText.FindAllStringSubmatch(quotedTexts.ReplaceAllString(text, `""`), -1) {
		if len(found) < maxMentions {
			base := m[1]
			if base == "" {
				base = "."
			}
			found = append(found, chain{base, strings.Split(m[2][1:], ".")})
		}
	}
	return found
}

// valueFact is what is known about a chain.
type valueFact struct {
	text   string
	lacks  string // the first key that is not there to be read; empty if the chain has a value
	values bool   // it is about the chart's values
	key    int    // how many of the chain's keys led to what text is about
}

// factOf follows a chain from what the dot or the variable really was when the
// template failed. It is empty where that is unknown.
func (v *explainer) factOf(level int, c chain) valueFact {
	at, ok := v.binding(level, c.base)
	if !ok {
		return valueFact{}
	}
	where := ""
	if c.base == "." {
		where = v.where(level)
	}
	for i, key := range c.keys {
		table, ok := tableOf(at)
		_, has := table[key]
		if v.isValues(at) && (has || i > 0 || where == "") {
			return v.factInValues(c, i)
		}
		if !ok {
			name := v.holding(level, c, i, at)
			if name == "" {
				return valueFact{}
			}
			return valueFact{text: where + c.upTo(i) + " is " + name, lacks: key, key: i}
		}
		next, ok := table[key]
		switch {
		case !ok && i == 0 && where != "":
			return valueFact{text: where + c.base + " is a map without " + key, lacks: key}
		case !ok && i+1 < len(c.keys):
			return valueFact{text: where + c.upTo(i+1) + " is not set", lacks: c.keys[i+1], key: i + 1}
		case !ok:
			return valueFact{text: where + c.upTo(i+1) + " is not set", key: i + 1}
		}
		at = next
	}
	if name := v.holding(level, c, len(c.keys), at); name != "" {
		return valueFact{text: where + c.String() + " is " + name, key: len(c.keys)}
	}
	return valueFact{}
}

// factInValues is about the keys of a chain after the first ones, which lead to
// the chart's values.
func (v *explainer) factInValues(c chain, first int) valueFact {
	text, n := v.describe(c.keys[first:])
	f := valueFact{text: text, values: true, key: first + n}
	if f.key < len(c.keys) {
		f.lacks = c.keys[f.key]
	}
	return f
}

// binding is what a dot or a variable is.
func (v *explainer) binding(level int, name string) (any, bool) {
	if v.probe == nil {
		return nil, false
	}
	l := v.probe.levels[level]
	value, ok := l.seen[l.last][name]
	return value, ok
}

// isValues reports whether a value is what the chart sees as .Values, that very map.
func (v *explainer) isValues(x any) bool {
	switch x.(type) {
	case values, map[string]any:
		section := v.section()
		table := reflect.ValueOf(x)
		bothEmpty := table.Len() == 0 && len(section) == 0 && table.Type() == reflect.TypeFor[values]()
		return bothEmpty || table.Pointer() == reflect.ValueOf(section).Pointer()
	}
	return false
}

// isRoot reports whether a value is the root object of a chart.
func isRoot(x any) bool {
	root, ok := x.(values)
	_, capable := root["Capabilities"].(*capabilities)
	return ok && capable
}

func tableOf(x any) (map[string]any, bool) {
	switch x := x.(type) {
	case values:
		return x, true
	case map[string]any:
		return x, x != nil
	}
	return nil, false
}

// holding names what stands at the n-th key of a chain. Text is not quoted: its
// key may be elsewhere, as in the item of a list. It is empty for what no
// values file can hold.
func (v *explainer) holding(level int, c chain, n int, value any) string {
	if n == 0 && c.base == "." && v.plainItems(level) {
		return v.name(nil, value)
	}
	switch x := value.(type) {
	case string:
		if x != "" {
			return "a string"
		}
	case nil, []any, map[string]any, bool, int, int64, float64:
	default:
		return ""
	}
	return v.name(c.keys[:n], value)
}

// scope is the range or with that made the dot of an execution.
func (v *explainer) scope(level int) (probed, bindings, bool) {
	l := v.probe.levels[level]
	if l.last < 0 {
		return probed{}, nil, false
	}
	n := v.probe.actions[l.last].scope
	if n < 0 {
		return probed{}, nil, false
	}
	return v.probe.actions[n], l.seen[n], true
}

// where says what made the dot something else than the root object.
func (v *explainer) where(level int) string {
	if dot, ok := v.binding(level, "."); !ok || isRoot(dot) {
		return ""
	}
	if scope, _, ok := v.scope(level); ok {
		text := "inside " + scope.keyword + " " + clip(scope.pipe, 60)
		if _, origin := v.scopeValues(level); origin != "" {
			text += " (" + origin + ")"
		}
		return text + ", "
	}
	if level > 0 {
		if m := includeCall.FindStringSubmatch(v.calls[level-1].Node); m != nil {
			return fmt.Sprintf("in %s, which was given %s, ", m[1], clip(m[2], 60))
		}
	}
	l := v.probe.levels[level]
	name := v.probe.actions[l.last].template
	if name == tplName {
		name = "the text given to tpl"
	}
	return "in " + name + ", "
}

var includeCall = lazyregexp.New(`^include "([^"]+)" (.+)$`)

// scopeValues are the keys in the chart's values of what a range or with was
// given, and where that comes from; none if it is anything else.
func (v *explainer) scopeValues(level int) (keys []string, origin string) {
	scope, seen, ok := v.scope(level)
	if !ok {
		return nil, ""
	}
	chains := chainsIn(scope.pipe)
	if len(chains) != 1 || chains[0].String() != scope.pipe {
		return nil, ""
	}
	at := seen[chains[0].base]
	for i, key := range chains[0].keys {
		if v.isValues(at) {
			keys = chains[0].keys[i:]
			return keys, v.origin(keys)
		}
		table, _ := tableOf(at)
		at = table[key]
	}
	return nil, ""
}

// plainItems reports whether the dot is a value at keys that promise no secret, or
// an item of a list there.
func (v *explainer) plainItems(level int) bool {
	keys, _ := v.scopeValues(level)
	if keys == nil || slices.ContainsFunc(keys, secretName.MatchString) {
		return false
	}
	scope, _, _ := v.scope(level)
	var at any = v.section()
	for _, key := range keys {
		table, _ := tableOf(at)
		at = table[key]
	}
	_, isList := at.([]any)
	return scope.keyword == "with" || isList
}

// rootNames are what only the root object has.
var rootNames = []string{"Values", "Release", "Chart", "Capabilities", "Files", "Template", "Subcharts"}

// rootAdvice says how a chain that takes the dot for the root object can be
// written.
func (v *explainer) rootAdvice(level int, c chain) string {
	dot, ok := v.binding(level, ".")
	if !ok || c.base != "." || isRoot(dot) || !slices.Contains(rootNames, c.keys[0]) {
		return ""
	}
	if root, _ := v.binding(level, "$"); isRoot(root) {
		return fmt.Sprintf("$ is the root object there: write $%s", c)
	}
	if _, _, inside := v.scope(level); inside || level == 0 {
		return ""
	}
	m := includeCall.FindStringSubmatch(v.calls[level-1].Node)
	for _, name := range []string{".", "$"} {
		if root, _ := v.binding(level-1, name); m != nil && isRoot(root) {
			return fmt.Sprintf("give it the root object: include %q %s", m[1], name)
		}
	}
	return ""
}

// suggestRoot offers the names of the root object for one that it lacks.
func (v *explainer) suggestRoot(e *Error, level int, c chain) {
	dot, _ := v.binding(level, c.base)
	root, _ := dot.(values)
	if !isRoot(dot) {
		return
	}
	if _, ok := root[c.keys[0]]; ok {
		return
	}
	e.Missing = c.upTo(1)
	for _, name := range slices.Sorted(maps.Keys(root)) {
		e.Known = append(e.Known, chain{c.base, []string{name}}.String())
	}
}
