package render_test

import (
	"os"
	"testing"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// benchChart is a chart folder to measure with; a small one is made if
// PINTLE_BENCH_CHART names none.
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
