package render_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// Renders that share templates and schemas come to what they come to alone, at the same time as well.
func TestTextsShared(t *testing.T) {
	c := sharedChart()
	values := []map[string]any{{"n": 1}, {"n": 2}, {"n": "no number"}, {"n": 3, "boom": true}, {"n": 4, "text": `{{ define "own" }}{{ $_ := set .Values "n" 5 }}{{ end }}{{ include "own" . }}`}}
	alone := make([]string, len(values))
	for i, v := range values {
		alone[i] = textsOf(t, c, v, render.Unit{})
	}
	if alone[0] == alone[1] || !strings.Contains(alone[2], "schema") || !strings.Contains(alone[3], "boom") {
		t.Fatal(alone)
	}
	var shared render.Shared
	var renders sync.WaitGroup
	for range 8 {
		renders.Go(func() {
			for i, v := range values {
				if diff := cmp.Diff(alone[i], textsOf(t, c, v, render.Unit{Shared: &shared})); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	renders.Wait()
	changed := sharedChart()
	changed.Templates[0].Data = []byte("other: {{ .Values.n }}")
	changed.Schema = []byte(`{"properties": {"n": {"minimum": 3}}}`)
	for _, v := range values[:2] {
		if got := textsOf(t, changed, v, render.Unit{Shared: &shared}); !strings.Contains(got, "minimum") {
			t.Errorf("another chart's schema is not used: %s", got)
		}
	}
	if got, want := textsOf(t, changed, values[3], render.Unit{Shared: &shared}), textsOf(t, changed, values[3], render.Unit{}); got != want {
		t.Errorf("another chart's templates come to\n%s\nwant\n%s", got, want)
	}
}

func sharedChart() *chart.Chart {
	return &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "web", Version: "1.0.0"},
		Schema:   []byte(`{"properties": {"n": {"type": "integer"}}}`),
		Templates: []*chart.File{
			{Name: "templates/a.yaml", Data: []byte(`n: {{ include "n" . }}{{ if .Values.boom }}{{ fail "boom" }}{{ end }}`)},
			{Name: "templates/_n.tpl", Data: []byte(`{{ define "n" }}{{ tpl (.Values.text | default "") . }}{{ .Values.n }}{{ end }}`)},
		},
	}
}

// textsOf is what a chart renders to, or its error.
func textsOf(t *testing.T, c *chart.Chart, values map[string]any, unit render.Unit) string {
	t.Helper()
	texts, err := render.Texts(t.Context(), c, values, render.Options{ReleaseName: "r", Namespace: "n"}, unit)
	return fmt.Sprint(texts, err)
}
