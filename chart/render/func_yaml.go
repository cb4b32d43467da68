package render

import (
	"math"
	"strings"
	"unicode/utf8"

	yaml2 "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// marshalYAML is yaml.Marshal of sigs.k8s.io/yaml, which goes through JSON, without that detour where it cannot matter.
func marshalYAML(v any) ([]byte, error) {
	if direct, ok := yamlValue(v, 0); ok {
		return yaml2.Marshal(direct)
	}
	return yaml.Marshal(v)
}

// yamlValue turns a value into what the detour through JSON would make of it; ok is false if that is not certain.
func yamlValue(v any, depth int) (out any, ok bool) {
	if depth > 100 {
		return nil, false
	}
	switch v := v.(type) {
	case nil, bool, int, int64:
		return v, true
	case string:
		return v, plainString(v)
	case float64:
		return yamlNumber(v)
	case map[string]any:
		return yamlMap(v, depth)
	case values:
		return yamlMap(v, depth)
	case map[string]string:
		if v == nil {
			return nil, true
		}
		m := make(map[string]any, len(v))
		for k, s := range v {
			m[k] = s
		}
		return yamlMap(m, depth)
	case []any:
		return yamlList(v, depth)
	case []string:
		return yamlList(anySlice(v), depth)
	}
	return nil, false
}

// yamlNumber makes whole numbers integers, as JSON prints them.
func yamlNumber(f float64) (any, bool) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, false
	case f != math.Trunc(f):
		return f, true
	case math.Abs(f) < 1<<53:
		return int64(f), true
	}
	return nil, false // JSON has as many digits as tell it from its neighbours, then zeros
}

func yamlMap(in map[string]any, depth int) (any, bool) {
	if in == nil {
		return nil, true
	}
	out := make(map[string]any, len(in))
	for k, v := range in {
		if k == "<<" || len(k) > 128 || !plainString(k) {
			return nil, false
		}
		var ok bool
		if out[k], ok = yamlValue(v, depth+1); !ok {
			return nil, false
		}
	}
	return out, true
}

func yamlList(in []any, depth int) (any, bool) {
	if in == nil {
		return nil, true
	}
	out := make([]any, len(in))
	for i, v := range in {
		var ok bool
		if out[i], ok = yamlValue(v, depth+1); !ok {
			return nil, false
		}
	}
	return out, true
}

// plainString reports whether a string comes through JSON and YAML unchanged.
func plainString(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			return false
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || r < 0xA0 || r == 0x2028 || r == 0x2029 || r == 0xFEFF || r&0xFFFE == 0xFFFE {
			return false
		}
		i += n
	}
	return true
}

func toYAML(v any) string {
	data, err := marshalYAML(v)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(data), "\n")
}

func mustToYAML(v any) string {
	data, err := marshalYAML(v)
	if err != nil {
		panic(err)
	}
	return strings.TrimSuffix(string(data), "\n")
}
