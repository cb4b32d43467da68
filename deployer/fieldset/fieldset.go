// Package fieldset compares an object with the live one by what a field manager's last apply has set (FieldsV1 of
// Kubernetes' metav1), so that a server need not be asked about what is as it should be. It is pure; it refuses to
// guess: where it is not sure it says so, and the server decides.
package fieldset

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

// Unchanged reports whether it is certain that a server-side apply of an object would leave the live one as it is: the
// manager's last apply had exactly these fields, and each has the value that it is to have. Then nothing is left to
// change, to default or to be in conflict about, and the server need not be asked. False means only that it is not
// certain: the server may spell a value otherwise ("1" for "1000m"), default what is inside of it, or leave an empty
// one out.
//
// What a record says does not count: who deletes the newest one by hand, as is advised for a stuck release, has live
// objects that no record knows.
func Unchanged(object, live *unstructured.Unstructured, manager string) bool {
	if live == nil || live.GetDeletionTimestamp() != nil {
		return false
	}
	entries := slices.DeleteFunc(live.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool {
		return m.Manager != manager || m.Operation != metav1.ManagedFieldsOperationApply
	})
	if len(entries) != 1 || entries[0].Subresource != "" || entries[0].FieldsV1 == nil ||
		entries[0].APIVersion != object.GetAPIVersion() {
		return false
	}
	var fields map[string]any
	if json.Unmarshal(entries[0].FieldsV1.GetRawBytes(), &fields) != nil || len(fields) == 0 {
		return false
	}
	return holds(fields, withoutIdentity(object), live.Object)
}

// withoutIdentity is an object without those fields that no manager owns.
func withoutIdentity(o *unstructured.Unstructured) map[string]any {
	out := maps.Clone(o.Object)
	delete(out, "apiVersion")
	delete(out, "kind")
	if meta, ok := out["metadata"].(map[string]any); ok {
		meta = maps.Clone(meta)
		delete(meta, "name")
		delete(meta, "namespace")
		if out["metadata"] = meta; len(meta) == 0 {
			delete(out, "metadata")
		}
	}
	return out
}

// holds reports whether a set of fields (FieldsV1 of Kubernetes' metav1) is exactly that of want, and live has want's
// value in each.
func holds(fields map[string]any, want, live any) bool {
	if len(fields) == 0 {
		return reflect.DeepEqual(want, live)
	}
	switch want := want.(type) {
	case map[string]any:
		live, ok := live.(map[string]any)
		return ok && holdsMap(fields, want, live)
	case []any:
		live, ok := live.([]any)
		return ok && holdsList(fields, want, live)
	}
	return false
}

func holdsMap(fields, want, live map[string]any) bool {
	n := 0
	for key, inner := range fields {
		if key == "." { // the map itself
			continue
		}
		name, ok := strings.CutPrefix(key, "f:")
		w, wanted := want[name]
		set, isSet := inner.(map[string]any)
		if !ok || !wanted || !isSet || !holds(set, w, live[name]) {
			return false
		}
		n++
	}
	return n == len(want)
}

// holdsList is for lists whose elements have keys; their order counts.
func holdsList(fields map[string]any, want, live []any) bool {
	elements := 0
	place := make(map[int]int, len(want)) // of want's elements in live
	for key, inner := range fields {
		if key == "." { // the list itself
			continue
		}
		elements++
		text, ok := strings.CutPrefix(key, "k:")
		var keys map[string]any
		if !ok || json.Unmarshal([]byte(text), &keys) != nil {
			return false
		}
		w, l := onlyKeyed(want, keys), onlyKeyed(live, keys)
		set, isSet := inner.(map[string]any)
		if w < 0 || l < 0 || !isSet || !holds(set, want[w], live[l]) {
			return false
		}
		place[w] = l
	}
	ordered := slices.IsSortedFunc(slices.Sorted(maps.Keys(place)), func(a, b int) int { return place[a] - place[b] })
	return ordered && len(place) == len(want) && len(place) == elements
}

// onlyKeyed is the index of the one element with these keys, one of which it may leave to the server's default; -1 for
// none or more than one.
func onlyKeyed(list []any, keys map[string]any) int {
	found := -1
	for i, v := range list {
		if !hasKeys(v, keys) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

func hasKeys(v any, keys map[string]any) bool {
	m, ok := v.(map[string]any)
	some := false
	for key, value := range keys {
		own, has := m[key]
		if has && !reflect.DeepEqual(own, value) {
			return false
		}
		some = some || has
	}
	return ok && some
}
