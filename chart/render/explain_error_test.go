package render_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart/render"
)

const nestedHelpers = "{{ define \"outer\" }}\n{{ include \"inner\" . }}{{ end }}\n{{ define \"inner\" }}x{{ .Values.none.deep }}{{ end }}"

var errorCases = map[string]struct {
	files   map[string]string
	want    string   // the message
	details []string // under it
}{
	"nil pointer": {
		files: map[string]string{"templates/a.yaml": "kind: A\nx: {{ .Values.a.b.c }}\n"},
		want:  "render web/templates/a.yaml:2:14: .Values.a is not set, so it has no b",
		details: []string{
			"web/templates/a.yaml:2:14: x: {{ .Values.a.b.c }}",
			"                                 ^^^^^^^^^^^^^",
		},
	},
	"through includes": {
		files: map[string]string{"templates/_h.tpl": nestedHelpers, "templates/a.yaml": "kind: A\nx: {{ include \"outer\" . }}\n"},
		want:  "render web/templates/_h.tpl:3:32: .Values.none is not set, so it has no deep (from web/templates/a.yaml:2:7 through 1 more)",
		details: []string{
			`web/templates/a.yaml:2:7: include "outer" .`,
			`web/templates/_h.tpl:2:4: include "inner" .`,
			`web/templates/_h.tpl:3:32: {{ define "inner" }}x{{ .Values.none.deep }}{{ end }}`,
			"                                                   ^^^^^^^^^^^^^^^^^",
		},
	},
	"in a tpl text": {
		files: map[string]string{"templates/a.yaml": "kind: A\nx: {{ tpl \"{{ .Values.a.b }}\" . }}\n"},
		want:  "render tpl:1:11: .Values.a is not set, so it has no b (from web/templates/a.yaml:2:7)",
		details: []string{
			`web/templates/a.yaml:2:7: tpl "{{ .Values.a.b }}" .`,
		},
	},
	"a tpl text that does not parse": {
		files: map[string]string{"templates/a.yaml": "x: {{ tpl \"a\\n{{ if }}\" . }}\n"},
		want:  "render web/templates/a.yaml:1:7: at <tpl \"a\\n{{ if }}\" .>: the text given to tpl does not parse: line 2: missing value for if",
		details: []string{
			`web/templates/a.yaml:1:7: x: {{ tpl "a\n{{ if }}" . }}`,
			"                                ^^^^^^^^^^^^^^^^^^^",
		},
	},
	"required": {
		files: map[string]string{"templates/a.yaml": "x: {{ required \"set .Values.x, please\" .Values.x }}\n"},
		want:  "set .Values.x, please (web/templates/a.yaml:1:7)",
		details: []string{
			`web/templates/a.yaml:1:7: x: {{ required "set .Values.x, please" .Values.x }}`,
			"                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
			".Values.x is not set",
		},
	},
	"fail in an include": {
		files: map[string]string{"templates/_h.tpl": `{{ define "h" }}{{ fail "no way" }}{{ end }}`, "templates/a.yaml": "{{ include \"h\" . }}"},
		want:  "no way (web/templates/_h.tpl:1:20, from web/templates/a.yaml:1:4)",
		details: []string{
			`web/templates/a.yaml:1:4: include "h" .`,
			`web/templates/_h.tpl:1:20: {{ define "h" }}{{ fail "no way" }}{{ end }}`,
			"                                              ^^^^^^^^^^^^^",
		},
	},
	"no such template": {
		files: map[string]string{"templates/a.yaml": `{{ include "nope" . }}`},
		want:  `render web/templates/a.yaml:1:4: at <include "nope" .>: include nope: no template with this name`,
		details: []string{
			`web/templates/a.yaml:1:4: {{ include "nope" . }}`,
			"                             ^^^^^^^^^^^^^^^^",
		},
	},
	"syntax": {
		files: map[string]string{"templates/a.yaml": "kind: A\n{{ if }}\n"},
		want:  "render web/templates/a.yaml:2: missing value for if",
		details: []string{
			"web/templates/a.yaml:2: {{ if }}",
		},
	},
	"a wrong type": {
		files: map[string]string{"values.yaml": "a: text\n", "templates/a.yaml": "x: {{ .Values.a.b }}\n"},
		want:  `render web/templates/a.yaml:1:14: .Values.a is the string "text", from web/values.yaml:1, so it has no b`,
		details: []string{
			"web/templates/a.yaml:1:14: x: {{ .Values.a.b }}",
			"                                 ^^^^^^^^^^^",
		},
	},
	"invalid YAML": {
		files: map[string]string{"templates/a.yaml": "kind: A\n---\nkind: B\na: 1\nb: {{ \"c: d\" }}\ne: 2\n"},
		want:  "render web/templates/a.yaml:5: invalid YAML: mapping values are not allowed in this context (rendered line 5)",
		details: []string{
			"     2 | ---",
			"     3 | kind: B",
			"     4 | a: 1",
			">    5 | b: c: d",
			"     6 | e: 2",
			"     7 |",
			`web/templates/a.yaml:5: b: {{ "c: d" }}`,
		},
	},
	"in a loop over values": {
		files: map[string]string{"values.yaml": "list:\n  - a\n", "templates/a.yaml": "{{ if true }}{{ end }}{{ range .Values.list }}\n- {{ .name }}\n{{ end }}"},
		want:  `render web/templates/a.yaml:2:6: inside range .Values.list (web/values.yaml:1), . is the string "a", so it has no name`,
		details: []string{
			"web/templates/a.yaml:2:6: - {{ .name }}",
			"                               ^^^^^",
		},
	},
	"invalid YAML in two includes": {
		files: map[string]string{
			"templates/_h.tpl": "{{ define \"outer\" }}\na: b\n{{ include \"inner\" . }}\n{{ end }}\n{{ define \"inner\" }}{{ if true }}\n  c: d\n{{ end }}{{ end }}",
			"templates/a.yaml": "kind: A\n# one\n{{ if true }}\ndata:\n{{- include \"outer\" . | nindent 2 }}\n{{ end }}",
		},
		want: "render web/templates/a.yaml:5: invalid YAML: mapping values are not allowed in this context (rendered line 8)",
		details: []string{
			"     5 |",
			"     6 |   a: b",
			"     7 |",
			">    8 |     c: d",
			"     9 |",
			"    10 |",
			"    11 |",
			`web/templates/a.yaml:5: {{- include "outer" . | nindent 2 }}`,
			`web/templates/_h.tpl:3: {{ include "inner" . }}`,
			`web/templates/_h.tpl:6: c: d`,
		},
	},
	"invalid YAML in a Secret": {
		files: map[string]string{"templates/a.yaml": "kind: Secret\nmetadata:\n  name: a\nstringData:\n  user: me\n  url: {{ .Values.url }}\n", "values.yaml": "url: 'pw: x'\n"},
		want:  "render web/templates/a.yaml:6: invalid YAML: mapping values are not allowed in this context (rendered line 6)",
		details: []string{
			"     3 |   name: a",
			"     4 | stringData:",
			"     5 |   user: ***",
			">    6 |   url: ***",
			"     7 |",
			"web/templates/a.yaml:6: url: {{ .Values.url }}",
			".Values.url is a string, from web/values.yaml:1",
		},
	},
	"no map": {
		files: map[string]string{"templates/a.yaml": "only text\n"},
		want:  "render web/templates/a.yaml:1: invalid YAML: a manifest must be a map with apiVersion and kind (rendered line 1)",
		details: []string{
			">    1 | only text",
			"     2 |",
			"web/templates/a.yaml:1: only text",
		},
	},
}

