package lint

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	k8syaml "sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/parallel"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// object is one rendered object of the chart or of a subchart.
type object struct {
	fields           map[string]any
	apiVersion, kind string
	name, namespace  string
	file             string   // relative to the chart
	template         []string // the file's lines, before rendering
	first            int      // the line of template with which the object begins; 0 if unknown
	content          string   // the rendered document
	hook             bool
	linted           bool // it is the chart's own, or subcharts are linted too
}

// decoded is one rendered document, or why it cannot be read.
type decoded struct {
	*object
	err       error // it is no YAML
	duplicate error // a key stands twice
}

// decode reads a rendered document. One that no rule looks at stays closed.
func (l *linter) decode(m render.Manifest, hook bool) decoded {
	o := &object{file: l.own(m.Source), content: m.Content, hook: hook}
	o.linted = strings.HasPrefix(o.file, "templates/") || l.opts.WithSubcharts
	o.template = l.files[o.file]
	if !o.linted && !relatedKinds[m.Kind] {
		o.fields = map[string]any{"apiVersion": m.APIVersion, "kind": m.Kind, "metadata": map[string]any{"name": m.Name, "namespace": m.Namespace}}
		return decoded{object: o}
	}
	d := decoded{object: o}
	if v, ok := yaml.DecodePlain(m.Content); ok {
		if o.fields, ok = v.(map[string]any); ok {
			return d
		}
	}
	if d.duplicate = k8syaml.UnmarshalStrict([]byte(m.Content), &o.fields); d.duplicate != nil {
		d.err = k8syaml.Unmarshal([]byte(m.Content), &o.fields)
	}
	return d
}

// relatedKinds are the kinds of which the contents matter to other objects.
var relatedKinds = map[string]bool{
	"Pod": true, "Deployment": true, "StatefulSet": true, "DaemonSet": true, "ReplicaSet": true, "ReplicationController": true,
	"Job": true, "CronJob": true, "Service": true, "ConfigMap": true, "Secret": true, "HorizontalPodAutoscaler": true, "List": true,
	"CustomResourceDefinition": true,
}

