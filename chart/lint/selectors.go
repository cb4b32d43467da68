package lint

import (
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

func (o *object) isApps() bool {
	return slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, o.kind)
}

// selector judges the selector of a workload, which cannot change later.
func (l *linter) selector(o *object) {
	if !o.isApps() {
		return
	}
	matchLabels := mapAt(o.fields, "spec", "selector", "matchLabels")
	if len(matchLabels) == 0 && len(listAt(o.fields, "spec", "selector", "matchExpressions")) == 0 {
		l.add("selector/missing", o.file, o.line("spec", "selector"), "%s has no selector", o)
	}
	labels := mapAt(o.fields, "spec", "template", "metadata", "labels")
	for _, key := range sortedKeys(matchLabels) {
		value := text(matchLabels[key])
		line := o.line("spec", "selector", "matchLabels", key)
		if text(labels[key]) != value {
			l.add("selector/mismatch", o.file, line, "%s selects %s=%s, but its pods have %q", o, key, value, text(labels[key]))
		}
		if l.versioned(key, value) {
			l.add("selector/version", o.file, line, "%s selects %s=%s", o, key, value)
		}
	}
}

// versioned reports whether a label changes with the chart's version or the app's.
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

// selects reports whether a label selector selects those labels. An absent one
// selects nothing.
func selects(selector, labels map[string]any) bool {
	if selector == nil {
		return false
	}
	for key, value := range mapAt(selector, "matchLabels") {
		if have, ok := labels[key]; !ok || text(have) != text(value) {
			return false
		}
	}
	for _, e := range mapsAt(selector, "matchExpressions") {
		have, ok := labels[text(e["key"])]
		in := slices.ContainsFunc(listAt(e, "values"), func(v any) bool { return text(v) == text(have) })
		switch text(e["operator"]) {
		case "In":
			ok = ok && in
		case "NotIn":
			ok = !ok || !in
		case "DoesNotExist":
			ok = !ok
		}
		if !ok {
			return false
		}
	}
	return true
}

var labelValue = lazyregexp.New(`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`)

func validLabel(value string) bool { return len(value) <= 63 && labelValue.MatchString(value) }

// labels finds labels that Kubernetes refuses.
func (l *linter) labels(o *object) {
	l.eachLabel(o, func(path []string, value string) {
		if !validLabel(value) {
			l.add("object/label", o.file, o.line(path...), "%s: %s is %q", o, where(path), value)
		}
	})
}

// eachLabel calls do for the labels of an object, of its pods and its selector.
func (l *linter) eachLabel(o *object, do func(path []string, value string)) {
	places := [][]string{{"metadata", "labels"}, {"spec", "selector", "matchLabels"}}
	if p := o.pods(); p != nil && p.path != nil {
		places = append(places, slices.Concat(p.path, []string{"metadata", "labels"}))
	}
	if o.kind == "Service" {
		places = append(places, []string{"spec", "selector"})
	}
	for _, place := range places {
		labels := mapAt(o.fields, place...)
		for _, key := range sortedKeys(labels) {
			if value, ok := labels[key].(string); ok {
				do(slices.Concat(place, []string{key}), value)
			}
		}
	}
}
