package workbench

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// encode makes a Secret's stringData its data, as the server does.
func encode(o *unstructured.Unstructured) {
	plain, _, _ := unstructured.NestedStringMap(o.Object, "stringData")
	delete(o.Object, "stringData")
	for key, value := range plain {
		_ = unstructured.SetNestedField(o.Object, base64.StdEncoding.EncodeToString([]byte(value)), "data", key)
	}
}

// lacks is the path of something in want that live has otherwise, or "". Lists are as long, unless more items by other
// names are allowed, and values of the same type: numbers are int64 or float64 in both.
func lacks(want, live any, more bool) string {
	switch want := want.(type) {
	case map[string]any:
		have, ok := live.(map[string]any)
		if !ok && len(want) > 0 {
			return fmt.Sprintf(" (%v, not a map)", live)
		}
		for key, value := range want {
			if path := lacks(value, have[key], more); path != "" {
				return "." + key + path
			}
		}
		return ""
	case []any:
		have, _ := live.([]any)
		if more {
			have = ofNames(want, have)
		}
		if len(have) != len(want) {
			return fmt.Sprintf(" (%d items, not %d: %v)", len(have), len(want), have)
		}
		for i, value := range want {
			if path := lacks(value, have[i], more); path != "" {
				return fmt.Sprintf("[%d]%s", i, path)
			}
		}
		return ""
	}
	if want == nil || reflect.DeepEqual(want, live) {
		return ""
	}
	return fmt.Sprintf(" (%v %T, not %v %T)", live, live, want, want)
}

// ofNames are the items of have without those by a name that none in want has.
func ofNames(want, have []any) []any {
	return slices.DeleteFunc(slices.Clone(have), func(item any) bool {
		name := field(item, "name")
		return name != nil && !slices.ContainsFunc(want, func(other any) bool { return field(other, "name") == name })
	})
}

// owned is what an object says where the server adds nothing: what is there and not in the manifest was left behind.
func owned(o *unstructured.Unstructured) map[string]any {
	out := map[string]any{"data": field(o.Object, "data")}
	for name, path := range map[string][]string{"object": {"metadata"}, "pod": {"spec", "template", "metadata"}, "selector": {"spec", "selector"}} {
		for _, key := range []string{"labels", "annotations", "matchLabels"} {
			out[name+" "+key] = withoutMarks(field(o.Object, slices.Concat(path, []string{key})...))
		}
	}
	containers, _ := field(o.Object, "spec", "template", "spec", "containers").([]any)
	for i, c := range containers {
		for _, key := range []string{"env", "args", "command"} {
			out[fmt.Sprintf("%s of container %d", key, i)] = field(c, key)
		}
	}
	return out
}

// field is the value at a path, or nil.
func field(in any, path ...string) any {
	for _, key := range path {
		m, _ := in.(map[string]any)
		in = m[key]
	}
	return in
}

// withoutMarks is labels or annotations without what Helm and the cluster add.
func withoutMarks(in any) map[string]any {
	out := map[string]any{}
	have, _ := in.(map[string]any)
	for key, value := range have {
		switch key {
		case "app.kubernetes.io/managed-by", "meta.helm.sh/release-name", "meta.helm.sh/release-namespace", "deployment.kubernetes.io/revision":
		default:
			out[key] = value
		}
	}
	return out
}
