package yaml

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// JSONValue turns what a YAML library made of a document into what a JSON decoder
// would have made of it: maps with string keys, lists, strings, bools, nil and
// float64; a date is a text. It changes nothing in v. Keys that are maps, lists or
// null, and the numbers NaN and infinity, are errors that name the keys above them.
func JSONValue(v any) (any, error) {
	switch v := v.(type) {
	case map[any]any:
		return jsonMap(v)
	case map[string]any:
		return JSONMap(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = JSONValue(e); err != nil {
				return nil, err
			}
		}
		return out, nil
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
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	}
	return v, nil
}

// JSONMap is JSONValue of a map whose keys are strings already.
func JSONMap(in map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(in))
	for key, e := range in {
		v, err := JSONValue(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		out[validUTF8(key)] = v
	}
	return out, nil
}

func jsonMap(in map[any]any) (map[string]any, error) {
	out := make(map[string]any, len(in))
	for k, e := range in {
		key, err := jsonKey(k)
		if err != nil {
			return nil, err
		}
		if out[key], err = JSONValue(e); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return out, nil
}

func jsonKey(k any) (string, error) {
	switch k := k.(type) {
	case nil:
		return "", errors.New("a key is empty: the text before the colon is null")
	case string:
		return validUTF8(k), nil
	case int:
		return strconv.Itoa(k), nil
	case int64:
		return strconv.FormatInt(k, 10), nil
	case bool:
		return strconv.FormatBool(k), nil
	case float64:
		return floatKey(k), nil
	case time.Time:
		return k.Format(time.RFC3339Nano), nil
	}
	return "", fmt.Errorf("a key must be a scalar, not %v", k)
}

// floatKey prints a number of 32 bits, as sigs.k8s.io/yaml does.
func floatKey(f float64) string {
	switch s := strconv.FormatFloat(f, 'g', -1, 32); s {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	case "NaN":
		return ".nan"
	default:
		return s
	}
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
