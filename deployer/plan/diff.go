package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object"
)

// Field is one difference inside an object. Old is nil for a field that comes, New for one that goes.
type Field struct {
	Path     string // spec.template.spec.containers[web].image
	Old, New any
	Owner    string // who has set the live value, by the name of the field manager; empty for Helm, us, or nobody
	Drift    bool   // the deployed revision said what the plan says: the live object was changed
}

// serverFields are those that only the API server writes: they differ in every write and say nothing.
var serverFields = []string{"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"}

// Diff compares a live object with what an apply would make of it. Both come from the server, so defaults stand on
// either side and do not show. A Secret's values are masked.
func Diff(live, result *unstructured.Unstructured) []Field {
	before, after := authored(live), authored(result)
	var fields []Field
	diffValues("", before, after, &fields)
	if object.IsSecret(live) {
		for i := range fields {
			fields[i] = MaskField(fields[i])
		}
	}
	return fields
}

// authored is the part of an object that its author writes.
func authored(o *unstructured.Unstructured) map[string]any {
	out := maps.Clone(o.Object)
	delete(out, "status")
	meta, _ := out["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	for _, f := range serverFields {
		delete(meta, f)
	}
	out["metadata"] = meta
	return out
}

func diffValues(path string, before, after any, out *[]Field) {
	switch b := before.(type) {
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			walkMap(path, b, a, out)
			return
		}
	case []any:
		if a, ok := after.([]any); ok {
			walkList(path, b, a, out)
			return
		}
	}
	if !reflect.DeepEqual(before, after) {
		*out = append(*out, Field{Path: path, Old: before, New: after})
	}
}

func walkMap(path string, before, after map[string]any, out *[]Field) {
	keys := slices.Collect(maps.Keys(before))
	for k := range after {
		if _, ok := before[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		diffValues(joinPath(path, k), before[k], after[k], out)
	}
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	for _, r := range key {
		if r == '.' || r == '/' || r == '[' {
			return path + "[" + key + "]"
		}
	}
	return path + "." + key
}

// walkList pairs the elements of two lists by their name where all have one, so that an inserted container is one
// addition and not a change of all after it.
func walkList(path string, before, after []any, out *[]Field) {
	names, namesAfter := elementNames(before), elementNames(after)
	if names == nil || namesAfter == nil {
		for i := range max(len(before), len(after)) {
			diffValues(path+"["+strconv.Itoa(i)+"]", itemAt(before, i), itemAt(after, i), out)
		}
		return
	}
	for i, name := range names {
		j := slices.Index(namesAfter, name)
		diffValues(path+"["+name+"]", before[i], itemAt(after, j), out)
	}
	for j, name := range namesAfter {
		if !slices.Contains(names, name) {
			diffValues(path+"["+name+"]", nil, after[j], out)
		}
	}
}

func itemAt(list []any, i int) any {
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

// elementNames are the names of a list's elements, or nil when one has none or two are equal.
func elementNames(list []any) []string {
	names := make([]string, 0, len(list))
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		name, ok := m["name"].(string)
		if !ok || slices.Contains(names, name) {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// MaskField hides the values of a Secret but not that they differ.
func MaskField(f Field) Field {
	root, _, _ := cutPath(f.Path)
	if root != "data" && root != "stringData" {
		return f
	}
	f.Old, f.New = secretShape(f.Old), secretShape(f.New)
	return f
}

func cutPath(path string) (root, rest string, ok bool) {
	for i, r := range path {
		if r == '.' || r == '[' {
			return path[:i], path[i:], true
		}
	}
	return path, "", false
}

func secretShape(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = secretShape(e)
		}
		return out
	case string:
		return fmt.Sprintf("(secret, %d bytes)", len(v)*3/4)
	}
	return "(secret)"
}
