package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// GlobalKey is the values section that every subchart sees as its own.
const GlobalKey = "global"

// ParseValues parses a values file: one or several YAML documents, merged in
// order, later ones win (facts/helm-format.md 4.10). An empty file is an empty
// map; a document that is a list or a scalar is an error.
func ParseValues(data []byte) (map[string]any, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrTooLarge, MaxFile>>20)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' { // Helm ends the last line, which a block scalar shows
		data = append(slices.Clip(data), '\n')
	}
	docs, err := valuesDocuments(string(data))
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for _, doc := range docs {
		v, err := yaml.Decode(doc.Text)
		if err != nil {
			if line, message := yaml.ErrorLine(err); line > 0 {
				return nil, &yaml.AtLine{Line: doc.Line - 1 + line, Message: message}
			}
			return nil, err
		}
		switch v := v.(type) {
		case nil:
		case map[string]any:
			values = MergeMaps(values, v)
		default:
			return nil, fmt.Errorf("values must be a map of keys, not %s", describe(v))
		}
	}
	return values, nil
}

// valuesDocuments cuts a values file into its documents; a line's carriage return goes.
func valuesDocuments(text string) ([]yaml.Document, error) {
	var docs []yaml.Document
	for doc := range yaml.Documents(strings.ReplaceAll(text, "\r\n", "\n")) {
		dashes, _, comment := strings.Cut(doc.Separator, "#")
		switch {
		case strings.TrimSpace(strings.TrimPrefix(dashes, "---")) != "":
			return nil, fmt.Errorf("invalid document separator %q: only a comment may follow ---", doc.Separator)
		case comment && doc.Line == 1: // a file's first line stays, as Helm leaves it: ---# is no comment there
			doc.Text = dashes + doc.Text
		case comment:
			_, doc.Text, _ = strings.Cut(doc.Text, "\n")
			doc.Line++
		}
		if docs = append(docs, doc); len(docs) > maxDocuments {
			return nil, fmt.Errorf("%w: more than %d documents in one file", ErrTooLarge, maxDocuments)
		}
	}
	return docs, nil
}

// describe names the kind of a decoded value as a user would.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the string %.40q", v)
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	}
	return fmt.Sprintf("the number %v", v)
}

// MergeMaps returns a with b merged over it: maps merge, everything else,
// null included, replaces. Neither argument is changed; they share what was
// not merged.
func MergeMaps(a, b map[string]any) map[string]any {
	if len(a) == 0 {
		return maps.Clone(b)
	}
	out := maps.Clone(a)
	for k, v := range b {
		over, isMap := v.(map[string]any)
		under, wasMap := out[k].(map[string]any)
		if isMap && wasMap {
			out[k] = MergeMaps(under, over)
			continue
		}
		out[k] = v
	}
	return out
}

// copyMap is a deep copy of decoded values; scalars are shared.
func copyMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = copyValue(v)
	}
	return out
}

func copyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return copyMap(v)
	case []any:
		if v == nil {
			return v
		}
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = copyValue(e)
		}
		return out
	}
	return v
}

// lookupTable follows a dotted path to a map.
func lookupTable(values map[string]any, path string) (map[string]any, bool) {
	for key := range strings.SplitSeq(path, ".") {
		table, ok := values[key].(map[string]any)
		if !ok {
			return nil, false
		}
		values = table
	}
	return values, true
}

// lookupScalar follows a dotted path to anything but a map.
func lookupScalar(values map[string]any, path string) (any, bool) {
	key := path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		var ok bool
		if values, ok = lookupTable(values, path[:i]); !ok {
			return nil, false
		}
		key = path[i+1:]
	}
	v, ok := values[key]
	if _, isTable := v.(map[string]any); isTable {
		return nil, false
	}
	return v, ok
}
