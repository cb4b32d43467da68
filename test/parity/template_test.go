package parity_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/test/peer"
)

// templateCalls are calls that must print and write what Helm does.
var templateCalls = []string{
	"web ./web",
	"./web",
	"-g ./web",
	"-n shop web ./web",
	"web ./web --namespace shop --is-upgrade",
	"--name-template {{printf`%s-x``web`}} ./web",
	"web ./web --kube-version 1.29.3 --api-versions a.b/v1,c.d/v1/Kind -a e/v1",
	"web ./web --include-crds",
	"web ./web --no-hooks",
	"web ./web --skip-tests",
	"web ./web -s templates/cm.yaml --show-only templates/both.yaml",
	"web ./web -s templates/*.yaml --include-crds",
	"web ./web -s nothing.yaml",
	"web ./web --output-dir out",
	"web ./web --output-dir ./out/ --include-crds --no-hooks",
	"web ./web --output-dir out/deep --release-name --include-crds --skip-tests",
	"web ./web --skip-schema-validation --set number=text",
	"web ./web --set number=text",
	"web ./web --render-subchart-notes --enable-dns",
	"web ./web --dry-run",
	"web ./web --dry-run=client",
	"web ./web --dry-run=true",
	"web ./web --dry-run=false",
	"web ./web --dry-run=none",
	"web ./web --dry-run=nonsense",
	"web ./web --validate --dry-run=server",
	"web ./web --kube-version nonsense",
	"web ./web -f one.yaml,two.yaml -f three.yaml --set a=1,b.c=x --set-string a=2 --set-json b={\"d\":1} --set-file e=one.yaml --set-literal f=a,b",
	"web ./web -f none.yaml",
	"x ./web --generate-name",
	"x ./web --name-template y",
	"Bad ./web",
	"a b c",
	// forms of charts
	"web web",
	"web ./web/",
	"web ./link",
	"web ./web-1.0.0.tgz",
	"old ./old",
	"nested ./nested",
	"bom ./bom",
	"web ./web/Chart.yaml",
	"web ./web --dependency-update",
	"lacking ./lacking --dependency-update",
}

// TestTemplateLikeHelm compares with the Helm: what is printed, what is written, and whether it fails.
func TestTemplateLikeHelm(t *testing.T) {
	helm := peer.Helm(t)
	charts := templateCharts(t)
	for _, call := range templateCalls {
		t.Run(call, func(t *testing.T) {
			compareTemplates(t, helm, charts, call, nil)
		})
	}
}

// compareTemplates runs a call with both, each in a folder of its own.
func compareTemplates(t *testing.T, helm, charts, call string, env []string) {
	t.Helper()
	want := runTemplate(t, env, charts, helm, append([]string{"template"}, strings.Fields(call)...))
	got := runTemplate(t, env, charts, "pintle", append([]string{"chart", "template"}, strings.Fields(call)...))
	if want.failed != got.failed {
		t.Fatalf("helm failed: %t, pintle failed: %t\nhelm: %s\npintle: %s", want.failed, got.failed, want.stderr, got.stderr)
	}
	if got.failed && got.stdout != "" {
		t.Errorf("stdout of a failure: %s", got.stdout)
	}
	if !want.failed {
		printed := strings.TrimPrefix(want.stdout, "Saving 1 charts\nDeleting outdated charts\n") // stdout is for manifests
		if diff := cmp.Diff(printed, got.stdout); diff != "" {
			t.Errorf("stdout (-helm +pintle):\n%s", diff)
		}
		if diff := cmp.Diff(want.files, got.files); diff != "" {
			t.Errorf("files (-helm +pintle):\n%s", diff)
		}
	}
}

type templateRun struct {
	stdout, stderr string
	files          map[string]string // of out/
	failed         bool
}

func runTemplate(t *testing.T, env []string, charts, name string, args []string) templateRun {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(charts)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil { // charts beside each other are of one repository
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = dir
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	run := templateRun{stdout: stdout.String(), stderr: stderr.String(), files: map[string]string{}, failed: err != nil}
	err = filepath.WalkDir(filepath.Join(dir, "out"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		run.files[strings.TrimPrefix(path, dir)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// templateCharts makes charts in every form in which charts come.
func templateCharts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	archive, err := txtar.ParseFile("../../cmd/testdata/template.txtar")
	if err != nil {
		t.Fatal(err)
	}
	forms, err := txtar.ParseFile("testdata/forms.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(archive.Files, forms.Files...) {
		data := f.Data
		if strings.HasPrefix(f.Name, "bom/") {
			data = append([]byte("\xEF\xBB\xBF"), data...)
		}
		writeTestFile(t, filepath.Join(dir, f.Name), data)
	}
	if err := os.Symlink("web", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	packChart(t, dir, "./web", ".")
	packChart(t, dir, "./parts/leaf", "parts/middle/charts")
	packChart(t, dir, "./parts/middle", "nested/charts")
	return dir
}

func packChart(t *testing.T, dir, chart, into string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "pintle", "chart", "package", chart, "-d", into)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("package %s: %v\n%s", chart, err, out)
	}
}

func writeTestFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTemplateLikeHelmInCluster compares what both make of the same cluster.
func TestTemplateLikeHelmInCluster(t *testing.T) {
	kubeconfig, _ := kubetest.Cluster(t)
	helm := peer.Helm(t)
	charts := t.TempDir()
	asking, err := txtar.ParseFile("testdata/asking.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range asking.Files {
		writeTestFile(t, filepath.Join(charts, f.Name), f.Data)
	}
	env := []string{"KUBECONFIG=" + kubeconfig}
	for _, call := range []string{
		"asking ./asking --dry-run=server",
		"asking ./asking --validate",
		"asking ./asking --dry-run=server --is-upgrade -n kube-system",
		"asking ./asking --dry-run=server -n no-such-namespace",
		"asking ./asking --validate -n no-such-namespace",
		"asking ./asking --dry-run=server --kube-version 1.20 --api-versions a/v1",
		"asking ./asking --dry-run=server --set unknownKind=true",
		"asking ./asking --dry-run=server --set foreign=true",
		"asking ./asking --dry-run=server --set foreign=true --take-ownership",
		"asking ./asking --dry-run=server --set foreign=true --is-upgrade",
		"asking ./asking --dry-run=server --kube-context nowhere",
		"asking ./asking --dry-run=server --kubeconfig nowhere",
		"asking ./asking --dry-run=client",
	} {
		t.Run(call, func(t *testing.T) {
			compareTemplates(t, helm, charts, call, env)
		})
	}
	t.Run("only --validate asks for the object", func(t *testing.T) {
		call := strings.Fields("chart template asking ./asking --set unknownField=true")
		if run := runTemplate(t, env, charts, "pintle", append(call, "--dry-run=server")); run.failed {
			t.Errorf("--dry-run=server: %s", run.stderr)
		}
		run := runTemplate(t, env, charts, "pintle", append(call, "--validate"))
		if !run.failed || !strings.Contains(run.stderr, "bogus: field not declared in schema") {
			t.Errorf("--validate: %s", run.stderr)
		}
	})
}
