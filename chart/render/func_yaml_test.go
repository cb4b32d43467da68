package render

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// checkMarshal compares with the library that Helm uses.
func checkMarshal(t *testing.T, v any) {
	t.Helper()
	want, wantErr := yaml.Marshal(v)
	got, err := marshalYAML(v)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%#v: error %v, through JSON %v", v, err, wantErr)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Fatalf("%#v: differs (-through JSON +ours):\n%s", v, diff)
	}
}

func TestMarshalYAML(t *testing.T) {
	for _, v := range []any{
		nil, true, "", "a", "true", "yes", "1", "1e3", " a", "a ", "a\nb", "a\nb\n", "\n", "a\r\nb", "a\tb", "\u2028", "\x7f", "\xff", "\x01", "é", "😀", "\ufeff",
		"a: b", "- a", "#a", "a #b", "{a}", "'", `"`, "\\", "<<", "=", "~", "null", "2024-01-02", "0x1f", "010", ".5", "1_000", "12:30:45",
		1, int64(-5), 1.0, math.Copysign(0, -1), 1.5, 1e6, 1e20, 1e21, 1e300, 1e-7, 123456789012345678.0, float64(1 << 62), -float64(1 << 63), math.MaxUint64 / 2.0,
		math.Inf(1), []any{}, []any(nil), map[string]any{}, map[string]any(nil), []string{"b", "a"}, map[string]string{"b": "1", "a": "x"},
		map[string]any{"b": 1.0, "a": []any{1.0, map[string]any{"x": nil}}, "10": 1, "9": 1, "a10": 1, "a9": 1, "A": 1, "": 1},
		map[string]any{"<<": map[string]any{"a": 1}}, map[string]any{"\x01": 1}, values{"a": map[string]any{"b": 2.0}},
		map[string]any{"a": map[string]any{}, "b": []any{}, "c": map[string]any(nil), "d": []any(nil)}, map[string]any{"a": map[string]any{"b": []any{map[string]any{"c": 1, "d": []any{[]any{1, 2}, []any{}}}, "x", nil}}},
		"100m", "5Gi", "0.1.0", "1.2.3", "8080", "1.5", "0", "0m", "00", "1e", "1e5", "1x", "0x1", "1_0", "1.", "1..2", "2001.01.02", "y", "n", "Y", "on", "On", "Null", "off", "trueish", "nginx:1.25", "a:b:c", "12:30", "a: ", "a:", "a b", "a  b", "a -b", "a #", "http://x/y",
		map[string]any{"y": 1}, map[string]any{"true": 1}, map[string]any{"a-b": 1, "a.b": 1, "a/b": 1, "a_b": 1, "aB": 1, "ab": 1, "a": 1, "a:b": 1, "a b": 1}, map[string]any{"a1": 1, "b2": 1, "a": 1},
		map[string]any{"text": strings.Repeat("word ", 20) + "end"}, map[string]any{strings.Repeat("k", 64): 1, strings.Repeat("l", 65): 1, strings.Repeat("m", 129): 1}, []any{strings.Repeat("a", 75) + " b", strings.Repeat("a", 76) + " b", strings.Repeat("a", 79) + " b"},
		struct{ A int }{1}, []int{1, 2}, []byte("ab"), json.Number("1"), uint8(3), float32(1.5), map[int]string{1: "a"},
	} {
		checkMarshal(t, v)
	}
}

// Values made of the parts that YAML reads in its own way. Maps have one key: of such keys the library's order is not
// always the same.
func TestMarshalRandomYAML(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "y", "No", "true", "off", "null", "e", "E", "x", "1", "0", "9", "12", "m", "Gi", ".", ":", "/", "-", " ", "_", "+", "~", "#", "word ", "A"}
	text := func() string {
		var b strings.Builder
		for range random.IntN(5) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		return b.String()
	}
	var value func(depth int) any
	value = func(depth int) any {
		switch n := random.IntN(10); {
		case n < 2 && depth < 4:
			m := map[string]any{}
			for range random.IntN(2) {
				m[text()] = value(depth + 1)
			}
			return m
		case n < 4 && depth < 4:
			list := make([]any, random.IntN(4))
			for i := range list {
				list[i] = value(depth + 1)
			}
			return list
		case n == 4:
			return []any{nil, true, 7, int64(-1), 2.0, 0.5, []any(nil), map[string]any(nil)}[random.IntN(8)]
		}
		return text()
	}
	for range 5000 {
		checkMarshal(t, value(0))
	}
}

func FuzzMarshalYAML(f *testing.F) {
	f.Add([]byte(`{"a": [1, 2.5, "x: y", null, {"b": true}]}`))
	f.Add([]byte(`{"k\u0001": "\ud800", "multi": "a\n\nb\n"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if json.Unmarshal(data, &v) == nil {
			checkMarshal(t, v)
		}
	})
}
