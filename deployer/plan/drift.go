package plan

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
)

// MarkDrift says of every field who owns it, and which differ only because somebody has changed the live object: there
// the chart says what the deployed revision said.
func MarkDrift(c *Change, deployed *unstructured.Unstructured, revision int) {
	if c.Action == Create && c.Live == nil && deployed != nil {
		c.Remark(fmt.Sprintf("drift: deleted since revision %d", revision))
	}
	if c.Live == nil {
		return
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		f.Owner = strings.Join(FieldOwners(c.Live, f.Path), ", ")
		if deployed == nil || c.Desired == nil {
			continue
		}
		was, said := ValueAt(deployed.Object, f.Path)
		is, says := ValueAt(c.Desired.Object, f.Path)
		f.Drift = said && says && reflect.DeepEqual(was, is)
	}
}

// pathSteps cuts a Field's path into keys, names and indexes.
func pathSteps(path string) []string {
	var out []string
	for path != "" {
		if path[0] == '[' {
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return append(out, path)
			}
			out, path = append(out, path[1:end]), strings.TrimPrefix(path[end+1:], ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return append(out, path)
		}
		out = append(out, path[:end])
		path = strings.TrimPrefix(path[end:], ".")
	}
	return out
}

// ValueAt is what stands at a Field's path.
func ValueAt(v any, path string) (any, bool) {
	for _, step := range pathSteps(path) {
		var ok bool
		if v, ok = stepInto(v, step); !ok {
			return nil, false
		}
	}
	return v, true
}

func stepInto(v any, step string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		next, ok := v[step]
		return next, ok
	case []any:
		if i := slices.Index(elementNames(v), step); i >= 0 {
			return v[i], true
		}
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}

// FieldOwners are the managers of a field of a live object, besides Helm's own name, sorted.
func FieldOwners(live *unstructured.Unstructured, path string) []string {
	var out []string
	for _, entry := range live.GetManagedFields() {
		if entry.Manager == release.Manager || slices.Contains(out, entry.Manager) || !ownsField(entry, live, path) {
			continue
		}
		out = append(out, entry.Manager)
	}
	slices.Sort(out)
	return out
}

func ownsField(entry metav1.ManagedFieldsEntry, live *unstructured.Unstructured, path string) bool {
	if entry.FieldsV1 == nil {
		return false
	}
	var set map[string]any
	if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &set) != nil {
		return false
	}
	var at any = live.Object
	for _, step := range pathSteps(path) {
		if len(set) == 0 { // the set ends above: it is owned whole
			return true
		}
		next, ok := stepInto(at, step)
		if !ok {
			return false
		}
		key := "f:" + step
		if _, list := at.([]any); list {
			key = elementKey(set, next)
		}
		inner, ok := set[key].(map[string]any)
		if !ok {
			return false
		}
		set, at = inner, next
	}
	return true
}

// elementKey is the key of a set that stands for an element of a list: "k:" and those of its fields that identify it.
func elementKey(set map[string]any, element any) string {
	m, ok := element.(map[string]any)
	if !ok {
		return ""
	}
	for key := range set {
		text, isKey := strings.CutPrefix(key, "k:")
		var fields map[string]any
		if !isKey || json.Unmarshal([]byte(text), &fields) != nil {
			continue
		}
		same := true
		for name, value := range fields {
			same = same && fmt.Sprint(m[name]) == fmt.Sprint(value)
		}
		if same {
			return key
		}
	}
	return ""
}

// ChangedSince are the fields in which a live object is no longer what the plan saw, as far as the plan would write
// them.
func (c *Change) ChangedSince(live *unstructured.Unstructured) []string {
	if live.GetUID() != c.Live.GetUID() {
		return []string{"metadata.uid"}
	}
	planned := map[string]bool{}
	var out []string
	for _, f := range c.Fields {
		planned[f.Path] = true
		was, _ := ValueAt(c.Live.Object, f.Path)
		is, _ := ValueAt(live.Object, f.Path)
		if !reflect.DeepEqual(was, is) {
			out = append(out, f.Path)
		}
	}
	if c.Result == nil {
		return out
	}
	for _, f := range Diff(live, c.Result) {
		if _, says := ValueAt(c.Desired.Object, f.Path); says && !planned[f.Path] {
			out = append(out, f.Path)
		}
	}
	return out
}
