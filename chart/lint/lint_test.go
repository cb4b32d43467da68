package lint

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/charttest"
)

// clean is a chart without findings. Tests replace files of it.
var clean = map[string]string{
	"Chart.yaml": `apiVersion: v2
name: web
version: 1.2.3
appVersion: "4.5"
icon: https://example.com/icon.svg
`,
	"values.yaml": "image: {repository: example.com/web, tag: \"4.5\"}\n",
	"templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
        resources: {requests: {cpu: 10m}}
        readinessProbe: {httpGet: {port: 80}}
`,
}

func load(t *testing.T, files map[string]string) *chart.Chart {
	t.Helper()
	dir := t.TempDir()
	charttest.Write(t, dir, files)
	c, err := chart.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var update = flag.Bool("update", false, "write what is found into testdata")

// settings stand in the comment of an archive.
type settings struct {
	Options
	Remove  []string          // files of the clean chart
	Origins map[string]string // of values, by their dotted paths
}

// TestLint lints the clean chart with the files of each archive over its own and
// compares with the archive's file "findings".
func TestLint(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	ids := map[string]bool{}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { lintArchive(t, name, ids) })
	}
	elsewhere := map[string]bool{"chart/load": true, "schema/unavailable": true} // see TestUnloadable; the embedded schemas can always be read
	for _, rule := range Rules() {
		if !ids[rule.ID] && !elsewhere[rule.ID] {
			t.Errorf("no test finds %s", rule.ID)
		}
		delete(ids, rule.ID)
	}
	if len(ids) > 0 {
		t.Errorf("findings without a rule: %v", ids)
	}
}

func lintArchive(t *testing.T, name string, ids map[string]bool) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	if err := yaml.UnmarshalStrict(archive.Comment, &s); err != nil {
		t.Fatal(err)
	}
	files, want := maps.Clone(clean), ""
	for _, f := range archive.Files {
		if files[f.Name] = string(f.Data); f.Name == "findings" {
			want = string(f.Data)
		}
	}
	for _, removed := range append(s.Remove, "findings") {
		delete(files, removed)
	}
	if s.Origins != nil {
		s.Origin = func(path []string) string { return s.Origins[strings.Join(path, ".")] }
	}
	var got strings.Builder
	for _, f := range Lint(t.Context(), load(t, files), s.Options) {
		ids[f.ID] = true
		line := strings.TrimSuffix(f.String(), ": "+f.Fix)
		if strings.Contains(line, "\n") || strings.Contains(line, "hunter2") {
			t.Errorf("%q is not one line, or shows a secret", line)
		}
		got.WriteString(line + "\n")
	}
	if *update {
		keep := slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "findings" })
		archive.Files = append(keep, txtar.File{Name: "findings", Data: []byte(got.String())})
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRules(t *testing.T) {
	byID := func(a, b Rule) int { return strings.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(Rules(), byID) {
		t.Error("the rules are not sorted by id")
	}
	for _, r := range Rules() {
		if r.Title == "" || r.Severity == "" || r.Fix == "" && r.ID != "template/render" {
			t.Errorf("%+v is incomplete", r)
		}
		for _, text := range []string{r.Title, r.Fix} { // they get a capital in the docs, which code cannot have
			if first, _, _ := strings.Cut(text, " "); first != strings.ToLower(first) || strings.ContainsAny(first, "./{") ||
				slices.Contains([]string{"templates", "crds", "type", "version", "dependencies"}, first) {
				t.Errorf("%s: %q begins with code", r.ID, text)
			}
		}
		if r.Why == "" {
			t.Errorf("%s does not say why", r.ID)
		}
	}
}

// TestUnloadable asks for the file and the line of what cannot be read.
func TestUnloadable(t *testing.T) {
	for want, files := range map[string]map[string]string{
		"values.yaml:4": {"values.yaml": "a: 1\nb: 2\nc: [\nd: 1\n"},
		"Chart.yaml:2":  {"Chart.yaml": "name: web\nversion: [\n"},
		"Chart.yaml":    {"Chart.yaml": "apiVersion: v2\nname: web\n"}, // no version
		"chart":         {"values.yaml": "a: 1\n"},
	} {
		dir := t.TempDir()
		if _, ok := files["Chart.yaml"]; !ok && want != "chart" {
			charttest.Write(t, dir, map[string]string{"Chart.yaml": clean["Chart.yaml"]})
		}
		charttest.Write(t, dir, files)
		_, err := chart.Load(t.Context(), dir)
		if f := Unloadable(err); err == nil || f.Place() != want || f.ID != "chart/load" {
			t.Errorf("%v is found at %s, want %s", err, f.Place(), want)
		}
	}
}

// TestLongReleaseFix asks for the length that the kind may have.
func TestLongReleaseFix(t *testing.T) {
	files := maps.Clone(clean)
	files["templates/set.yaml"] = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: {{ .Release.Name }}-ingester}\n"
	for _, f := range Lint(t.Context(), load(t, files), Options{}) {
		if f.ID == "object/long-release" {
			if !strings.Contains(f.Fix, "trunc 52 ") {
				t.Errorf("the fix for %s is %s", f.Message, f.Fix)
			}
			return
		}
	}
	t.Error("the long name is not found")
}

func TestLintInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := Lint(ctx, load(t, clean), Options{}); len(got) != 0 {
		t.Errorf("an interrupted render is a finding: %v", got)
	}
}
