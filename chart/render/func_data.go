package render

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/BurntSushi/toml"
	k8syaml "sigs.k8s.io/yaml"
	yaml3 "sigs.k8s.io/yaml/goyaml.v3"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// The functions of this file are Helm's: the to* ones swallow errors, the mustTo* ones panic, which text/template turns
// into an error, and the from* ones return their error as data (facts/helm-format.md 4.17).

func toYAMLPretty(v any) string {
	var b bytes.Buffer
	encoder := yaml3.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func fromYAML(s string) map[string]any {
	if v, err := yaml.Decode(s); err == nil {
		if m, ok := v.(map[string]any); ok {
			return m
		}
	}
	m := map[string]any{} // Helm's decoder makes Helm's message
	if err := k8syaml.Unmarshal([]byte(s), &m); err != nil {
		m["Error"] = err.Error()
	}
	return m
}

func fromYAMLArray(s string) []any {
	if v, err := yaml.Decode(s); err == nil {
		if list, ok := v.([]any); ok {
			return list
		}
	}
	list := []any{}
	if err := k8syaml.Unmarshal([]byte(s), &list); err != nil {
		list = []any{err.Error()}
	}
	return list
}

func toJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}

func mustToJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func fromJSON(s string) map[string]any {
	m := map[string]any{}
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		m["Error"] = err.Error()
	}
	return m
}

func fromJSONArray(s string) []any {
	list := []any{}
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		list = []any{err.Error()}
	}
	return list
}

func toTOML(v any) string {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(v); err != nil {
		return err.Error()
	}
	return b.String()
}

func mustToTOML(v any) string {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(v); err != nil {
		panic(err)
	}
	return b.String()
}

func fromTOML(s string) map[string]any {
	m := map[string]any{}
	if err := toml.Unmarshal([]byte(s), &m); err != nil {
		m["Error"] = err.Error()
	}
	return m
}
