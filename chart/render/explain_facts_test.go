package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/chart/render"
)

const dotValues = `name: shop
port: 80
list: [a]
service: {port: 80}
config: {LOG: info, DB_PASSWORD: hunter2}
db: {x: 1}
hosts:
  - {name: shop.example.com}
  - {name: 5}
passwords: [hunter2]
empty: ""
nested: {list: [{deep: {a: 1}}]}
`

// dotCases are templates that take the dot for something else than it is, what is to be said of it, and the next step.
var dotCases = map[string]struct{ template, want, advice string }{
	"range over text": {
		`{{ range .Values.list }}{{ .Values.service.port }}{{ end }}`,
		`inside range .Values.list (web/values.yaml:3), . is the string "a", so it has no Values`, "$ is the root object there: write $.Values.service.port",
	},
	"with": {
		`{{ with .Values.service }}{{ .Values.service.port }}{{ end }}`,
		"inside with .Values.service (web/values.yaml:4), . is a map without Values", "$ is the root object there: write $.Values.service.port",
	},
	"range over a map, whose values may be secrets": {
		`{{ range $k, $v := .Values.config }}{{ .Release.Name }}{{ end }}`,
		"inside range .Values.config (web/values.yaml:5), . is a string, so it has no Release", "$ is the root object there: write $.Release.Name",
	},
	"range over numbers": {
		`{{ range .Values.db }}{{ .Values.x }}{{ end }}`,
		"inside range .Values.db (web/values.yaml:6), . is 1, so it has no Values", "$ is the root object there: write $.Values.x",
	},
	"range over secrets": {
		`{{ range .Values.passwords }}{{ .name }}{{ end }}`,
		"inside range .Values.passwords (web/values.yaml:10), . is a string, so it has no name", "",
	},
	"a key of an item": {
		`{{ range .Values.hosts }}{{ .name.x }}{{ end }}`,
		"inside range .Values.hosts (web/values.yaml:7), .name is a string, so it has no x", "",
	},
	"a key that an item lacks": {
		`{{ range .Values.hosts }}{{ .path.x }}{{ end }}`,
		"inside range .Values.hosts (web/values.yaml:7), . is a map without path", "",
	},
	"deep in an item": {
		`{{ range .Values.nested.list }}{{ .deep.b.c }}{{ end }}`,
		"inside range .Values.nested.list (web/values.yaml:12), .deep.b is not set, so it has no c", "",
	},
	"a variable of the loop": {
		`{{ range $i, $h := .Values.hosts }}{{ $h.path.x }}{{ end }}`,
		"$h.path is not set, so it has no x", "",
	},
	"the else of a with": {
		`{{ with .Values.none }}{{ else }}{{ .Values.name.x }}{{ end }}`,
		`.Values.name is the string "shop", from web/values.yaml:1, so it has no x`, "",
	},
	"the root within a loop": {
		`{{ range .Values.list }}{{ $.Values.name.x }}{{ end }}`,
		`.Values.name is the string "shop", from web/values.yaml:1, so it has no x`, "",
	},
	"a variable of the root": {
		`{{ $root := . }}{{ range .Values.list }}{{ $root.Values.name.x }}{{ end }}`,
		`.Values.name is the string "shop", from web/values.yaml:1, so it has no x`, "",
	},
	"a loop after a loop": {
		`{{ range .Values.list }}{{ end }}{{ .Values.name.x }}`,
		`.Values.name is the string "shop", from web/values.yaml:1, so it has no x`, "",
	},
	"with in range": {
		`{{ range .Values.hosts }}{{ with .name }}{{ .Chart.Name }}{{ end }}{{ end }}`,
		"inside with .name, . is a string, so it has no Chart", "$ is the root object there: write $.Chart.Name",
	},
	"an include of .Values": {
		`{{ include "h" .Values }}`,
		"in h, which was given .Values, . is a map without Values (from web/templates/a.yaml:1:4)", `give it the root object: include "h" .`,
	},
	"an include in a loop": {
		`{{ range .Values.list }}{{ include "h" . }}{{ end }}`,
		"in h, which was given ., . is a string, so it has no Values (from web/templates/a.yaml:1:28)", `give it the root object: include "h" $`,
	},
	"an include of a map that holds the root": {
		`{{ include "ctx" (dict "ctx" . "name" "x") }}`,
		`.Values.name is the string "shop", from web/values.yaml:1, so it has no x (from web/templates/a.yaml:1:4)`, "",
	},
	"an include of a map with values of its own": {
		`{{ include "h" (dict "Values" .Values.db) }}`,
		`in h, which was given (dict "Values" .Values.db), .Values.name is not set, so it has no x (from web/templates/a.yaml:1:4)`, `give it the root object: include "h" .`,
	},
	"an include that went well before": {
		`{{ range .Values.list }}{{ end }}{{ $n := include "good" .Values }}{{ .Values.name.x }}`,
		`.Values.name is the string "shop", from web/values.yaml:1, so it has no x`, "",
	},
	"a template of .Values": {
		`{{ template "h" .Values.service }}`,
		"in h, . is a map without Values", "",
	},
	"tpl in a loop": {
		`{{ range .Values.list }}{{ tpl "{{ .Values.name.x }}" . }}{{ end }}`,
		"in the text given to tpl, . is a string, so it has no Values (from web/templates/a.yaml:1:28)", "",
	},
	"what no chain names": {
		`{{ (index .Values.hosts 0).path.x }}`,
		"at <0>: a value that is not set has no x", "",
	},
	"another object": {`{{ .Chart.Nane.x }}`, ".Chart.Nane is not set, so it has no x", ""},
	"the pipe's value": {
		`{{ .Values.port | default .Chart.AppVersion | trunc 63 }}`,
		"trunc needs text, not a number: .Values.port is 80, from web/values.yaml:2", "let the template make it text: ... | toString",
	},
	"the function of an argument": {
		`{{ if hasKey .Values.list "a" }}{{ end }}`,
		"hasKey needs a map, not a list: .Values.list is a list, from web/values.yaml:3", "",
	},
	"the function in parentheses": {
		`{{ printf "%s-%s" .Release.Name (trunc 3 .Values.port) }}`,
		"trunc needs text, not a number: .Values.port is 80, from web/values.yaml:2", "let the template make it text: ... | toString",
	},
	"a number that is no int": {
		`{{ range until .Values.port }}{{ end }}`,
		"until needs a whole number, not a number: .Values.port is 80, from web/values.yaml:2", "let the template make it a whole number: ... | int",
	},
	"numbers of two types": {
		`{{ if gt .Values.port 1 }}{{ end }}`,
		"at <gt .Values.port 1>: incompatible types for comparison: float64 and int: .Values.port is 80, from web/values.yaml:2",
		"the numbers of values are no whole ones for templates: write (int .Values.port)",
	},
	"a number and text": {
		`{{ if eq .Values.port "80" }}{{ end }}`,
		"at <eq .Values.port \"80\">: incompatible types for comparison: float64 and string: .Values.port is 80, from web/values.yaml:2",
		"both sides must be of one type: write (toString .Values.port)",
	},
	"a loop over what a pipe gives": {
		`{{ range (.Values.name | upper) }}{{ end }}`,
		"range needs a list or a map: .Values.name is the string \"shop\", from web/values.yaml:1", "",
	},
	"a key with a dash": {
		`{{ .Values.service.my-port }}`,
		"bad character U+002D '-'", `a key with a dash needs index: index .Values.service "my-port"`,
	},
	"printf %d of a value": {
		`kind: {{ printf "%d" .Values.port }}`,
		"invalid YAML: found character that cannot start any token (rendered line 1)", `%d takes a whole number, which a value is not before int: printf "%d" (int .Values.x)`,
	},
	"JSON in quotes": {
		`kind: "{{ .Values.service | toJson }}"`,
		"invalid YAML: did not find expected key (rendered line 1)", "toJson brings quotes of its own: leave out those around the action",
	},
	"quotes in quotes": {
		`kind: "{{ "a\" b" }}"`,
		"invalid YAML: did not find expected key (rendered line 1)", "the value may hold quotes or backslashes: let the template quote it, {{ ... | quote }}, without quotes around",
	},
}

