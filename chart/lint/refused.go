package lint

import (
	"maps"
	"reflect"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// Here is what the API server refuses although it fits the schema.

// twice finds objects that stand twice in the release, which are one if they are
// equal. Hooks may: they come and go.
func (r *relations) twice() {
	seen := map[string]*object{}
	for _, o := range r.objects {
		if o.name == "" || o.hook {
			continue
		}
		group := ""
		if before, _, ok := strings.Cut(o.apiVersion, "/"); ok {
			group = before
		}
		key := strings.Join([]string{group, o.kind, r.namespaceOf(o), o.name}, "/")
		first := seen[key]
		if first == nil {
			seen[key] = o
			continue
		}
		if !o.linted && !first.linted {
			continue
		}
		if reflect.DeepEqual(r.placed(o), r.placed(first)) {
			r.add("object/repeated", o.file, o.line("metadata", "name"), "%s is also in %s, and is the same there", o, first.place())
			continue
		}
		r.add("object/duplicate", o.file, o.line("metadata", "name"), "%s is also in %s, with other content", o, first.place())
	}
}

// placed is what an object says, with its namespace.
func (r *relations) placed(o *object) map[string]any {
	fields := o.fields
	if !o.linted && !relatedKinds[o.kind] { // it was not decoded
		if v, err := yaml.Decode(o.content); err == nil {
			fields, _ = v.(map[string]any)
		}
	}
	fields = maps.Clone(fields)
	metadata := maps.Clone(mapAt(fields, "metadata"))
	if metadata != nil {
		metadata["namespace"] = r.namespaceOf(o)
		fields["metadata"] = metadata
	}
	return fields
}

// place is the file of an object, with the line where it begins if that is known.
func (o *object) place() string { return Finding{Path: o.file, Line: o.first}.Place() }

// missing finds a backend that has the release's name in its own, so that it is
// the chart's to make, and that the chart does not make.
func (r *relations) missing(o *object, backend map[string]any, line int) {
	name := text(firstOf(at(backend, "service", "name"), backend["serviceName"]))
	if r.operated || !strings.Contains(name, r.releaseName()) || r.named["Service/"+name] != nil {
		return
	}
	var known []string
	for _, other := range r.objects {
		if other.kind == "Service" && r.sameNamespace(o, other) {
			known = append(known, other.name)
		}
	}
	if len(known) > 0 {
		r.add("ingress/service", o.file, line, "%s sends to Service/%s, which the chart does not make%s", o, name, listed("; it makes ", known))
	}
}

// portNames finds ports of a service that cannot be told apart.
func (r *relations) portNames(o *object) {
	ports := mapsAt(o.fields, "spec", "ports")
	seen := map[string]bool{}
	for i, port := range ports {
		name := text(port["name"])
		line := o.line("spec", "ports", "["+strconv.Itoa(i)+"]")
		switch {
		case len(ports) > 1 && name == "":
			r.add("service/port-name", o.file, line, "%s has %d ports, and port %s has no name", o, len(ports), text(port["port"]))
		case name != "" && seen[name]:
			r.add("service/port-name", o.file, line, "%s has two ports named %s", o, name)
		}
		seen[name] = true
	}
}

// restarts finds a restart policy that the kind cannot have.
func (l *linter) restarts(p *pods) {
	policy := text(p.spec["restartPolicy"])
	line := p.at("spec", "restartPolicy")
	isJob := p.kind == "Job" || p.kind == "CronJob"
	switch {
	case p.kind == "Pod":
	case isJob && policy == "":
		l.add("workload/restart-policy", p.file, line, "%s has no restartPolicy, which means Always", p.object)
	case isJob && policy == "Always":
		l.add("workload/restart-policy", p.file, line, "%s: restartPolicy is Always", p.object)
	case !isJob && (policy == "OnFailure" || policy == "Never"):
		l.add("workload/restart-policy", p.file, line, "%s: restartPolicy is %s; its pods can only restart Always", p.object, policy)
	}
}
