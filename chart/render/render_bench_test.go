package render_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// benchChart is a chart folder to measure with; a small one is made if PINTLE_BENCH_CHART names none.
func benchChart(b *testing.B) string {
	b.Helper()
	if dir := os.Getenv("PINTLE_BENCH_CHART"); dir != "" {
		return dir
	}
	dir := b.TempDir()
	for name, text := range map[string]string{
		"Chart.yaml":            "apiVersion: v2\nname: web\nversion: 1.0.0\n",
		"values.yaml":           "labels: {a: b}\n",
		"templates/_labels.tpl": `{{ define "labels" }}{{ toYaml .Values.labels }}{{ end }}`,
		"templates/cm.yaml":     "{{ range until 100 }}---\nkind: ConfigMap\nmetadata:\n  name: c{{ . }}\n  labels: {{ include \"labels\" $ | nindent 4 }}\n{{ end }}",
	} {
		if err := os.MkdirAll(dir+"/templates", 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

func BenchmarkLoad(b *testing.B) {
	dir := benchChart(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chart.Load(b.Context(), dir); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	c, err := chart.Load(b.Context(), benchChart(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := render.Render(b.Context(), c, nil, render.Options{ReleaseName: "rel", Namespace: "ns"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRenderUmbrella renders charts of many subcharts, each with its own templates and definitions: the time for
// each must not grow with their number.
func BenchmarkRenderUmbrella(b *testing.B) {
	for _, n := range []int{10, 50, 100, 200, 400} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := umbrella(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := render.Render(b.Context(), c, nil, render.Options{ReleaseName: "rel", Namespace: "ns"}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/subchart")
		})
	}
}

func umbrella(n int) *chart.Chart {
	c := &chart.Chart{Metadata: &chart.Metadata{APIVersion: "v2", Name: "umbrella", Version: "1.0.0"}}
	for i := range n {
		name := fmt.Sprintf("service-%d", i)
		labels := fmt.Sprintf(`{{ define "%s.labels" }}app: {{ .Chart.Name }}
release: {{ .Release.Name }}{{ end }}`, name)
		object := fmt.Sprintf(`{{ range list "ConfigMap" "Secret" "Service" }}---
kind: {{ . }}
metadata:
  name: {{ $.Release.Name }}-%[1]s
  labels: {{- include "%[1]s.labels" $ | nindent 4 }}
{{ with $.Values.data }}data: {{- toYaml . | nindent 2 }}{{ end }}
{{ end }}`, name)
		c.Dependencies = append(c.Dependencies, &chart.Chart{
			Metadata: &chart.Metadata{APIVersion: "v2", Name: name, Version: "1.0.0"},
			Values:   map[string]any{"data": map[string]any{"a": "1", "b": "2"}},
			Templates: []*chart.File{
				{Name: "templates/_labels.tpl", Data: []byte(labels)},
				{Name: "templates/objects.yaml", Data: []byte(object)},
			},
		})
	}
	return c
}
