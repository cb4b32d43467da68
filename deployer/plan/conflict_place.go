package plan

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Locate finds where a field stands, in the words of server-side apply: "spec.containers[name=\"web\"].image",
// "metadata.labels.app.kubernetes.io/name". The words do not quote keys, so they are read along the object. A place is
// a key (string) of a map or an index (int) of a list for each step.
func Locate(at any, field string) ([]any, bool) {
	if field == "" {
		return []any{}, true
	}
	switch at := at.(type) {
	case map[string]any:
		rest := strings.TrimPrefix(field, ".")
		for _, key := range slices.Sorted(maps.Keys(at)) {
			after, ok := strings.CutPrefix(rest, key)
			if !ok || after != "" && after[0] != '.' && after[0] != '[' {
				continue
			}
			if place, ok := Locate(at[key], after); ok {
				return append([]any{key}, place...), true
			}
		}
	case []any:
		element, after, ok := cutElement(field)
		if !ok {
			return nil, false
		}
		for i, v := range at {
			if !isElement(v, i, element) {
				continue
			}
			if place, ok := Locate(v, after); ok {
				return append([]any{i}, place...), true
			}
		}
	}
	return nil, false
}

// cutElement takes `[name="web",port=80]` off the front of a field. Values may hold brackets in their quotes.
func cutElement(field string) (element, after string, ok bool) {
	if !strings.HasPrefix(field, "[") {
		return "", "", false
	}
	quoted := false
	for i := 1; i < len(field); i++ {
		switch {
		case quoted && field[i] == '\\':
			i++
		case field[i] == '"':
			quoted = !quoted
		case field[i] == ']' && !quoted:
			return field[1:i], field[i+1:], true
		}
	}
	return "", "", false
}

// isElement reports whether the i-th element of a list is the one that is named: by its index, by its value, or by
// keys. A key that the element leaves to the server's default counts as equal, unless it has none of the keys.
func isElement(v any, i int, element string) bool {
	if value, ok := strings.CutPrefix(element, "="); ok {
		return ValueText(v) == value
	}
	if n, err := strconv.Atoi(element); err == nil {
		return n == i
	}
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	found := false
	for _, pair := range cutPairs(element) {
		key, value, _ := strings.Cut(pair, "=")
		if own, has := m[key]; has {
			if ValueText(own) != value {
				return false
			}
			found = true
		}
	}
	return found
}

// cutPairs cuts at commas outside of quotes.
func cutPairs(s string) []string {
	var out []string
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			out, from = append(out, s[from:i]), i+1
		}
	}
	return append(out, s[from:])
}

// PathAt is the path of a place as a Field has it.
func PathAt(at any, place []any) string {
	path := ""
	for _, step := range place {
		switch s := step.(type) {
		case string:
			path = joinPath(path, s)
		case int:
			list, _ := at.([]any)
			name := strconv.Itoa(s)
			if names := elementNames(list); names != nil {
				name = names[s]
			}
			path += "[" + name + "]"
		}
		at = child(at, step)
	}
	return path
}

func child(at, step any) any {
	switch s := step.(type) {
	case string:
		m, _ := at.(map[string]any)
		return m[s]
	case int:
		list, _ := at.([]any)
		return list[s]
	}
	return nil
}

// ValueOf is what stands at a place.
func ValueOf(at any, place []any) any {
	for _, step := range place {
		at = child(at, step)
	}
	return at
}

// Drop takes what stands at a place out of an object, and every map and list that has become empty by that. It returns
// what is left; nil when nothing is.
func Drop(at any, place []any) any {
	if len(place) == 0 {
		return nil
	}
	rest := Drop(child(at, place[0]), place[1:])
	switch s := place[0].(type) {
	case string:
		m, _ := at.(map[string]any)
		if m[s] = rest; rest == nil {
			delete(m, s)
		}
		if len(m) == 0 {
			return nil
		}
		return m
	case int:
		list, _ := at.([]any)
		if rest == nil {
			list = slices.Delete(list, s, s+1)
		} else {
			list[s] = rest
		}
		if len(list) == 0 {
			return nil
		}
		return list
	}
	return at
}
