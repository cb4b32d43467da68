package chart

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	yaml2 "go.yaml.in/yaml/v2"
)

// DecodeYAML decodes the first YAML 1.1 document of data to maps with string
// keys, lists, strings, bools, nil and float64: every number is a float64,
// because Helm reads values through JSON (facts/helm-format.md 4.13). An empty
// document is nil. Keys that are no strings become strings; keys that are
// maps, lists or null, and the numbers NaN and infinity, are errors. Aliases
// are bounded by the decoder.
func DecodeYAML[T string | []byte](data T) (v any, err error) {
	if len(data) > maxYAMLBytes {
		return nil, fmt.Errorf("%w: a YAML document of more than %d MiB", ErrTooLarge, maxYAMLBytes>>20)
	}
	if v, ok := plainYAML(string(data)); ok {
		return v, nil
	}
	return fullYAML([]byte(data))
}

// DecodePlainYAML decodes what DecodeYAML does, but only a document in which no
// key stands twice, and not every one of those: ok says whether it did.
func DecodePlainYAML(data string) (v any, ok bool) {
	if len(data) > maxYAMLBytes {
		return nil, false
	}
	return plainYAML(data)
}

// fullYAML decodes all of YAML.
func fullYAML(data []byte) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, fmt.Errorf("yaml: %v", r)
		}
	}()
	if err := CheckYAML(data); err != nil {
		return nil, err
	}
	if err := yaml2.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	return jsonValue(v)
}

// CheckYAML refuses a document that the full decoder, whose nodes take up to a
// hundred times the room of their text, would need too much memory for. The
// error is ErrTooLarge.
func CheckYAML(data []byte) error {
	if len(data) > maxYAMLBytes {
		return fmt.Errorf("%w: a YAML document of more than %d MiB", ErrTooLarge, maxYAMLBytes>>20)
	}
	if len(data) < maxYAMLMarks {
		return nil
	}
	marks := 0
	for _, c := range data {
		switch c {
		case ',', ':', '-', '?', '[', '{', '\n':
			marks++
		}
	}
	if marks > maxYAMLMarks {
		return fmt.Errorf("%w: a YAML document of more than %d entries", ErrTooLarge, maxYAMLMarks)
	}
	return nil
}

// jsonValue turns what the YAML decoder made into what a JSON decoder would
// have made of the same document.
func jsonValue(v any) (any, error) {
	switch v := v.(type) {
	case map[any]any:
		return jsonMap(v)
	case []any:
		for i, e := range v {
			j, err := jsonValue(e)
			if err != nil {
				return nil, err
			}
			v[i] = j
		}
		return v, nil
	case string:
		return validUTF8(v), nil
	case int:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case uint64:
		return float64(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("the number %v has no place in JSON", v)
		}
		return v, nil
	}
	return v, nil
}

func jsonMap(in map[any]any) (map[string]any, error) {
	out := make(map[string]any, len(in))
	for k, e := range in {
		key, err := jsonKey(k)
		if err != nil {
			return nil, err
		}
		if out[key], err = jsonValue(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func jsonKey(k any) (string, error) {
	switch k := k.(type) {
	case string:
		return validUTF8(k), nil
	case int:
		return strconv.Itoa(k), nil
	case int64:
		return strconv.FormatInt(k, 10), nil
	case bool:
		return strconv.FormatBool(k), nil
	case float64: // 32 bits: what sigs.k8s.io/yaml prints
		switch s := strconv.FormatFloat(k, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return s, nil
		}
	}
	if k == nil {
		return "", errors.New("a key is empty: the text before the colon is null")
	}
	return "", fmt.Errorf("a key must be a scalar, not %v", k)
}

// validUTF8 replaces each invalid byte, which !!binary can smuggle in.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// splitDocuments cuts a YAML stream at lines that start with "---". The
// separator of the first document stays in it; a line's carriage return goes.
func splitDocuments(data []byte) ([][]byte, error) {
	var docs [][]byte
	var doc []byte
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if rest, ok := bytes.CutPrefix(line, []byte("---")); ok {
			rest = bytes.TrimSpace(rest)
			if len(rest) > 0 && rest[0] != '#' {
				return nil, fmt.Errorf("invalid document separator %q: only a comment may follow ---", line)
			}
			if len(doc) > 0 {
				docs = append(docs, doc)
				doc = nil
				if len(docs) > maxDocuments {
					return nil, fmt.Errorf("%w: more than %d documents in one file", ErrTooLarge, maxDocuments)
				}
				continue
			}
		}
		doc = append(append(doc, line...), '\n')
	}
	if len(doc) > 0 {
		docs = append(docs, doc)
	}
	return docs, nil
}
