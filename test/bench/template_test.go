package bench_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The benchmarks of this file render charts, each with a process of ours and one of Helm's in turn. Public charts are
// data and not in the repository: PINTLE_BENCH_CHARTS names a folder that holds some, as folders at any depth.
const benchCharts = "PINTLE_BENCH_CHARTS"

// BenchmarkTemplateStarter renders the chart that helm create makes.
func BenchmarkTemplateStarter(b *testing.B) {
	b.Chdir("../..") // for bin/pintle
	compareTemplate(b, starter(b))
}

// BenchmarkTemplateUmbrella renders charts of many subcharts; the milliseconds for each subchart stay the same if time
// grows linearly.
func BenchmarkTemplateUmbrella(b *testing.B) {
	b.Chdir("../..")
	from := starter(b)
	for _, n := range []int{10, 50, 100, 200, 400} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			took := compareTemplate(b, umbrella(b, from, n))
			b.ReportMetric(took*1000/float64(n), "ms/subchart")
		})
	}
}

// BenchmarkTemplateStack renders kube-prometheus-stack.
func BenchmarkTemplateStack(b *testing.B) {
	b.Chdir("../..")
	for _, dir := range publicCharts(b) {
		if filepath.Base(dir) == "kube-prometheus-stack" {
			compareTemplate(b, dir)
			return
		}
	}
	b.Skipf("no kube-prometheus-stack in %s", benchCharts)
}

// BenchmarkTemplatePublic renders every public chart with its own values and with each values file of its ci folder;
// the ratio is that of the sums.
func BenchmarkTemplatePublic(b *testing.B) {
	b.Chdir("../..")
	var cases [][]string
	for _, dir := range publicCharts(b) {
		cases = append(cases, []string{"rel", dir, "--namespace", "ns"})
		files, err := filepath.Glob(filepath.Join(dir, "ci", "*.yaml"))
		if err != nil {
			b.Fatal(err)
		}
		for _, file := range files {
			cases = append(cases, []string{"rel", dir, "--namespace", "ns", "-f", file})
		}
	}
	helm := helmHome(b)
	var ours, theirs usage
	for b.Loop() {
		for _, args := range cases {
			our, ourErr := run(b, pintleBinary, append([]string{"chart", "template"}, args...)...)
			their, theirErr := run(b, helm, append([]string{"template"}, args...)...)
			if (ourErr == nil) != (theirErr == nil) {
				b.Errorf("%v: ours: %v, Helm's: %v", args, ourErr, theirErr)
			}
			ours.add(our)
			theirs.add(their)
		}
	}
	b.ReportMetric(ours.wall/theirs.wall, "wall/helm")
	b.ReportMetric(ours.cpu/theirs.cpu, "cpu/helm")
	b.ReportMetric(float64(len(cases)), "cases")
	b.ReportMetric(0, "ns/op")
}

// compareTemplate renders a chart with both and returns our median seconds.
func compareTemplate(b *testing.B, dir string) float64 {
	b.Helper()
	return compare(b, []string{"chart", "template", "rel", dir}, []string{"template", "rel", dir})
}

// starter makes a chart by helm create.
func starter(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "starter")
	if _, err := run(b, helmHome(b), "create", dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// umbrella makes a chart of n subcharts that are copies of a starter chart, each with a name and definitions of its own
// and switched on by a condition.
func umbrella(b *testing.B, from string, n int) string {
	b.Helper()
	dir := b.TempDir()
	about, values := "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n", ""
	for i := range n {
		name := fmt.Sprintf("service-%d", i)
		copyChart(b, from, filepath.Join(dir, "charts", name), name)
		about += fmt.Sprintf("  - {name: %s, version: 0.1.0, condition: %s.enabled}\n", name, name)
		values += fmt.Sprintf("%s: {enabled: true, replicaCount: %d}\n", name, i%3+1)
	}
	writeFile(b, filepath.Join(dir, "Chart.yaml"), about)
	writeFile(b, filepath.Join(dir, "values.yaml"), values)
	return dir
}

// copyChart copies a chart folder and renames the chart and its definitions.
func copyChart(b *testing.B, from, to, name string) {
	b.Helper()
	old := filepath.Base(from)
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		writeFile(b, filepath.Join(to, strings.TrimPrefix(path, from)), strings.ReplaceAll(string(data), old, name))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func writeFile(b *testing.B, path, text string) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// publicCharts lists the chart folders that are in no other chart.
func publicCharts(b *testing.B) []string {
	b.Helper()
	root := os.Getenv(benchCharts)
	if root == "" {
		b.Skipf("%s names no folder of public charts", benchCharts)
	}
	var charts []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		_, err = os.Stat(filepath.Join(path, "Chart.yaml"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		charts = append(charts, path)
		return cmp.Or(err, fs.SkipDir)
	})
	if err != nil {
		b.Fatal(err)
	}
	return charts
}

// helmHome finds Helm and gives it a home of its own.
func helmHome(b *testing.B) string {
	b.Helper()
	helm, err := exec.LookPath("helm")
	if err != nil {
		b.Skip("no helm on PATH: make bench builds it")
	}
	home := b.TempDir()
	for _, name := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"} {
		b.Setenv(name, home)
	}
	return helm
}
