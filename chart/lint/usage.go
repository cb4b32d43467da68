package lint

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/template"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// values judges how the templates use the values.
func (f *fileLinter) values() {
	data, ok := f.raw(valuesYAML)
	if f.chart.IsLibrary() || !ok || len(f.chart.Templates) == 0 {
		return
	}
	r := newReach()
	f.reachTemplates(r, f.chart, true)
	f.reachTexts(r, f.chart)
	owned := f.owned()
	for _, d := range f.chart.Metadata.Dependencies {
		for condition := range strings.SplitSeq(d.Condition, ",") {
			r.whole[pathKey(strings.Split(strings.TrimSpace(condition), "."))] = true
		}
	}
	if !r.all {
		f.unused(r, f.defaults, nil, owned)
	}
	if !r.changed {
		f.noDefault(r, string(data), owned)
	}
}

// reachTemplates reads the chart's templates and the definitions of its
// subcharts, which it may call.
func (f *fileLinter) reachTemplates(r *reach, c *chart.Chart, own bool) {
	var parser template.Parser
	for _, t := range c.Templates {
		partial := strings.HasPrefix(path.Base(t.Name), "_")
		if !own && !partial {
			continue
		}
		text := string(t.Data)
		trees, _ := parser.Parse(t.Name, text) // what does not parse has none: rendering reports it
		for _, tree := range trees {
			if own {
				r.tree(tree, t.Name, text)
				continue
			}
			inner := newReach() // whose reads are the subchart's business
			inner.tree(tree, t.Name, text)
			r.merge(inner)
		}
	}
	for _, d := range c.Dependencies {
		f.reachTemplates(r, d, false)
	}
}

func (r *reach) merge(other *reach) {
	r.all, r.changed = r.all || other.all, r.changed || other.changed
	for key := range other.whole {
		r.whole[key] = true
	}
	for key := range other.touched {
		r.touched[key] = true
	}
}

var valuesPath = lazyregexp.New(`\.Values((?:\.[A-Za-z0-9_]+)+)`)

// reachTexts reads what may be given to tpl: strings of the values, and files.
func (f *fileLinter) reachTexts(r *reach, c *chart.Chart) {
	data, _ := f.raw(valuesYAML)
	texts := []string{string(data)} // comments too: they show what users may write
	for _, file := range c.Files {
		if ext := path.Ext(file.Name); ext != ".md" && len(file.Data) < 1<<20 {
			texts = append(texts, string(file.Data))
		}
	}
	for _, text := range texts {
		if !strings.Contains(text, ".Values.") {
			continue
		}
		for _, m := range valuesPath.FindAllStringSubmatch(text, -1) {
			r.whole[pathKey(strings.Split(m[1], ".")[1:])] = true
		}
	}
}

// owned are the keys of values.yaml that are not the chart's own: those of its
// subcharts, and those that Helm gives a meaning.
func (f *fileLinter) owned() map[string]bool {
	keys := map[string]bool{"global": true, "tags": true, "exports": true}
	for _, d := range f.chart.Dependencies {
		keys[d.Name()] = true
	}
	for _, d := range f.chart.Metadata.Dependencies {
		keys[d.Name], keys[d.Alias] = true, true
		for _, v := range d.ImportValues {
			if m, ok := v.(map[string]any); ok {
				top, _, _ := strings.Cut(text(m["parent"]), ".")
				keys[top] = true
			}
		}
	}
	return keys
}

// unused finds the keys of a mapping that nothing reaches.
func (f *fileLinter) unused(r *reach, n *yaml.Node, path []string, owned map[string]bool) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if len(path) == 0 && (owned[key.Value] || strings.HasPrefix(key.Value, "x-")) || key.Value == "<<" || key.Value == "" || anchored(value) {
			continue
		}
		at := slices.Concat(path, []string{key.Value})
		switch {
		case r.wholly(at):
		case r.touched[pathKey(at)] || r.below(at):
			f.unused(r, value, at, owned)
		default:
			f.add("values/unused", valuesYAML, key.Line, "no template uses %s", strings.Join(at, "."))
		}
	}
}

// wholly reports whether a path went somewhere with all that is below.
func (r *reach) wholly(path []string) bool {
	for n := range len(path) {
		if r.whole[pathKey(path[:n+1])] {
			return true
		}
	}
	return r.all
}

// anchored reports whether a value can be used under another key.
func anchored(n *yaml.Node) bool {
	return n.Anchor != "" || n.Kind != yaml.AliasNode && slices.ContainsFunc(n.Content, anchored)
}

// noDefault finds values that templates write out and values.yaml has not, not
// even in a comment, and the schema does not know.
func (f *fileLinter) noDefault(r *reach, text string, owned map[string]bool) {
	said := map[string]bool{}
	for _, read := range r.reads {
		missing := absent(f.chart.Values, read.path)
		if missing == nil || owned[missing[0]] || said[pathKey(missing)] {
			continue
		}
		said[pathKey(missing)] = true
		key := missing[len(missing)-1]
		if mentioned(text, key) || strings.Contains(string(f.chart.Schema), `"`+key+`"`) {
			continue
		}
		f.add("values/no-default", read.file, read.line, "%s is not in values.yaml", strings.Join(read.path, "."))
	}
}

// absent is the first part of a path that the values do not have; nil when all
// is there, or a parent is empty or no mapping and so may be anything.
func absent(values map[string]any, path []string) []string {
	for i, key := range path {
		next, ok := values[key]
		if !ok {
			if len(values) == 0 {
				return nil
			}
			return path[:i+1]
		}
		if values, ok = next.(map[string]any); !ok {
			return nil
		}
	}
	return nil
}

// mentioned reports whether a comment of values.yaml names a key.
func mentioned(text, key string) bool {
	for line := range strings.Lines(text) {
		if _, comment, ok := strings.Cut(line, "#"); ok && strings.Contains(comment, key) {
			return true
		}
	}
	return false
}