func TestErrors(t *testing.T) {
	for name, test := range errorCases {
		t.Run(name, func(t *testing.T) {
			_, err := render.Render(t.Context(), load(t, test.files), nil, options)
			e, ok := errors.AsType[*render.Error](err)
			if !ok {
				t.Fatalf("error = %v, want a *render.Error", err)
			}
			if diff := cmp.Diff(test.want, e.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.details, e.Details()); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHints asks where a wrong value comes from.
func TestHints(t *testing.T) {
	c := load(t, map[string]string{
		"values.yaml":                 "sub:\n  parent: text\nglobal:\n  g: 1\n",
		"charts/sub/Chart.yaml":       "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"charts/sub/values.yaml":      "# head\nown: 5\nparent: {a: 1}\ngiven: {a: 1}\n",
		"charts/sub/templates/s.yaml": "{{ tpl .Values.which . }}",
	})
	opts := options
	opts.Origin = func(path []string) string {
		if len(path) == 2 && path[0] == "sub" && path[1] == "given" {
			return "--set sub.given=1"
		}
		return ""
	}
	for node, want := range map[string]string{
		".Values.own.x":       ".Values.own is 5, from web/charts/sub/values.yaml:2",
		".Values.parent.x":    `.Values.parent is the string "text", from web/values.yaml:2`,
		".Values.global.g.x":  ".Values.global.g is 1, from web/values.yaml:4",
		".Values.given.x":     ".Values.given is 1, from --set sub.given=1",
		"$.Values.none.x":     ".Values.none is not set",
		".Values.global.no.x": ".Values.global.no is not set",
		".Release.Name.x":     ".Release.Name is a string",
	} {
		user := map[string]any{"sub": map[string]any{"given": 1, "which": "{{ " + node + " }}"}}
		_, err := render.Render(t.Context(), c, user, opts)
		e, ok := errors.AsType[*render.Error](err)
		if !ok {
			t.Errorf("%s: error %v, want a *render.Error", node, err)
			continue
		}
		if e.Hint != want {
			t.Errorf("%s: hint %q, want %q", node, e.Hint, want)
		}
	}
}
