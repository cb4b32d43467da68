package jsonschema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// kindOf is the type of a value, 0 if JSON has no such value. A number is an
// integer only when somebody asks (isInteger).
func kindOf(v any) kind {
	switch v := v.(type) {
	case nil:
		return kindNull
	case bool:
		return kindBoolean
	case string:
		return kindString
	case []any:
		return kindArray
	case map[string]any:
		return kindObject
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0
		}
		return kindNumber
	case float32:
		return kindOf(float64(v))
	case json.Number, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return kindNumber
	}
	return 0
}

// exact is a number without rounding, nil if v is none.
func exact(v any) *big.Rat {
	if kindOf(v) != kindNumber {
		return nil
	}
	text := fmt.Sprint(v)
	if r, ok := new(big.Rat).SetString(text); ok {
		return r
	}
	return nil
}

func isInteger(v any) bool {
	switch v := v.(type) {
	case float64:
		return v == math.Trunc(v)
	case int, int64:
		return true
	}
	r := exact(v)
	return r != nil && r.IsInt()
}

// equal compares two values as JSON does: 1 is 1.0. It adds what it compares to
// cost.
func equal(a, b any, cost *int) bool {
	*cost++
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !equal(v, w, cost) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, func(v, w any) bool { return equal(v, w, cost) })
	case nil, bool, string:
		k := kindOf(b)
		return k != kindObject && k != kindArray && a == b
	}
	x, y := exact(a), exact(b)
	return x != nil && y != nil && x.Cmp(y) == 0
}

// canonical is a text that is the same for equal values.
func canonical(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		b.WriteByte('{')
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(strconv.Quote(k))
			canonical(b, v[k])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for _, e := range v {
			canonical(b, e)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case string:
		b.WriteString(strconv.Quote(v))
	default:
		if r := exact(v); r != nil {
			b.WriteString(r.RatString())
		} else {
			fmt.Fprint(b, v)
		}
	}
}
