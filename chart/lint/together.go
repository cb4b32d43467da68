package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// together judges what objects say about each other. An object that the chart
// names may exist outside of it, so most of these are warnings.
func (l *linter) together() {
	r := l.relations()
	r.twice()
	for _, o := range l.objects {
		if !o.linted {
			continue
		}
		switch o.kind {
		case "Service":
			r.service(o)
			r.portNames(o)
		case "Ingress":
			r.ingress(o)
		case "PodDisruptionBudget":
			r.budget(o)
		case "HorizontalPodAutoscaler":
			r.autoscaler(o)
		case "RoleBinding", "ClusterRoleBinding":
			r.binding(o)
		}
		if p := o.pods(); p != nil {
			r.account(p)
			r.keys(p)
			r.rolling(p)
		}
	}
}

// relations is what one render makes, by kind and name.
type relations struct {
	*linter
	named     map[string]*object // "ConfigMap/web"
	workloads []*pods
	operated  bool // there are custom resources, whose controllers may make anything
}

func (l *linter) relations() *relations {
	r := &relations{linter: l, named: map[string]*object{}}
	for _, o := range l.objects {
		if r.named[o.String()] == nil {
			r.named[o.String()] = o
		}
		if p := o.pods(); p != nil {
			r.workloads = append(r.workloads, p)
		}
		group, _, hasGroup := strings.Cut(o.apiVersion, "/")
		if hasGroup && strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") {
			r.operated = true
		}
	}
	return r
}

// selected are the workloads whose pods a selector selects.
func (r *relations) selected(o *object, selector map[string]any) []*pods {
	var list []*pods
	for _, p := range r.workloads {
		if r.sameNamespace(o, p.object) && selects(selector, p.labels()) {
			list = append(list, p)
		}
	}
	return list
}

func (r *relations) sameNamespace(a, b *object) bool { return r.namespaceOf(a) == r.namespaceOf(b) }

func (r *relations) namespaceOf(o *object) string {
	switch {
	case o.namespace != "":
		return o.namespace
	case r.opts.Namespace != "":
		return r.opts.Namespace
	}
	return "default"
}

// closed reports whether all pods in the object's namespace are known.
func (r *relations) closed(o *object) bool {
	return !r.operated && slices.ContainsFunc(r.workloads, func(p *pods) bool { return r.sameNamespace(o, p.object) })
}

func (r *relations) service(o *object) {
	selector := mapAt(o.fields, "spec", "selector")
	if len(selector) == 0 || text(at(o.fields, "spec", "type")) == "ExternalName" {
		return
	}
	selected := r.selected(o, map[string]any{"matchLabels": chosen(selector)})
	if len(selected) == 0 {
		if r.closed(o) {
			r.add("service/selects-nothing", o.file, o.line("spec", "selector"), "%s selects no pod of the chart", o)
		}
		return
	}
	for i, port := range mapsAt(o.fields, "spec", "ports") {
		line := o.line("spec", "ports", "["+strconv.Itoa(i)+"]", "targetPort")
		switch target := port["targetPort"].(type) {
		case string:
			r.namedPort(o, selected, target, line)
		case float64:
			r.numberedPort(o, selected, int64(target), line)
		}
	}
}

// chosen are the labels that a chart can give to its pods; controllers add others.
func chosen(labels map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range labels {
		if !strings.HasPrefix(key, "statefulset.kubernetes.io/") && !strings.HasPrefix(key, "apps.kubernetes.io/") &&
			!strings.HasPrefix(key, "batch.kubernetes.io/") && key != "job-name" {
			out[key] = value
		}
	}
	return out
}

func (r *relations) namedPort(o *object, selected []*pods, name string, line int) {
	if _, err := strconv.Atoi(name); err == nil {
		return
	}
	var known []string
	for _, p := range selected {
		names, _ := p.ports()
		if names[name] {
			return
		}
		known = append(known, sortedKeys(names)...)
	}
	r.add("service/port", o.file, line, "%s sends to the port %q, which no pod that it selects has%s", o, name, listed("; there are ", known))
}

func (r *relations) numberedPort(o *object, selected []*pods, number int64, line int) {
	for _, p := range selected {
		if _, numbers := p.ports(); numbers[number] || len(numbers) == 0 {
			return
		}
	}
	r.add("service/port-number", o.file, line, "%s sends to port %d, which no pod that it selects names", o, number)
}

