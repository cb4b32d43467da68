package lint

import (
	"fmt"
	"net/mail"
	"net/url"
	"path"
	"reflect"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

const (
	chartYAML  = "Chart.yaml"
	valuesYAML = "values.yaml"
)

// parseNode gives the root collection of the first document, or nil.
func parseNode(data []byte) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil || len(doc.Content) != 1 {
		return nil
	}
	return doc.Content[0]
}

// child is the key and the value of that name in a mapping, or nil.
func child(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			key, value = n.Content[i], n.Content[i+1]
		}
	}
	return key, value
}

func lineOfKey(n *yaml.Node, name string) int {
	if key, _ := child(n, name); key != nil {
		return key.Line
	}
	return 0
}

// chartFile judges Chart.yaml. What makes a chart impossible to load is no
// matter here.
func (f *fileLinter) chartFile() {
	data, _ := f.raw(chartYAML)
	root := parseNode(data)
	md := f.chart.Metadata
	if _, v := child(root, "apiVersion"); v == nil || v.Value != "v1" && v.Value != "v2" {
		f.add("chart/api-version", chartYAML, lineOfKey(root, "apiVersion"), "apiVersion is %q, not v1 or v2", valueOf(v))
	}
	for _, key := range []string{"version", "appVersion"} {
		if k, v := child(root, key); v != nil && v.Kind == yaml.ScalarNode && v.ShortTag() != "!!str" && v.ShortTag() != "!!null" {
			id := map[string]string{"version": "chart/version-type", "appVersion": "chart/app-version-type"}[key]
			f.add(id, chartYAML, k.Line, "%s: %s is read as a number and may lose digits", key, v.Value)
		}
	}
	if _, err := semver.StrictNewVersion(md.Version); err != nil {
		f.add("chart/version-semver", chartYAML, lineOfKey(root, "version"), "version %s is no strict semantic version", md.Version)
	}
	if !chartName.MatchString(md.Name) {
		f.add("chart/name-format", chartYAML, lineOfKey(root, "name"), "the name %q has other characters than a-z, 0-9 and -", md.Name)
	}
	if md.APIVersion == "v1" && root != nil {
		f.v1Fields(root)
	}
	f.people(md, root)
	f.unknownFields(root)
}

var chartName = lazyregexp.New(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func valueOf(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

func (f *fileLinter) v1Fields(root *yaml.Node) {
	if k, _ := child(root, "type"); k != nil {
		f.add("chart/type-v1", chartYAML, k.Line, "type is not known in apiVersion v1")
	}
	if k, _ := child(root, "dependencies"); k != nil {
		f.add("chart/dependencies-v1", chartYAML, k.Line, "dependencies stand in requirements.yaml in apiVersion v1")
	}
}

func (f *fileLinter) people(md *chart.Metadata, root *yaml.Node) {
	line := lineOfKey(root, "maintainers")
	for _, m := range md.Maintainers {
		if m.Name == "" {
			f.add("chart/maintainers", chartYAML, line, "a maintainer has no name")
		}
		if _, err := mail.ParseAddress(m.Email); m.Email != "" && err != nil {
			f.add("chart/maintainers", chartYAML, line, "the email %q of maintainer %s is wrong", m.Email, m.Name)
		}
		if m.URL != "" && !strings.Contains(m.URL, ".") {
			f.add("chart/maintainers", chartYAML, line, "the URL %q of maintainer %s is wrong", m.URL, m.Name)
		}
	}
	for _, source := range md.Sources {
		if !requestURL(source) {
			f.add("chart/url", chartYAML, lineOfKey(root, "sources"), "the source %q is no URL", source)
		}
	}
	if md.Icon == "" {
		f.add("chart/icon", chartYAML, 0, "the chart has no icon")
	} else if !requestURL(md.Icon) {
		f.add("chart/url", chartYAML, lineOfKey(root, "icon"), "the icon %q is no URL", md.Icon)
	}
}

func requestURL(text string) bool {
	u, err := url.ParseRequestURI(text)
	return err == nil && u.Scheme != ""
}

// unknownFields compares the keys of Chart.yaml with the fields of the model.
func (f *fileLinter) unknownFields(root *yaml.Node) {
	f.unknownIn(root, "", reflect.TypeFor[chart.Metadata]())
	if _, list := child(root, "dependencies"); list != nil {
		for _, n := range list.Content {
			f.unknownIn(n, "dependencies.", reflect.TypeFor[chart.Dependency]())
		}
	}
	if _, list := child(root, "maintainers"); list != nil {
		for _, n := range list.Content {
			f.unknownIn(n, "maintainers.", reflect.TypeFor[chart.Maintainer]())
		}
	}
}

func (f *fileLinter) unknownIn(n *yaml.Node, prefix string, model reflect.Type) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	known := map[string]bool{}
	for field := range model.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known[name] = true
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; !known[key.Value] {
			f.add("chart/unknown-field", chartYAML, key.Line, "%s%s is no field of Chart.yaml", prefix, key.Value)
		}
	}
}

// dependencies compares Chart.yaml with charts/.
func (f *fileLinter) dependencies() {
	data, _ := f.raw(chartYAML)
	line := lineOfKey(parseNode(data), "dependencies")
	for _, name := range f.chart.MissingDependencies() {
		finding := Finding{ID: "dependency/missing", Path: chartYAML, Line: line, Message: fmt.Sprintf("the dependency %s is not in charts/", name)}
		if hidden := f.chart.IgnoredDependencies([]string{name}); hidden != "" {
			finding.Message, finding.Fix = finding.Message+": "+hidden, "Correct .helmignore."
		}
		f.note(finding)
	}
	for _, m := range f.chart.Mismatches() {
		f.add("dependency/version", chartYAML, line, "%s", m.What())
	}
	declared := map[string]bool{}
	for _, d := range f.chart.Metadata.Dependencies {
		declared[d.Name] = true
	}
	for _, d := range f.chart.Dependencies {
		if !declared[d.Name()] {
			f.add("dependency/undeclared", chartYAML, line, "charts/ holds %s, but Chart.yaml does not name it", d.Name())
		}
	}
}

// crds judges the files of crds/, which are applied as they are.
func (f *fileLinter) crds() {
	for _, file := range f.chart.Files {
		ext := path.Ext(file.Name)
		if !strings.HasPrefix(file.Name, "crds/") || ext != ".yaml" && ext != ".yml" && ext != ".json" {
			continue
		}
		for doc := range strings.SplitSeq("\n"+string(file.Data), "\n---") {
			f.crd(file.Name, doc)
		}
	}
}

func (f *fileLinter) crd(name, doc string) {
	var head struct{ APIVersion, Kind string }
	if err := k8syaml.Unmarshal([]byte(doc), &head); err != nil {
		f.add("crd/yaml", name, 0, "%v", err)
		return
	}
	if head.APIVersion == "" && head.Kind == "" {
		return // a comment, or nothing
	}
	if !strings.HasPrefix(head.APIVersion, "apiextensions.k8s.io/") {
		f.add("crd/api-version", name, 0, "apiVersion %q is not of apiextensions.k8s.io", head.APIVersion)
	}
	if head.Kind != "CustomResourceDefinition" {
		f.add("crd/kind", name, 0, "kind %q is not CustomResourceDefinition", head.Kind)
	}
}