const dotHelpers = `{{ define "h" }}{{ .Values.name.x }}{{ end }}{{ define "ctx" }}{{ .ctx.Values.name.x }}{{ end }}{{ define "good" }}{{ .name }}{{ end }}`

// TestDot fails where the dot is not what the template takes it for.
func TestDot(t *testing.T) {
	for name, test := range dotCases {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"values.yaml": dotValues, "templates/_h.tpl": dotHelpers, "templates/a.yaml": test.template}
			_, err := render.Render(t.Context(), load(t, files), nil, options)
			e, ok := errors.AsType[*render.Error](err)
			if !ok {
				t.Fatalf("error = %v, want a *render.Error", err)
			}
			if _, message, _ := strings.Cut(e.Error(), ": "); message != test.want {
				t.Errorf("got  %s\nwant %s", message, test.want)
			}
			if e.Advice != test.advice {
				t.Errorf("advice %q, want %q", e.Advice, test.advice)
			}
		})
	}
}

// TestMissingRootName suggests the name of a root object.
func TestMissingRootName(t *testing.T) {
	_, err := render.Render(t.Context(), load(t, map[string]string{"templates/a.yaml": "{{ .values.a }}"}), nil, options)
	e, ok := errors.AsType[*render.Error](err)
	if !ok || e.Missing != ".values" || !strings.Contains(strings.Join(e.Known, " "), ".Values") {
		t.Errorf("%v: missing %q of %q", err, e.Missing, e.Known)
	}
}

