package chart

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseValues(t *testing.T) {
	for text, want := range map[string]map[string]any{
		"":                                   {},
		"# only a comment\n":                 {},
		"null\n":                             {},
		"a: 1\n---\nb: 2\n---\na: {c: 3}\n":  {"a": map[string]any{"c": 3.0}, "b": 2.0},
		"---\na: {x: 1}\n--- # c\na: {z: 2}": {"a": map[string]any{"x": 1.0, "z": 2.0}},
		"a: 1\r\nb: x\r\n":                   {"a": 1.0, "b": "x"},
		"a: x---y\n":                         {"a": "x---y"},
	} {
		got, err := ParseValues([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"- a\n":           "not a list",
		"text\n":          `not the string "text"`,
		"1\n":             "not the number 1",
		"a: 1\n---b: 2\n": "invalid document separator",
		"a: b: c\n":       "mapping values are not allowed",
		"? {}\n: 1\n":     "invalid map key",
		"~: 1\n":          "a key is empty",
		bomb():            "excessive aliasing",
	} {
		if _, err := ParseValues([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: error %v, want it to say %q", text, err, want)
		}
	}
}

// bomb is a document whose aliases unfold to 10^9 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return b.String()
}

func TestParseSet(t *testing.T) {
	for _, test := range []struct {
		expr string
		want map[string]any
	}{
		{"a=1", map[string]any{"a": int64(1)}},
		{"a.b[1].c=x", map[string]any{"a": map[string]any{"b": []any{nil, map[string]any{"c": "x"}}}}},
		{"a=1,b=true,c=null,d=1.5,e=010,f=0", map[string]any{"a": int64(1), "b": true, "c": nil, "d": "1.5", "e": "010", "f": int64(0)}},
		{`a\.b=c\,d,e=\\`, map[string]any{"a.b": "c,d", "e": `\`}},
		{"a={b,1},c={}", map[string]any{"a": []any{"b", int64(1)}, "c": []any{""}}},
		{"a={b}c=1", map[string]any{"a": []any{"b"}, "c": int64(1)}},
		{"a=,b=1", map[string]any{"a": "", "b": int64(1)}},
		{"a=b=c", map[string]any{"a": "b=c"}},
		{"a[0][1]=x", map[string]any{"a": []any{[]any{nil, "x"}}}},
		{"", map[string]any{}},
		{"=1", map[string]any{}},
		{"a[0].b=", map[string]any{"a": []any{}}},
	} {
		got := map[string]any{}
		if err := ParseSet(test.expr, got); err != nil {
			t.Errorf("%s: %v", test.expr, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.expr, diff)
		}
	}
	for expr, want := range map[string]string{
		"a":                              "the key has no value",
		"a,b=1":                          "the key has no value",
		"a.b":                            "the key has no value",
		"a[-1]=1":                        "negative",
		"a[65537]=1":                     "above 65536",
		"a[x]=1":                         "no number",
		"a[0=1":                          "not closed",
		"a[0]b=1":                        "after a list index",
		"a={1":                           "must end with }",
		"a=1,a.b=1":                      "is a number, not a map",
		"a=1,a[0]=1":                     "not a list",
		"a[0]=1,a[0][0]=1":               "list item 0 is a number",
		strings.Repeat("a.", 31) + "a=1": "nested more than 30",
		strings.Repeat("a[65536]", 40) + strings.Repeat("[65536]", 40) + "=1": "after a list index",
		"a" + strings.Repeat("[65536]", 40) + "=1":                            "more than",
	} {
		if err := ParseSet(expr, map[string]any{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: error %v, want it to say %q", expr, err, want)
		}
	}
}

// TestSetErrorsQuoteNoValue gives what a user types wrong when the value is a
// secret, also one with a comma or a bracket in it.
func TestSetErrorsQuoteNoValue(t *testing.T) {
	for _, test := range []struct {
		src  ValueSources
		want string
	}{
		{ValueSources{Set: []string{"db.password[x]=hunter2"}}, "--set db.password[x]: a list index is no number"},
		{ValueSources{Set: []string{"db.password=hunter2,b"}}, `--set db.password: what follows a comma has no value: write key=value there, or \, for a comma within a value`},
		{ValueSources{Set: []string{"db.password=b,hunter2"}}, `--set db.password: what follows a comma has no value: write key=value there, or \, for a comma within a value`},
		{ValueSources{Set: []string{"db.password=b,[hunter2]=x"}}, "--set db.password: a list index is no number"},
		{ValueSources{Set: []string{"db.password={hunter2"}}, "--set db.password: a list must end with }"},
		{ValueSources{Set: []string{"db.password:hunter2"}}, "--set db.password: the key has no value: write key=value"},
		{ValueSources{Set: []string{"db.password hunter2"}}, "--set db.password: the key has no value: write key=value"},
		{ValueSources{Set: []string{"a[0]hunter2"}}, "--set a[0]: after a list index only =, . or [ may follow"},
		{ValueSources{Set: []string{"a=hunter2", "a.b=1"}}, `--set a.b: key "a" is a string, not a map`},
		{ValueSources{Set: []string{"a=hunter2", "a[0]=1"}}, `--set a[0]: key "a" is a string, not a list`},
		{ValueSources{JSON: []string{`db={"password":"hunter2"`}}, "--set-json db: invalid JSON: it ends too early"},
		{ValueSources{JSON: []string{`db=hunter2`}}, "--set-json db: invalid JSON: a mistake at character 1"},
		{ValueSources{JSON: []string{`{"db": hunter2}`}}, "--set-json: invalid JSON: a mistake at character 8"},
		{ValueSources{JSON: []string{`{"db": "hunter2"`}}, "--set-json: invalid JSON: it ends too early"},
		{ValueSources{String: []string{"db.password[x]=hunter2"}}, "--set-string db.password[x]: a list index is no number"},
	} {
		_, err := MergeValues(test.src, nil)
		if err == nil || err.Error() != test.want {
			t.Errorf("%+v:\n got %v\nwant %s", test.src, err, test.want)
		}
	}
}

func TestMergeValues(t *testing.T) {
	files := map[string]string{"a.yaml": "x: {q: 1, z: 1}\nl: [1, 2]\n", "b.yaml": "x: {z: null}\nl: [3]\n", "t.txt": "text\n", "list.yaml": "- 1\n"}
	read := func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
	got, err := MergeValues(ValueSources{
		Files:   []string{"a.yaml", "b.yaml"},
		JSON:    []string{`{"x": {"j": 1}}`, `k={"a": [1]},m=`},
		Set:     []string{"x.s=1", "l[1]=9"},
		String:  []string{"x.t=1"},
		File:    []string{"f=t.txt"},
		Literal: []string{"lit=a,b=c"},
	}, read)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"x": map[string]any{"q": 1.0, "z": nil, "j": 1.0, "s": int64(1), "t": "1"},
		"l": []any{3.0, int64(9)}, "k": map[string]any{"a": []any{1.0}}, "m": nil, "f": "text\n", "lit": "a,b=c",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		src  ValueSources
		want string
	}{
		{ValueSources{Files: []string{"gone.yaml"}}, "values file gone.yaml: file does not exist"},
		{ValueSources{Files: []string{"list.yaml"}}, "values file list.yaml: values must be a map"},
		{ValueSources{JSON: []string{"{"}}, "--set-json: invalid JSON"},
		{ValueSources{JSON: []string{"a=x"}}, "--set-json a: invalid JSON"},
		{ValueSources{Set: []string{"a"}}, "--set a: the key has no value"},
		{ValueSources{File: []string{"a=gone"}}, "--set-file a: file does not exist"},
	} {
		_, err := MergeValues(test.src, read)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want it to say %q", test.src, err, test.want)
		}
	}
	if _, err := MergeValues(ValueSources{Files: []string{"gone.yaml"}}, read); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want fs.ErrNotExist inside", err)
	}
}

// umbrella is a chart with two subcharts, for tests of the tree.
func umbrella() *Chart {
	sub := func(name string, values map[string]any) *Chart {
		return &Chart{Metadata: &Metadata{APIVersion: "v2", Name: name, Version: "1.0.0"}, Values: values}
	}
	return &Chart{
		Metadata: &Metadata{
			APIVersion: "v2", Name: "top", Version: "1.0.0",
			Dependencies: []*Dependency{
				{Name: "db", Version: "~1", Alias: "main", Condition: "main.enabled", ImportValues: []any{"port"}},
				{Name: "cache", Version: "*", Tags: []string{"extras"}},
			},
		},
		Values: map[string]any{"tags": map[string]any{"extras": false}, "main": map[string]any{"enabled": true}},
		Dependencies: []*Chart{
			sub("cache", nil),
			sub("db", map[string]any{"size": 1.0, "exports": map[string]any{"port": map[string]any{"port": 5432.0}}}),
		},
	}
}

func TestResolve(t *testing.T) {
	c := umbrella()
	got, warnings, err := c.Resolve(nil)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	var names []string
	for _, d := range got.Dependencies {
		names = append(names, d.Name())
	}
	if diff := cmp.Diff([]string{"main"}, names); diff != "" {
		t.Errorf("enabled (-want +got):\n%s", diff)
	}
	if got.Values["port"] != 5432.0 {
		t.Errorf("port = %v, want the imported one", got.Values["port"])
	}
	if diff := cmp.Diff(umbrella(), c); diff != "" {
		t.Errorf("the chart was changed (-want +got):\n%s", diff)
	}
	_, _, err = c.Resolve(map[string]any{"main": true})
	if _, ok := errors.AsType[*ValuesError](err); !ok || !strings.Contains(err.Error(), "value top.main is the boolean true, but main is a subchart") {
		t.Errorf("error = %v, want a *ValuesError about top.main", err)
	}
	_, warnings, err = c.Resolve(map[string]any{"main": map[string]any{"enabled": "yes"}, "tags": map[string]any{"extras": "on"}})
	if err != nil || len(warnings) != 2 {
		t.Errorf("warnings = %v (%v), want one for the condition and one for the tag", warnings, err)
	}
}

// TestResolveConcurrently has the race detector look at a shared chart.
func TestResolveConcurrently(t *testing.T) {
	c := umbrella()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			user := map[string]any{"global": map[string]any{"n": i}, "main": map[string]any{"size": nil}}
			resolved, _, err := c.Resolve(user)
			if err != nil {
				t.Error(err)
				return
			}
			values, _, err := Coalesce(resolved, user)
			if err != nil {
				t.Error(err)
				return
			}
			values["global"].(map[string]any)["n"] = "changed"
			delete(values, "main")
		})
	}
	group.Wait()
}

func FuzzParseSet(f *testing.F) {
	for _, seed := range []string{"a.b[2].c=v,d=w", "a={1,{2}", `a\=b=c\`, "a[0][1].b=,c=null", "a..b[=1", `a={"b":[1,2]},c=`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if len(expr) > 1<<10 {
			return
		}
		for mode := setTyped; mode <= setLiteral; mode++ {
			read := func(path string) ([]byte, error) { return []byte(path), nil }
			_ = parseSet(expr, map[string]any{"a": []any{nil, map[string]any{}}}, mode, read)
		}
	})
}

func FuzzParseValues(f *testing.F) {
	f.Add([]byte("a: 1\n---\nb: [x]\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		_, _ = ParseValues(data)
	})
}