func listed(before string, names []string) string {
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(s string) bool { return s == "" })
	if len(names) == 0 {
		return ""
	}
	return before + strings.Join(names, ", ")
}

// ingress finds backends that are a service of the chart without that port, or
// that the chart should have made.
func (r *relations) ingress(o *object) {
	r.missing(o, mapAt(o.fields, "spec", "defaultBackend"), o.line("spec", "defaultBackend"))
	for i, rule := range mapsAt(o.fields, "spec", "rules") {
		for j, path := range mapsAt(rule, "http", "paths") {
			service := mapAt(path, "backend", "service")
			line := o.line("spec", "rules", fmt.Sprintf("[%d]", i), "http", "paths", fmt.Sprintf("[%d]", j), "backend")
			target := r.named["Service/"+text(service["name"])]
			if target == nil {
				r.missing(o, mapAt(path, "backend"), line)
				continue
			}
			name, number := at(service, "port", "name"), at(service, "port", "number")
			if has := slices.ContainsFunc(mapsAt(target.fields, "spec", "ports"), func(p map[string]any) bool {
				return name != nil && p["name"] == name || number != nil && p["port"] == number
			}); !has && (name != nil || number != nil) {
				r.add("ingress/port", o.file, line, "%s sends to port %s of %s, which has no such port", o, text(firstOf(name, number)), target)
			}
		}
	}
}

func firstOf(list ...any) any {
	for _, v := range list {
		if v != nil {
			return v
		}
	}
	return nil
}

// autoscaler finds a target that is not there, and one whose replicas the chart
// sets too: each deploy would undo the scaling.
func (r *relations) autoscaler(o *object) {
	ref := mapAt(o.fields, "spec", "scaleTargetRef")
	target := r.named[text(ref["kind"])+"/"+text(ref["name"])]
	switch {
	case target == nil && !r.operated:
		r.add("autoscaler/target", o.file, o.line("spec", "scaleTargetRef"), "%s scales %s/%s, which the chart does not make", o, text(ref["kind"]), text(ref["name"]))
	case target != nil && target.linted && at(target.fields, "spec", "replicas") != nil:
		r.add("autoscaler/replicas", target.file, target.line("spec", "replicas"), "%s sets replicas, which %s sets too", target, o)
	}
}

// replicas are the fewest pods that a workload runs with; false for what is no
// scaled workload.
func (r *relations) replicas(p *pods) (int, bool) {
	if p.kind != "Deployment" && p.kind != "StatefulSet" && p.kind != "ReplicaSet" {
		return 0, false
	}
	for _, o := range r.objects {
		ref := mapAt(o.fields, "spec", "scaleTargetRef")
		if o.kind == "HorizontalPodAutoscaler" && text(ref["kind"]) == p.kind && text(ref["name"]) == p.name {
			if least, ok := at(o.fields, "spec", "minReplicas").(float64); ok {
				return int(least), true
			}
			return 1, true
		}
	}
	if n, ok := at(p.fields, "spec", "replicas").(float64); ok {
		return int(n), true
	}
	return 1, true
}

// budget finds disruption budgets that never let a node be drained.
func (r *relations) budget(o *object) {
	selected := r.selected(o, mapAt(o.fields, "spec", "selector"))
	if len(selected) == 0 && r.closed(o) {
		r.add("budget/selects-nothing", o.file, o.line("spec", "selector"), "%s selects no pod of the chart", o)
	}
	total := 0
	for _, p := range selected {
		n, ok := r.replicas(p)
		if !ok {
			return
		}
		total += n
	}
	if total == 0 {
		return
	}
	if v := at(o.fields, "spec", "minAvailable"); v != nil && portion(v, total) >= total {
		r.add("budget/blocks-drain", o.file, o.line("spec", "minAvailable"), "%s: minAvailable %s of %d pods lets none go", o, text(v), total)
	}
	if v := at(o.fields, "spec", "maxUnavailable"); v != nil && portion(v, total) == 0 {
		r.add("budget/blocks-drain", o.file, o.line("spec", "maxUnavailable"), "%s: maxUnavailable %s lets no pod go", o, text(v))
	}
}

// portion is a number, or a percentage of total, rounded up as Kubernetes does.
func portion(v any, total int) int {
	if n, ok := v.(float64); ok {
		return int(n)
	}
	s := text(v)
	percent, isPercent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(percent)
	switch {
	case err != nil:
		return 1 // of no use to judge
	case isPercent:
		return (n*total + 99) / 100
	}
	return n
}