// collect decodes everything that was rendered, on all processors.
func (l *linter) collect(ctx context.Context, result *render.Result) error {
	all := make([]decoded, len(result.Manifests)+len(result.Hooks))
	err := parallel.Each(ctx, len(all), func(_, i int) error {
		if n := i - len(result.Manifests); n >= 0 {
			all[i] = l.decode(result.Hooks[n].Manifest, true)
		} else {
			all[i] = l.decode(result.Manifests[i], false)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range all {
		l.document(d)
	}
	l.findBeginnings()
	return nil
}

// document keeps what was decoded, and says what cannot be read or got lost.
func (l *linter) document(d decoded) {
	o := d.object
	if d.err != nil {
		if o.linted {
			l.add("template/yaml", o.file, 0, "%v", d.err)
		}
		return
	}
	if d.duplicate != nil && o.linted {
		l.add("template/duplicate-key", o.file, 0, "%s/%s: %s", text(o.fields["kind"]), text(at(o.fields, "metadata", "name")), duplicateKey(d.duplicate))
	}
	if len(o.fields) == 0 {
		return
	}
	if o.linted {
		l.nilValues(o)
	}
	if text(o.fields["kind"]) != "List" {
		l.keep(o)
		return
	}
	if lines := kindLines(o.template, "List"); len(lines) == 1 {
		o.first = lines[0]
	}
	for _, item := range listAt(o.fields, "items") {
		fields, _ := item.(map[string]any)
		if o.linted && text(at(fields, "metadata", "annotations", "helm.sh/resource-policy")) != "" {
			l.add("object/list-annotations", o.file, o.line("items", "metadata", "annotations", "helm.sh/resource-policy"),
				"%s/%s", text(fields["kind"]), text(at(fields, "metadata", "name")))
		}
		inner := *o
		inner.fields, inner.template = fields, nil
		l.keep(&inner)
	}
}

var duplicates = lazyregexp.New(`key "[^"]*" already set in map`)

// duplicateKey is what a strict decoder says, without how it got there.
func duplicateKey(err error) string {
	if found := duplicates.FindString(err.Error()); found != "" {
		return strings.Replace(found, "already set in map", "stands twice in one mapping", 1)
	}
	return err.Error()
}

func (l *linter) keep(o *object) {
	o.apiVersion, o.kind, o.name = text(o.fields["apiVersion"]), text(o.fields["kind"]), text(at(o.fields, "metadata", "name"))
	o.namespace = text(at(o.fields, "metadata", "namespace"))
	l.objects = append(l.objects, o)
}

// object judges one object by itself.
func (l *linter) object(o *object) {
	if o.apiVersion == "" || o.kind == "" || o.name == "" {
		what := "no apiVersion, kind or metadata.name"
		if text(at(o.fields, "metadata", "generateName")) != "" {
			what = "generateName and no metadata.name, by which a release finds its objects"
		}
		l.add("object/fields", o.file, o.first, "%s has %s", o, what)
		return
	}
	if o.name != "" && !validName(o.kind, o.name) {
		l.add("object/name-format", o.file, o.line("metadata", "name"), "%s: Kubernetes does not take this name", o)
	}
	l.api(o)
	l.fit(o)
	l.labels(o)
	l.exponents(o)
	l.selector(o)
	l.secret(o)
	l.hookPolicy(o)
	l.schedule(o)
	if p := o.pods(); p != nil {
		l.pod(p)
		l.restarts(p)
	}
}

// String names the object for humans.
func (o *object) String() string {
	if o.kind == "" && o.name == "" {
		return "an object"
	}
	return o.kind + "/" + o.name
}

var (
	subdomain = lazyregexp.New(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	label1035 = lazyregexp.New(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
)

// nameLimit is how long a name of a kind may be. Pods of a StatefulSet carry a
// label with its name and a hash of 10 letters; a CronJob's jobs get a time of 11.
func nameLimit(kind string) int {
	switch kind {
	case "Service", "Namespace", "Job":
		return 63
	case "StatefulSet", "CronJob":
		return 52
	}
	return 253
}

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
	return len(name) <= nameLimit(kind) && subdomain.MatchString(name)
}

// nilValues finds what Go's templates print for a value that is not there.
func (l *linter) nilValues(o *object) {
	for line := range strings.Lines(o.content) {
		for _, sign := range []string{"%!s(", "%!d(", "%!v(", "<nil>", "<no value>"} {
			if strings.Contains(line, sign) {
				l.add("template/nil", o.file, 0, "renders to %q", strings.TrimSpace(line))
				return
			}
		}
	}
}

var exponentForm = lazyregexp.New(`^(?:[-\w.]+=)?(-?[0-9](?:\.[0-9]+)?e\+[0-9]{2})$`)

// exponents finds whole numbers that a template has printed as 1e+06, because
// values are read as floating point numbers.
func (l *linter) exponents(o *object) {
	walk(o.fields, nil, func(path []string, value any) bool {
		s, _ := value.(string)
		if m := exponentForm.FindStringSubmatch(s); m != nil && o.kind != "Secret" {
			number, _ := strconv.ParseFloat(m[1], 64)
			l.add("template/exponent", o.file, o.line(path...), "%s: %s is %s, which was written %.0f", o, where(path), m[1], number)
		}
		return true
	})
}

// walk calls visit for every value below v, parents first, until it returns false.
func walk(v any, path []string, visit func(path []string, value any) bool) bool {
	switch x := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(x) {
			if !visit(append(path, key), x[key]) || !walk(x[key], append(path, key), visit) {
				return false
			}
		}
	case []any:
		for i, item := range x {
			step := append(path, "["+strconv.Itoa(i)+"]")
			if !visit(step, item) || !walk(item, step, visit) {
				return false
			}
		}
	}
	return true
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

func mapAt(m map[string]any, keys ...string) map[string]any {
	inner, _ := at(m, keys...).(map[string]any)
	return inner
}

// mapsAt are the mappings of a list, with their indexes kept: others are nil.
func mapsAt(m map[string]any, keys ...string) []map[string]any {
	list := listAt(m, keys...)
	out := make([]map[string]any, len(list))
	for i, item := range list {
		out[i], _ = item.(map[string]any)
	}
	return out
}

func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	}
	return fmt.Sprint(v)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
