package unittest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// maxIndex bounds the lists that a set path makes.
const maxIndex = 65536

// setPath reads a key of a "set" section: a.b[0].c. A key that has dots stands in
// brackets, with or without quotes: a.[b.c], a["b.c"]. The elements are strings
// for keys and ints for indexes.
func setPath(text string) ([]any, error) {
	var out []any
	rest := text
	for first := true; rest != "" || first; first = false {
		var element any
		var err error
		if strings.HasPrefix(rest, "[") {
			afterName := !first && !strings.HasSuffix(text[:len(text)-len(rest)], ".")
			element, rest, err = bracketElement(rest, afterName)
		} else {
			element, rest, err = nameElement(rest)
		}
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", text, err)
		}
		out = append(out, element)
		if dotted, ok := strings.CutPrefix(rest, "."); ok {
			if rest = dotted; rest == "" {
				return nil, fmt.Errorf("set %s: a key is missing after the last dot", text)
			}
		} else if rest != "" && rest[0] != '[' {
			return nil, fmt.Errorf("set %s: a dot or a bracket must follow ]", text)
		}
	}
	return out, nil
}

func nameElement(text string) (element any, rest string, err error) {
	name := text
	if i := strings.IndexAny(text, ".[],{}="); i >= 0 {
		name, rest = text[:i], text[i:]
	}
	if rest != "" && rest[0] != '.' && rest[0] != '[' {
		return nil, "", fmt.Errorf("%q must stand in brackets and quotes", rest[:1])
	}
	if name == "" {
		return nil, "", fmt.Errorf("a key is missing")
	}
	return name, rest, nil
}

// bracketElement reads [0] after a name, a key in brackets otherwise.
func bracketElement(text string, afterName bool) (element any, rest string, err error) {
	for _, quote := range []string{`"`, "'"} {
		if !strings.HasPrefix(text, "["+quote) {
			continue
		}
		name, rest, ok := strings.Cut(text[2:], quote+"]")
		if !ok {
			return nil, "", fmt.Errorf("the closing %s] is missing", quote)
		}
		return name, rest, nil
	}
	inner, rest, ok := strings.Cut(text[1:], "]")
	if !ok {
		return nil, "", fmt.Errorf("the closing ] is missing")
	}
	if !afterName {
		return inner, rest, nil
	}
	index, err := strconv.Atoi(inner)
	if err != nil || index < 0 || index > maxIndex {
		return nil, "", fmt.Errorf("[%s] is no index of a list; quote a key: [%q]", inner, inner)
	}
	return index, rest, nil
}

// place builds the value that has v at a path, and nulls before it in lists.
func place(v any, path []any) any {
	for _, element := range slices.Backward(path) {
		switch e := element.(type) {
		case int:
			list := make([]any, e+1)
			list[e] = v
			v = list
		case string:
			v = map[string]any{e: v}
		}
	}
	return v
}

// setValues merges a "set" section over values. Keys apply in alphabetic order,
// so that a.b wins over a.
func setValues(values, set map[string]any) (map[string]any, error) {
	for _, text := range sortedKeys(set) {
		path, err := setPath(text)
		if err != nil {
			return nil, err
		}
		value, err := yaml.JSONValue(set[text])
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", text, err)
		}
		values = chart.MergeMaps(values, place(value, path).(map[string]any))
	}
	return values, nil
}