// TestErrorPath renames the chart's files in all parts of a message.
func TestErrorPath(t *testing.T) {
	opts := options
	opts.Path = func(name string) string { return strings.Replace(name, "web/", "services/api/chart/", 1) }
	files := map[string]string{"values.yaml": "a: text\n", "templates/_h.tpl": `{{ define "h" }}{{ .Values.a.b }}{{ end }}`, "templates/a.yaml": `{{ include "h" . }}`}
	_, err := render.Render(t.Context(), load(t, files), nil, opts)
	e, ok := errors.AsType[*render.Error](err)
	if !ok {
		t.Fatal(err)
	}
	text := e.Error() + "\n" + strings.Join(e.Details(), "\n")
	const want = `render services/api/chart/templates/_h.tpl:1:27: .Values.a is the string "text", from services/api/chart/values.yaml:1, so it has no b (from services/api/chart/templates/a.yaml:1:4)
services/api/chart/templates/a.yaml:1:4: include "h" .
services/api/chart/templates/_h.tpl:1:27: {{ define "h" }}{{ .Values.a.b }}{{ end }}
                                                             ^^^^^^^^^^^`
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if e.Template != "web/templates/_h.tpl" {
		t.Errorf("template %s", e.Template)
	}
}

// TestShowOnlyEmpty says why a template shows nothing.
func TestShowOnlyEmpty(t *testing.T) {
	for text, want := range map[string]string{
		"{{- if .Values.hpa.enabled }}\nkind: A\n{{ end }}":      ".Values.hpa.enabled is false",
		"{{/* c */}}\n{{ with .Values.none }}\n{{ end }}":        ".Values.none is not set",
		"{{ if .Values.token }}{{ end }}":                        ".Values.token is the empty string",
		"{{ if .Values.list }}{{ end }}":                         ".Values.list is an empty list",
		"{{ if .Values.live }}{{ end }}":                         "",
		"{{ if and .Values.live .Values.hpa.enabled }}{{ end }}": "",
	} {
		files := map[string]string{"values.yaml": "hpa: {enabled: false}\nlive: true\nlist: []\ntoken: ''\n", "templates/a.yaml": text}
		result, err := render.Render(t.Context(), load(t, files), nil, options)
		if err != nil {
			t.Fatal(err)
		}
		_, err = result.TemplateOutput(render.TemplateOptions{ShowOnly: []string{"templates/a.yaml"}})
		e, ok := errors.AsType[*render.ShowOnlyError](err)
		if !ok || !e.Exists || e.Reason != want {
			t.Errorf("%s: %+v, want the reason %q", text, err, want)
		}
	}
}
