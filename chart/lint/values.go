package lint

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// valuesFile judges values.yaml as text: what is lost once it is parsed.
func (f *fileLinter) valuesFile() {
	data, ok := f.raw(valuesYAML)
	if !ok {
		f.add("values/missing", valuesYAML, 0, "the chart has no values.yaml")
		return
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	for {
		var doc yaml.Node
		if decoder.Decode(&doc) != nil {
			return // the end, or an error that loading has reported
		}
		for _, n := range doc.Content {
			f.defaults = cmp.Or(f.defaults, n)
			f.valueNode(n, "")
		}
	}
}

func (f *fileLinter) valueNode(n *yaml.Node, name string) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			f.valueNode(item, name)
		}
	case yaml.MappingNode:
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if line, twice := seen[key.Value]; twice && key.Value != "<<" {
				f.add("values/duplicate-key", valuesYAML, key.Line, "%s stands also in line %d", key.Value, line)
			}
			seen[key.Value] = key.Line
			f.valueNode(n.Content[i+1], key.Value)
		}
	case yaml.ScalarNode:
		f.valueScalar(n, name)
	}
}

var (
	switches   = lazyregexp.New(`^(?i:on|off|yes|no)$`) // booleans in YAML 1.1, which Helm reads
	octal      = lazyregexp.New(`^0[0-7]+$`)
	exponent   = lazyregexp.New(`^[0-9.]+[eE][+-]?[0-9]+$`)
	lostZero   = lazyregexp.New(`^[0-9]+\.[0-9]*0$`)
	versionKey = lazyregexp.New(`(?i)(tag|version|revision|sha|commit)$`)
)

func (f *fileLinter) valueScalar(n *yaml.Node, name string) {
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	switch {
	case plain && switches.MatchString(n.Value):
		f.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as true or false", name, n.Value)
	case plain && octal.MatchString(n.Value):
		f.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as an octal number", name, n.Value)
	case plain && exponent.MatchString(n.Value) && n.ShortTag() == "!!float":
		f.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as a number with an exponent", name, n.Value)
	case plain && versionKey.MatchString(name) && lostZero.MatchString(n.Value):
		f.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as a number and loses its last zero", name, n.Value)
	case n.ShortTag() == "!!str" && isSecret(name, n.Value):
		f.add("values/secret", valuesYAML, n.Line, "%s has a default that everybody can read", name)
	}
}

// templateFiles judges the files of templates/ by their names.
func (f *fileLinter) templateFiles() {
	for _, name := range []string{"templates", "crds"} {
		if _, ok := f.raw(name); ok {
			f.add("chart/folder", name, 0, "%s is a file", name)
		}
	}
	if len(f.chart.Templates) == 0 && !f.chart.IsLibrary() && len(f.chart.Dependencies) == 0 {
		f.add("template/missing", "templates", 0, "the chart has no templates")
	}
	for _, t := range f.chart.Templates {
		if ext := path.Ext(t.Name); !slices.Contains([]string{".yaml", ".yml", ".tpl", ".txt"}, ext) {
			f.add("template/extension", t.Name, 0, "the extension %q is not one of .yaml, .yml, .tpl and .txt", ext)
		}
	}
}
