package unittest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const pathDocument = `
a: {b: [1, 2, 3, 4], "c.d/e": x}
list:
  - {name: one, n: 1, ok: true}
  - {name: two, n: 2}
  - {name: three, n: 3, none: null}
deep: {name: four, more: {name: five}}
`

func TestPaths(t *testing.T) {
	for path, want := range map[string]string{
		"":                                     "whole",
		"$":                                    "whole",
		"a.b[0]":                               "1",
		"$.a.b[-1]":                            "4",
		"a.b[1:3]":                             "2 3",
		"a.b[::2]":                             "1 3",
		"a.b[::-1]":                            "4 3 2 1",
		"a.b[0,2]":                             "1 3",
		"a.b[9]":                               "",
		"a.b[*]":                               "1 2 3 4",
		"a.b.*":                                "1 2 3 4",
		`a["c.d/e"]`:                           "x",
		`a['c.d/e']`:                           "x",
		`["a"]["c.d/e"]`:                       "x",
		"list[*].name":                         "one two three",
		`list[?(@.name == "two")].n`:           "2",
		`list[?(@.name=='two')].n`:             "2",
		"list[?(@.n > 1)].name":                "two three",
		"list[?(@.n >= 1 && @.n < 3)].name":    "one two",
		"list[?(@.n == 1 || @.n == 3)].name":   "one three",
		"list[?(!(@.n == 1))].name":            "two three",
		"list[?(@.ok)].name":                   "one",
		"list[?(@.ok == true)].name":           "one",
		"list[?(@.none == null)].name":         "three",
		"list[?(@.name =~ /^t.*/)].n":          "2 3",
		"list[?(@.n == $.a.b[1])].name":        "two",
		"a.b[?(@ > 2)]":                        "3 4",
		"..name":                               "one two three five four",
		"deep..name":                           "five four",
		"list..[?(@.n)].name":                  "one two three",
		"a.b~":                                 "b",
		"deep.*~":                              "",
		"deep[*]~":                             "name more",
		`list[?(@.name == "two" && @.x)].n`:    "",
		`list[?(@.name != "two")].n`:           "1 3",
		`list[?(@["name"] == "one")]["n"]`:     "1",
		"list.name":                            "",
		"no.such":                              "",
		"deep[?(@.name == 'four')].more.name":  "five",
		`list[?(@.n > 1)][?(@.n > 2)].name`:    "three",
		`list[?((@.n > 1) && (@.n < 3))].name`: "two",
		"list[?(@.name == 'a)b' || @.n==1)].n": "1",
		`list[0]['name', "n"]`:                 "one 1",
		`list[?(@.n == 1.0)].name`:             "one",
		`list[?(@.name > 0)].name`:             "",
		`list[?(@.name =~ /o\/?n/ )].name`:     "one",
		`$..[?(@.name=='five')].name`:          "five",
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(pathDocument), &doc); err != nil {
			t.Fatal(err)
		}
		p, err := ParsePath(path)
		if err != nil {
			t.Error(err)
			continue
		}
		nodes, err := p.Find(doc.Content[0])
		if err != nil {
			t.Error(err)
		}
		var got []string
		for _, n := range nodes {
			if n == doc.Content[0] {
				n = &yaml.Node{Value: "whole"}
			}
			got = append(got, n.Value)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestWrongPaths(t *testing.T) {
	for path, want := range map[string]string{
		"a[":               "path a[: at character 3: the closing ] is missing",
		"a[]":              `path a[]: at character 4: []: "" is no number; names stand in quotes`,
		"a[x]":             `path a[x]: at character 5: [x]: "x" is no number; names stand in quotes`,
		"a..":              "path a..: at character 4: a name or a bracket is missing after the two dots",
		"a.":               "path a.: at character 3: a name is missing after the dot",
		"a[::0]":           "path a[::0]: at character 7: [::0]: the step of a slice must not be 0",
		"a[?(@.b == )]":    `path a[?(@.b == )]: at character 12: "" is neither a path (@.name), a number, a text in quotes, true, false nor null`,
		"a[?(@.b == 'x)]":  "path a[?(@.b == 'x)]: at character 12: the closing ' is missing",
		"a[?(@.b =~ 'x')]": "path a[?(@.b =~ 'x')]: at character 12: =~ stands between a path and a /regular expression/",
		"a[?(@.b":          "path a[?(@.b: at character 8: the closing )] of the filter is missing",
		"a b":              `path a b: at character 2: " b" is not understood`,
		`a["b]`:            `path a["b]: at character 3: the closing " is missing`,
		"a~.b":             "path a~.b: at character 3: ~ must end the path",
		"a[?(((((((((((((((((((((((((((((((((((((((((((((((((((((((((@.b": "path a[?(((((((((((((((((((((((((((((((((((((((((((((((((((((((((@.b: at character 54: filters are nested too deep",
	} {
		if _, err := ParsePath(path); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", path, err, want)
		}
	}
}

func TestSetPaths(t *testing.T) {
	for text, want := range map[string]any{
		"a.b":        map[string]any{"a": map[string]any{"b": 1}},
		"a[1].b":     map[string]any{"a": []any{nil, map[string]any{"b": 1}}},
		"a.[b.c/d]":  map[string]any{"a": map[string]any{"b.c/d": 1}},
		`a["b.c"].d`: map[string]any{"a": map[string]any{"b.c": map[string]any{"d": 1}}},
		`a['b.c']`:   map[string]any{"a": map[string]any{"b.c": 1}},
		"a[0][1]":    map[string]any{"a": []any{[]any{nil, 1}}},
		`a.b\.c`:     map[string]any{"a": map[string]any{`b\`: map[string]any{"c": 1}}},
	} {
		path, err := setPath(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(want, place(1, path)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"", "a.", "a..b", "a[x]", "a[-1]", "a[99999999]", "a,b", "a=b", "a[0", "a[0]b", `a["b]`} {
		if _, err := setPath(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestDiffLines(t *testing.T) {
	for _, c := range []struct{ want, got, diff string }{
		{"a", "b", "-a|+b"},
		{"a\nb\nc\nd\ne\nf", "a\nb\nc\nX\ne\nf", " ...| b| c|-d|+X| e| f"},
		{"a\nb", "a\nb\nc", " a| b|+c"},
		{"", "a", "+a"},
	} {
		if diff := cmp.Diff(c.diff, strings.Join(diffLines(c.want, c.got), "|")); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"a.b[0]", `a["b.c"]`, `l[?(@.n == "x" && !(@.m > 1.5) || @.o =~ /a\/b/)].c`, "..a[*]~", "a[1:2:-1,3]"} {
		f.Add(seed)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(pathDocument), &doc); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		if nodes, err := p.Find(doc.Content[0]); err == nil && len(nodes) > maxFound {
			t.Errorf("%d nodes", len(nodes))
		}
		_, _ = setPath(text)
	})
}

func FuzzParseSuites(f *testing.F) {
	f.Add("suite: a\ntests:\n  - it: b\n    set: {a.b: 1}\n    asserts:\n      - equal: {path: a, value: 1}\n---\ntests: []\n")
	f.Add("tests: &t\n  - asserts: [{matchRegex: {path: a, pattern: \"\\d\"}}]\n    <<: {it: x}\n")
	f.Add("tests: [{asserts: [{contains: {path: a, content: {}, count: 1}, documentSelector: {path: x}}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		suites, problems, _ := ParseSuites("a_test.yaml", []byte(text))
		for _, p := range problems {
			if p.Line < 0 || p.Line > strings.Count(text, "\n")+2 {
				t.Errorf("%s: the file has %d lines", p, strings.Count(text, "\n")+1)
			}
		}
		for _, s := range suites {
			for _, test := range s.Tests {
				if len(test.Assertions) == 0 {
					t.Error("a test without assertions")
				}
			}
		}
	})
}
