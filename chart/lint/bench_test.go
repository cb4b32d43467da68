package lint

import (
	"os"
	"testing"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// BenchmarkLint lints and renders the chart in $LINT_CHART, for comparison.
func BenchmarkLint(b *testing.B) {
	dir := os.Getenv("LINT_CHART")
	if dir == "" {
		b.Skip("$LINT_CHART names no chart")
	}
	c, err := chart.Load(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("render", func(b *testing.B) {
		for b.Loop() {
			if _, err := render.Render(b.Context(), c, nil, render.Options{ReleaseName: "test-release", Namespace: "default", Revision: 1, Lint: true}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("lint", func(b *testing.B) {
		for b.Loop() {
			Lint(b.Context(), c, Options{})
		}
	})
}
