package readiness

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// PodSelector is what a manifest says about which pods are a workload's.
func PodSelector(o *unstructured.Unstructured) map[string]string {
	path := []string{"spec", "selector", "matchLabels"}
	switch o.GetKind() {
	case "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job":
	case "ReplicationController":
		path = path[:2]
	default:
		return nil
	}
	m, _, _ := unstructured.NestedStringMap(o.Object, path...)
	return m
}

// TemplateLabels are the labels that a workload's pods will carry; nil for kinds that make none.
func TemplateLabels(o *unstructured.Unstructured) map[string]string {
	switch o.GetKind() {
	case "Pod":
		return o.GetLabels()
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
	default:
		return nil
	}
	labels, _, _ := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "labels")
	return labels
}

// CommonSelector is a selector of what all label sets share, so that one watch serves many objects and yet not the
// whole namespace.
func CommonSelector(sets []map[string]string) string {
	if len(sets) == 0 {
		return ""
	}
	common := maps.Clone(sets[0])
	for _, s := range sets[1:] {
		maps.DeleteFunc(common, func(k, v string) bool { return s[k] != v })
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(common)) {
		parts = append(parts, k+"="+common[k])
	}
	return strings.Join(parts, ",")
}
