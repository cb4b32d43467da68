package render

import (
	"encoding/json"
	"math"
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
		struct{ A int }{1}, []int{1, 2}, []byte("ab"), json.Number("1"), uint8(3), float32(1.5), map[int]string{1: "a"},
	} {
		checkMarshal(t, v)
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
