package chart

import (
	"io/fs"
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	files := map[string]string{
		"a.yaml": "# head\na:\n  b: 1\n  c: 2\nl:\n- x: 1\n- y: 2\n---\na:\n  d: 3\n",
		"b.yaml": "base: &base\n  k: 1\na: {c: 3}\nref: *base\n",
		"t.txt":  "text",
	}
	read := func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}
	src := ValueSources{
		Files: []string{"a.yaml", "b.yaml", "gone.yaml"}, JSON: []string{`j={"k": 1}`, `{"o": {"p": 1}}`},
		Set: []string{"s.t=1", "s.t=2,u[1].v=3"}, String: []string{"a.b=x"}, File: []string{"f=t.txt"}, Literal: []string{"lit=1"},
	}
	origins := src.Origins(read)
	for path, want := range map[string]string{
		"a.b": "--set-string a.b", "a.c": "b.yaml:3", "a.d": "a.yaml:10", "a": "--set-string a",
		"l.1.y": "a.yaml:7", "l.2": "", "ref.k": "b.yaml:2", "j.k": "--set-json j.k", "o.p": "--set-json o.p",
		"s.t": "--set s.t", "u.1.v": "--set u.1.v", "f": "--set-file f", "lit": "--set-literal lit", "none": "", "a.b.c": "",
	} {
		if got := src.Origin(strings.Split(path, "."), read); got != want {
			t.Errorf("origin of %s = %q, want %q", path, got, want)
		}
		if got := origins(strings.Split(path, ".")); got != want {
			t.Errorf("origins of %s = %q, want %q", path, got, want)
		}
	}
	c := &Chart{Raw: []*File{{Name: "values.yaml", Data: []byte(files["a.yaml"])}}}
	if got := c.ValueLine([]string{"a", "c"}); got != 4 {
		t.Errorf("line of a.c = %d, want 4", got)
	}
}
