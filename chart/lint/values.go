package lint

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// valuesFile judges values.yaml as text: what is lost once it is parsed.
func (l *linter) valuesFile() {
	data, ok := l.raw(valuesYAML)
	if !ok {
		l.add("values/missing", valuesYAML, 0, "the chart has no values.yaml")
		return
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	for {
		var doc yaml.Node
		if decoder.Decode(&doc) != nil {
			return // the end, or an error that loading has reported
		}
		for _, n := range doc.Content {
			l.valueNode(n, "")
		}
	}
}

func (l *linter) valueNode(n *yaml.Node, name string) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			l.valueNode(item, name)
		}
	case yaml.MappingNode:
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if line, twice := seen[key.Value]; twice && key.Value != "<<" {
				l.add("values/duplicate-key", valuesYAML, key.Line, "%s stands also in line %d", key.Value, line)
			}
			seen[key.Value] = key.Line
			l.valueNode(n.Content[i+1], key.Value)
		}
	case yaml.ScalarNode:
		l.valueScalar(n, name)
	}
}

var (
	switches    = regexp.MustCompile(`^(?i:on|off|yes|no)$`) // booleans in YAML 1.1, which Helm reads
	octal       = regexp.MustCompile(`^0[0-7]+$`)
	exponent    = regexp.MustCompile(`^[0-9.]+[eE][+-]?[0-9]+$`)
	lostZero    = regexp.MustCompile(`^[0-9]+\.[0-9]*0$`)
	versionKey  = regexp.MustCompile(`(?i)(tag|version|revision|sha|commit)$`)
	secretKey   = regexp.MustCompile(`(?i)(password|passwd|token|api_?key|private_?key|secret_?key|access_?key)$`)
	placeholder = regexp.MustCompile(`^\s*$|\{\{|\$\(|\$\{|^<.*>$`)
)

func (l *linter) valueScalar(n *yaml.Node, name string) {
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	switch {
	case plain && switches.MatchString(n.Value):
		l.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as true or false", name, n.Value)
	case plain && octal.MatchString(n.Value):
		l.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as an octal number", name, n.Value)
	case plain && exponent.MatchString(n.Value) && n.ShortTag() == "!!float":
		l.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as a number with an exponent", name, n.Value)
	case plain && versionKey.MatchString(name) && lostZero.MatchString(n.Value):
		l.add("values/ambiguous", valuesYAML, n.Line, "%s: %s is read as a number and loses its last zero", name, n.Value)
	case secretKey.MatchString(name) && n.ShortTag() == "!!str" && !placeholder.MatchString(n.Value):
		l.add("values/secret", valuesYAML, n.Line, "%s has a default that everybody can read", name)
	}
}

// templateFiles judges the files of templates/ by their names.
func (l *linter) templateFiles() {
	if len(l.chart.Templates) == 0 && !l.chart.IsLibrary() && len(l.chart.Dependencies) == 0 {
		l.add("template/missing", "templates", 0, "the chart has no templates")
	}
	for _, f := range l.chart.Templates {
		if ext := path.Ext(f.Name); !slices.Contains([]string{".yaml", ".yml", ".tpl", ".txt"}, ext) {
			l.add("template/extension", f.Name, 0, "the extension %q is not one of .yaml, .yml, .tpl and .txt", ext)
		}
	}
}
