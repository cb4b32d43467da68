package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// TestIncludesOfOneDefinition includes definitions in two files of two charts, of which some come to another text in
// each.
func TestIncludesOfOneDefinition(t *testing.T) {
	for name, tt := range map[string]struct {
		define string
		same   bool // in both files of a chart
	}{
		"name":               {`{{ .Release.Name }}-{{ .Chart.Name | trunc 63 }}`, true},
		"values":             {`{{ if .Values.on }}{{ .Values.word | upper }}{{ end }}`, true},
		"template's name":    {`{{ .Template.Name }}`, false},
		"by $":               {`{{ $.Template.Name }}`, false},
		"by a chain":         {`{{ (.Values.none | default dict).Template }}{{ .Template.BasePath }}{{ .Template.Name }}`, false},
		"by index":           {`{{ index . "Template" "Name" }}`, false},
		"by get":             {`{{ (get . "Template").Name }}`, false},
		"by a variable":      {`{{ $all := . }}{{ $all.Template.Name }}`, false},
		"by a dict":          {`{{ $all := dict "context" . }}{{ $all.context.Template.Name }}`, false},
		"by a range":         {`{{ range $k, $v := . }}{{ if eq $k "Template" }}{{ $v.Name }}{{ end }}{{ end }}`, false},
		"by with":            {`{{ with . }}{{ .Template.Name }}{{ end }}`, false},
		"as JSON":            {`{{ toJson . | trunc -3000 | sha256sum }}`, false},
		"by another include": {`{{ include "other" . }}`, false},
		"in a tpl":           {`{{ tpl .Values.text . }}`, false},
		"in a template":      {`{{ template "other" . }}`, false},
		"random":             {`{{ randAlphaNum 20 }}`, false},
		"random in a pipe":   {`{{ .Release.Name | printf "%s%s" (randAlphaNum 20) }}`, false},
		"random in an if":    {`{{ if uuidv4 }}{{ uuidv4 }}{{ end }}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			text := `{{ define "it" }}` + tt.define + `{{ end }}{{ define "other" }}{{ .Template.Name }}{{ end }}`
			files := func() []*chart.File {
				return []*chart.File{
					{Name: "templates/_it.tpl", Data: []byte(text)},
					{Name: "templates/a.yaml", Data: []byte(`a: {{ include "it" . }} {{ include "it" $ }}`)},
					{Name: "templates/b.yaml", Data: []byte(`b: {{ include "it" . }}`)},
				}
			}
			values := map[string]any{"on": true, "word": "w", "text": "{{ .Template.Name }}"}
			sub := &chart.Chart{Metadata: &chart.Metadata{APIVersion: "v2", Name: "sub", Version: "1.0.0"}, Values: values, Templates: files()[1:]}
			c := &chart.Chart{
				Metadata: &chart.Metadata{APIVersion: "v2", Name: "web", Version: "1.0.0"}, Values: values,
				Templates: files(), Dependencies: []*chart.Chart{sub},
			}
			for _, extra := range []int{0, 60} { // with many files, they are executed in parallel
				for i := range extra {
					c.Templates = append(c.Templates, &chart.File{Name: fmt.Sprintf("templates/c%d.yaml", i), Data: []byte(`c: {{ include "it" . | len }}`)})
				}
				result, err := render.Render(t.Context(), c, nil, render.Options{ReleaseName: "rel", Namespace: "ns"})
				if err != nil {
					t.Fatal(err)
				}
				wrote := map[string]string{}
				for _, m := range result.Manifests {
					_, text, _ := strings.Cut(m.Content, ": ")
					wrote[m.Source] = strings.Fields(text + " -")[0]
				}
				for _, dir := range []string{"web/templates/", "web/charts/sub/templates/"} {
					a, b := wrote[dir+"a.yaml"], wrote[dir+"b.yaml"]
					if a == "" || b == "" {
						t.Fatalf("not rendered: %v", wrote)
					}
					if (a == b) != tt.same {
						t.Errorf("%s: a.yaml has %q, b.yaml %q", dir, a, b)
					}
				}
				if name == "name" && wrote["web/templates/a.yaml"] == wrote["web/charts/sub/templates/a.yaml"] {
					t.Errorf("two charts got one text: %v", wrote)
				}
			}
		})
	}
}

// TestIncludeAfterSet includes a definition before and after a template has changed the values, by itself and in a text
// given to tpl.
func TestIncludeAfterSet(t *testing.T) {
	for _, change := range []string{
		`{{ $_ := set .Values "word" "two" }}`,
		`{{ $_ := tpl "{{ $_ := set .Values \"word\" \"two\" }}" . }}`,
	} {
		out, err := renderText(t, `{{ define "it" }}{{ .Values.word | default "one" }}{{ end }}a: {{ include "it" . }}`+change+`{{ include "it" . }}`)
		if err != nil || !strings.Contains(out, "onetwo") {
			t.Errorf("%s: %s %v", change, out, err)
		}
	}
}
