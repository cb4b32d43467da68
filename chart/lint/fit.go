package lint

import (
	"context"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/kubeschema"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/parallel"
)

// loadSchema finds the schemas of the chosen Kubernetes and adds those of the
// CRDs that the chart brings.
func (l *linter) loadSchema(ctx context.Context) {
	l.schema = l.opts.Schema
	if l.schema == nil {
		s, err := kubeschema.Of(l.opts.KubeVersion)
		if err != nil {
			l.add("schema/unavailable", chartYAML, 0, "%v", err)
			return
		}
		l.schema = s
	}
	for _, o := range l.objects {
		if o.kind == "CustomResourceDefinition" {
			l.schema = l.schema.With(kubeschema.ParseCRD(o.fields))
		}
	}
	l.addCRDs(ctx, l.chart)
}

// addCRDs reads the CRDs of crds/ that the linted objects are of, side by side.
func (l *linter) addCRDs(ctx context.Context, c *chart.Chart) {
	kinds := map[string]bool{}
	for _, o := range l.objects {
		if o.linted && l.schema.Kind(o.apiVersion, o.kind) == nil {
			kinds[o.kind] = true
		}
	}
	if len(kinds) == 0 {
		return
	}
	docs := crdsOf(c, kinds)
	found := make([]*kubeschema.Schema, len(docs))
	// Those of a cancelled lint are missing, as all it has not found.
	_ = parallel.Each(ctx, len(docs), func(_, i int) error {
		var fields map[string]any
		if k8syaml.Unmarshal([]byte(undescribed(docs[i])), &fields) == nil {
			found[i] = kubeschema.ParseCRD(fields)
		}
		return nil
	})
	for _, s := range found {
		if s != nil {
			l.schema = l.schema.With(s)
		}
	}
}

// crdsOf are the documents of crds/ that are about one of the kinds; decoding
// is slow, and CRDs are long.
func crdsOf(c *chart.Chart, kinds map[string]bool) []string {
	var docs []string
	for _, f := range c.Files {
		if !strings.HasPrefix(f.Name, "crds/") {
			continue
		}
		for doc := range strings.SplitSeq("\n"+string(f.Data), "\n---") {
			if m := crdKind.FindStringSubmatch(doc); m != nil && kinds[m[1]] {
				docs = append(docs, doc)
			}
		}
	}
	for _, d := range c.Dependencies {
		docs = append(docs, crdsOf(d, kinds)...)
	}
	return docs
}

// undescribed is a CRD without its descriptions, which are most of its text.
func undescribed(doc string) string {
	var b strings.Builder
	b.Grow(len(doc) / 2)
	deeper := -1 // lines of at least this indent belong to a description
	for line := range strings.Lines(doc) {
		trimmed := strings.TrimLeft(line, " ")
		indent := len(line) - len(trimmed)
		if deeper >= 0 && (indent >= deeper || strings.TrimSpace(trimmed) == "") {
			continue
		}
		deeper = -1
		if text, ok := strings.CutPrefix(trimmed, "description: "); ok && strings.TrimSpace(text) != "" {
			deeper = indent + 1
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

var crdKind = lazyregexp.New(`(?m)^ {2,8}"?kind"?: "?(\w+)"?,?\s*$`)

// fit judges an object by the schema of its kind, or its metadata alone when
// there is no such schema.
func (l *linter) fit(o *object) {
	if l.schema == nil {
		return
	}
	var problems []kubeschema.Problem
	if t := l.schema.Kind(o.apiVersion, o.kind); t != nil {
		problems = l.schema.Validate(t, o.fields)
	} else if t := l.schema.Metadata(); t != nil {
		problems = l.schema.Validate(&kubeschema.Type{Shape: kubeschema.Object, Elem: &kubeschema.Type{}, Fields: map[string]*kubeschema.Type{"metadata": t}}, o.fields)
	}
	if len(problems) == 0 {
		return
	}
	var doc yaml.Node
	if o.kind != "Secret" && yaml.Unmarshal([]byte(o.content), &doc) != nil {
		doc = yaml.Node{}
	}
	for _, p := range problems {
		if p.Fault == kubeschema.MissingField && o.isApps() && p.Where() == "spec.selector" {
			continue // selector/missing, which Helm has too
		}
		if id := faultID(p.Fault); l.schema.Exact || p.Fault != kubeschema.UnknownField && p.Fault != kubeschema.NotInEnum {
			l.add(id, o.file, o.line(p.Path...), "%s: %s %s%s", o, p.Where(), p.Message, written(&doc, p))
		}
	}
}

func faultID(f kubeschema.Fault) string {
	switch f {
	case kubeschema.UnknownField:
		return "schema/unknown-field"
	case kubeschema.MissingField:
		return "schema/missing-field"
	case kubeschema.NotInEnum:
		return "schema/enum"
	case kubeschema.Duplicate:
		return "schema/duplicate"
	case kubeschema.BadQuantity:
		return "schema/quantity"
	}
	return "schema/type"
}

// written shows the text of a value of the wrong sort as it was rendered, since
// 1.10, on and 1e3 are read as something else than they look.
func written(doc *yaml.Node, p kubeschema.Problem) string {
	if p.Fault == kubeschema.MissingField || p.Fault == kubeschema.UnknownField || p.Fault == kubeschema.Duplicate || len(doc.Content) == 0 {
		return ""
	}
	n := doc.Content[0]
	for _, step := range p.Path {
		if n = descend(n, step); n == nil {
			return ""
		}
	}
	const longest = 60
	if n.Kind != yaml.ScalarNode || len(n.Value) > longest || strings.HasSuffix(p.Message, ", not "+n.Value) {
		return ""
	}
	return ": it is " + n.Value
}

func descend(n *yaml.Node, step string) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		_, value := child(n, step)
		return value
	}
	i, err := strconv.Atoi(strings.Trim(step, "[]"))
	if err != nil || i < 0 || i >= len(n.Content) {
		return nil
	}
	return n.Content[i]
}
