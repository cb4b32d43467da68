package unittest

import (
	"cmp"
	"fmt"
	"reflect"
)

func parseContains(p params) (check, error) {
	path, err := p.path()
	var content any
	var count *int
	var part bool
	if err = cmp.Or(err, p.readAll("content", &content, "count", &count, "any", &part)); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			list, ok := got.([]any)
			if !ok {
				return verdict{fatal: "it is no list: " + show(got)}
			}
			found := countEqual(list, content, part)
			v := verdict{
				holds:   found > 0,
				message: fmt.Sprintf("the list does not contain\n%s\nit is\n%s", show([]any{content}), show(got)),
				opposed: fmt.Sprintf("the list must not contain\n%s", show([]any{content})),
			}
			if count != nil {
				v.holds = found > 0 && found == *count
				if found > 0 {
					v.message = fmt.Sprintf("the list contains %d times, not %d\n%s\nit is\n%s", found, *count, show([]any{content}), show(got))
				}
			}
			return v
		})
	}, nil
}

// countEqual counts the elements of a list that are equal to want or, with part
// and for maps, have all its entries.
func countEqual(list []any, want any, part bool) int {
	n := 0
	wanted, wantMap := want.(map[string]any)
	for _, e := range list {
		if got, isMap := e.(map[string]any); part && isMap && wantMap {
			if hasEntries(got, wanted) {
				n++
			}
		} else if reflect.DeepEqual(e, want) {
			n++
		}
	}
	return n
}

// hasEntries reports whether a map has the entries of another.
func hasEntries(m, entries map[string]any) bool {
	for k, v := range entries {
		if !reflect.DeepEqual(m[k], v) {
			return false
		}
	}
	return true
}

func parseSubset(p params) (check, error) {
	path, err := p.path()
	var content any
	if err = cmp.Or(err, p.read("content", &content)); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			m, isMap := got.(map[string]any)
			want, wantMap := content.(map[string]any)
			if !isMap || !wantMap {
				return verdict{fatal: "it must be compared map with map, and is: " + show(got)}
			}
			return verdict{
				holds:   hasEntries(m, want),
				message: "it lacks entries",
				diff:    missingEntries(m, want),
				opposed: "it must not have the entries\n" + show(content),
			}
		})
	}, nil
}

func missingEntries(m, want map[string]any) []string {
	var out []string
	for _, k := range sortedKeys(want) {
		if reflect.DeepEqual(m[k], want[k]) {
			continue
		}
		actual := ""
		if v, ok := m[k]; ok {
			actual = show(map[string]any{k: v})
		}
		out = append(out, diffLines(show(map[string]any{k: want[k]}), actual)...)
	}
	return out
}
