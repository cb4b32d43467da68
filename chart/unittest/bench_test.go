package unittest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/chart/starter"
	"github.com/pintle-ci/pintle/chart/unittest"
)

// BenchmarkRun runs the suites of the chart that PINTLE_BENCH_CHART names, or
// 500 tests of the starter chart.
func BenchmarkRun(b *testing.B) {
	dir := os.Getenv("PINTLE_BENCH_CHART")
	if dir == "" {
		dir = starterWithTests(b, 500)
	}
	plan, err := unittest.Load(b.Context(), dir, unittest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		result, err := plan.Run(b.Context())
		if err != nil || result.Count(unittest.Failed) > 0 {
			b.Fatal(err, result.Count(unittest.Failed))
		}
	}
}

func starterWithTests(b *testing.B, n int) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "web")
	if err := starter.Create(b.Context(), dir, ""); err != nil {
		b.Fatal(err)
	}
	var suite strings.Builder
	suite.WriteString("tests:\n")
	for i := range n {
		fmt.Fprintf(&suite, "  - {it: %d, template: deployment.yaml, set: {replicaCount: %d}, asserts: [{equal: {path: spec.replicas, value: %d}}]}\n", i, i+1, i+1)
	}
	if err := os.WriteFile(filepath.Join(dir, "tests/many_test.yaml"), []byte(suite.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	return dir
}
