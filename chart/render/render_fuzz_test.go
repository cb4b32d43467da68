package render_test

import (
	"context"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// FuzzRender renders any template with any values: it must come back, with a result or with an error, whatever the
// template does.
func FuzzRender(f *testing.F) {
	for _, seed := range [][2]string{
		{"kind: A\nv: {{ .Values.a | default 1 | quote }}\n", "a: {b: [1, x]}"},
		{`{{ define "a" }}{{ . }}{{ end }}{{ include "a" .Values | nindent 2 }}{{ template "a" $ }}`, "a: 1"},
		{`{{ range $k, $v := .Values }}{{ $k }}: {{ toYaml $v | indent 2 }}{{ end }}{{ tpl .Values.t . }}`, "t: '{{ .Release.Name }}'"},
		{`{{ $d := dict "a" 1 }}{{ $_ := set $d "d" $d }}{{ $d }}{{ list $d | toJson }}`, ""},
		{`{{ range until 5 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ printf "%[2]*[1]d" . 3 }}{{ end }}`, "{}"},
		{`{{ merge .Values (dict "a" (list 1)) | toToml }}{{ fromYaml "a: [" }}{{ untilStep 9 -9 -2 }}`, "a: {}"},
		{`{{ regexReplaceAll "(a)" .Values.s "$1$1" | splitList "" | uniq | join "-" }}{{ .Files.Glob "{a,*}" }}`, "s: banana"},
		{`{{ with .Values.x }}{{ .y.z }}{{ else with 1 }}{{ . }}{{ end }}{{ required "m" .Values.none }}`, "x: {y: {z: ~}}"},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, text string, values []byte) {
		if len(text) > 1<<12 || len(values) > 1<<12 {
			return
		}
		given, err := chart.ParseValues(values)
		if err != nil {
			return
		}
		c := &chart.Chart{
			Metadata:  &chart.Metadata{APIVersion: "v2", Name: "web", Version: "1.0.0"},
			Templates: []*chart.File{{Name: "templates/a.yaml", Data: []byte(text)}},
			Files:     []*chart.File{{Name: "a", Data: []byte("x: 1\n")}},
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result, err := render.Render(ctx, c, given, options)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a message")
			}
			return
		}
		if _, err := result.TemplateOutput(render.TemplateOptions{}); err != nil {
			t.Error(err)
		}
	})
}
