// Package object reads single fields of Kubernetes objects as a server returned them. What is missing or of another
// type is empty: statuses are written by others. It refuses to judge what it reads.
package object

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Condition is one of status.conditions, each text on one line.
type Condition struct {
	Status, Reason, Message string
	Observed                int64 // the generation that it speaks of; 0 when it does not say
}

// ConditionOf is the condition of that type in the status of o; false when there is none.
func ConditionOf(o *unstructured.Unstructured, name string) (Condition, bool) {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	return ConditionIn(list, name)
}

// ConditionIn is ConditionOf for a list of conditions that stands elsewhere.
func ConditionIn(list []any, name string) (Condition, bool) {
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok || m["type"] != name {
			continue
		}
		field := func(k string) string { s, _ := m[k].(string); return strings.Join(strings.Fields(s), " ") }
		observed, _ := m["observedGeneration"].(int64)
		return Condition{field("status"), field("reason"), field("message"), observed}, true
	}
	return Condition{}, false
}

// Int is the whole number at a path of fields, else 0.
func Int(o *unstructured.Unstructured, path ...string) int64 {
	n, _, _ := unstructured.NestedInt64(o.Object, path...)
	return n
}

// String is the text at a path of fields, else "".
func String(o *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}

// Controlled reports whether o's controller is the object with that uid.
func Controlled(o *unstructured.Unstructured, uid string) bool {
	for _, ref := range o.GetOwnerReferences() {
		if ref.Controller != nil && *ref.Controller && string(ref.UID) == uid {
			return true
		}
	}
	return false
}

// IsSecret reports whether an object is a Secret of Kubernetes' own.
func IsSecret(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Secret" && o.GroupVersionKind().Group == ""
}
