package render

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
)

// values is the type of the root object, .Values and .Template. Its methods can be called from templates, as those of
// Helm's type can: .Values.AsMap, .Values.Table "a.b".
type values map[string]any

// AsMap is the values themselves, or an empty map.
func (v values) AsMap() map[string]any {
	if len(v) == 0 {
		return map[string]any{}
	}
	return v
}

// YAML is the values as YAML.
func (v values) YAML() (string, error) {
	data, err := yaml.Marshal(map[string]any(v))
	return string(data), err
}

// Table is the map at a dotted path.
func (v values) Table(name string) (values, error) {
	table := v
	for key := range strings.SplitSeq(name, ".") {
		switch next := table[key].(type) {
		case map[string]any:
			table = next
		case values:
			table = next
		default:
			return nil, fmt.Errorf("%q is not a table", key)
		}
	}
	return table, nil
}

// PathValue is what is at a dotted path, unless that is a map.
func (v values) PathValue(name string) (any, error) {
	table, key := v, name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		var err error
		if table, err = v.Table(name[:i]); err != nil {
			return nil, fmt.Errorf("%q is not a value", name)
		}
		key = name[i+1:]
	}
	value, ok := table[key]
	if _, isTable := value.(map[string]any); isTable || !ok {
		return nil, fmt.Errorf("%q is not a value", key)
	}
	return value, nil
}

// source is one template file and the root object that it is executed with.
type source struct {
	name     string // <chart>/templates/x, <chart>/charts/<sub>/templates/x
	text     string
	root     values // shared by all templates of one chart; typed, so it has the methods too
	basePath string
	depth    int // slashes in the name
}

// list adds the templates of a chart and its subcharts to out, yet without root objects (facts/helm-format.md 4.17).
// place is the chart's in the tree.
func list(out []source, c *chart.Chart, place string) []source {
	for _, sub := range c.Dependencies {
		out = list(out, sub, path.Join(place, "charts", sub.Name()))
	}
	out = slices.Grow(out, len(c.Templates))
	base := basePath(place)
	for _, t := range c.Templates {
		if c.IsLibrary() && !isPartial(t.Name) {
			continue
		}
		out = append(out, source{name: path.Join(place, t.Name), text: string(t.Data), basePath: base})
	}
	return out
}

func basePath(place string) string { return path.Join(place, "templates") }

// collect builds the root objects of a chart and its subcharts, by the basePath of their templates. parent is the
// parent's root object, or nil.
func collect(c *chart.Chart, place string, parent, top map[string]any, roots map[string]values) map[string]any {
	subcharts := map[string]any{}
	root := map[string]any{
		"Chart":        chartObject(c.Metadata, parent == nil),
		"Files":        newFiles(c.Files),
		"Release":      top["Release"],
		"Capabilities": top["Capabilities"],
		"Values":       values{},
		"Subcharts":    subcharts,
	}
	if parent == nil {
		root["Values"] = top["Values"]
	} else if section, err := parent["Values"].(values).Table(c.Name()); err == nil {
		root["Values"] = section // a chart name with a dot finds nothing, as for Helm
	}
	for _, sub := range c.Dependencies {
		subcharts[sub.Name()] = collect(sub, path.Join(place, "charts", sub.Name()), root, top, roots)
	}
	roots[basePath(place)] = root
	return root
}

// template is the object .Template.
func (s source) template() values { return values{"Name": s.name, "BasePath": s.basePath} }

func isPartial(name string) bool { return strings.HasPrefix(path.Base(name), "_") }

// chartObject is Chart.yaml as templates see it: a map whose keys are the names of Helm's Go fields, so an unknown key
// is nil and no error.
func chartObject(md *chart.Metadata, isRoot bool) map[string]any {
	maintainers := make([]any, len(md.Maintainers))
	for i, m := range md.Maintainers {
		maintainers[i] = map[string]any{"Name": m.Name, "Email": m.Email, "URL": m.URL}
	}
	dependencies := make([]any, len(md.Dependencies))
	for i, d := range md.Dependencies {
		dependencies[i] = map[string]any{
			"Name": d.Name, "Version": d.Version, "Repository": d.Repository, "Condition": d.Condition,
			"Tags": anySlice(d.Tags), "Enabled": d.Enabled, "ImportValues": anySlice(d.ImportValues), "Alias": d.Alias,
		}
	}
	return map[string]any{
		"Name": md.Name, "Home": md.Home, "Sources": anySlice(md.Sources), "Version": md.Version,
		"Description": md.Description, "Keywords": anySlice(md.Keywords), "Maintainers": maintainers,
		"Icon": md.Icon, "APIVersion": md.APIVersion, "Condition": md.Condition, "Tags": md.Tags,
		"AppVersion": md.AppVersion, "Deprecated": md.Deprecated, "Annotations": md.Annotations,
		"KubeVersion": md.KubeVersion, "Dependencies": dependencies, "Type": md.Type,
		"IsRoot": isRoot,
	}
}

func anySlice[T any](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = v
	}
	return out
}
