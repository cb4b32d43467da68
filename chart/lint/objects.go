package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart/render"
)

// object is one rendered object of the chart itself.
type object struct {
	fields           map[string]any
	apiVersion, kind string
	name             string
	file             string   // relative to the chart
	template         []string // the file's lines, before rendering
	hook             bool
}

// manifest judges one rendered document.
func (l *linter) manifest(m render.Manifest, hook bool) {
	file := l.own(m.Source)
	if !strings.HasPrefix(file, "templates/") {
		return // of a subchart
	}
	var fields map[string]any
	if err := yaml.Unmarshal([]byte(m.Content), &fields); err != nil {
		l.add("template/yaml", file, 0, "%v", err)
		return
	}
	if len(fields) == 0 {
		return
	}
	o := object{fields: fields, file: file, hook: hook}
	for _, f := range l.chart.Templates {
		if f.Name == file {
			o.template = strings.Split(string(f.Data), "\n")
		}
	}
	l.nilValues(o, m.Content)
	if m.Kind == "List" {
		l.list(o)
		return
	}
	l.object(o)
}

func (l *linter) list(o object) {
	for _, item := range listAt(o.fields, "items") {
		fields, _ := item.(map[string]any)
		if text(at(fields, "metadata", "annotations", "helm.sh/resource-policy")) != "" {
			l.add("object/list-annotations", o.file, o.line("helm.sh/resource-policy"), "%s/%s", text(fields["kind"]), text(at(fields, "metadata", "name")))
		}
		inner := o
		inner.fields = fields
		l.object(inner)
	}
}

func (l *linter) object(o object) {
	o.apiVersion, o.kind, o.name = text(o.fields["apiVersion"]), text(o.fields["kind"]), text(at(o.fields, "metadata", "name"))
	if o.apiVersion == "" || o.kind == "" || o.name == "" && text(at(o.fields, "metadata", "generateName")) == "" {
		l.add("object/fields", o.file, 0, "%s has no apiVersion, kind or metadata.name", o)
		return
	}
	if o.name != "" && !validName(o.kind, o.name) {
		l.add("object/name-format", o.file, o.line("kind: "+o.kind), "%s: Kubernetes does not take this name", o)
	}
	l.api(o)
	l.selector(o)
	l.secret(o)
	if spec := o.podSpec(); spec != nil {
		l.pod(o, spec)
	}
}

// String names the object for humans.
func (o object) String() string {
	if o.kind == "" && o.name == "" {
		return "an object"
	}
	return o.kind + "/" + o.name
}

// line is the template's line that contains part, if only one does.
func (o object) line(part string) int {
	found := 0
	for i, line := range o.template {
		if strings.Contains(line, part) {
			if found > 0 {
				return 0
			}
			found = i + 1
		}
	}
	return found
}

var (
	subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	label1035 = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
)

func validName(kind, name string) bool {
	switch kind {
	case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding":
		return !strings.ContainsAny(name, "/%") && name != "." && name != ".."
	case "CertificateSigningRequest":
		return true
	case "Service":
		return len(name) <= 63 && label1035.MatchString(name)
	case "Namespace":
		return len(name) <= 63 && subdomain.MatchString(name) && !strings.Contains(name, ".")
	}
	return len(name) <= 253 && subdomain.MatchString(name)
}

// nilValues finds what Go's templates print for a value that is not there.
func (l *linter) nilValues(o object, content string) {
	for line := range strings.Lines(content) {
		for _, sign := range []string{"%!s(", "%!d(", "%!v(", "<nil>", "<no value>"} {
			if strings.Contains(line, sign) {
				l.add("template/nil", o.file, 0, "renders to %q", strings.TrimSpace(line))
				return
			}
		}
	}
}

func (o object) isApps() bool {
	return slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, o.kind)
}

// selector judges the selector of a workload, which cannot change later.
func (l *linter) selector(o object) {
	if !o.isApps() {
		return
	}
	line := o.line("selector:")
	matchLabels, _ := at(o.fields, "spec", "selector", "matchLabels").(map[string]any)
	if len(matchLabels) == 0 && len(listAt(o.fields, "spec", "selector", "matchExpressions")) == 0 {
		l.add("selector/missing", o.file, line, "%s has no selector", o)
	}
	labels, _ := at(o.fields, "spec", "template", "metadata", "labels").(map[string]any)
	for _, key := range sortedKeys(matchLabels) {
		value := text(matchLabels[key])
		if text(labels[key]) != value {
			l.add("selector/mismatch", o.file, line, "%s selects %s=%s, but its pods have %q", o, key, value, text(labels[key]))
		}
		if l.versioned(key, value) {
			l.add("selector/version", o.file, line, "%s selects %s=%s", o, key, value)
		}
	}
}

// versioned says whether a label changes with the chart's version or the app's.
func (l *linter) versioned(key, value string) bool {
	md := l.chart.Metadata
	switch {
	case strings.Contains(value, strings.ReplaceAll(md.Version, "+", "_")):
		return true
	case key == "app.kubernetes.io/version":
		return value == md.AppVersion
	}
	return value == md.AppVersion && strings.Contains(value, ".")
}

// secret finds literal data of a Secret in the template's text.
func (l *linter) secret(o object) {
	if o.kind != "Secret" {
		return
	}
	for _, section := range []string{"data", "stringData"} {
		data, _ := o.fields[section].(map[string]any)
		for _, key := range sortedKeys(data) {
			value := text(data[key])
			for i, line := range o.template {
				if name, rest, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && value != "" &&
					strings.Trim(name, `"'`) == key && strings.Trim(strings.TrimSpace(rest), `"'`) == value {
					l.add("secret/literal", o.file, i+1, "%s has the literal value of %s", o, key)
				}
			}
		}
	}
}

// at follows keys through maps; nil when there is nothing.
func at(m map[string]any, keys ...string) any {
	var v any = m
	for _, key := range keys {
		inner, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = inner[key]
	}
	return v
}

func listAt(m map[string]any, keys ...string) []any {
	list, _ := at(m, keys...).([]any)
	return list
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
