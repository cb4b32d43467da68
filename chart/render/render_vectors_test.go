package render_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

var update = flag.Bool("update", false, "record testdata/vectors anew from the helm binary in $HELM")

// TestVectors renders the charts in testdata/vectors and compares with what Helm printed for them. Each file is one
// quirk: the comment says which and why it matters, args holds the flags, one on a line, and the last file is want, or
// refused if Helm renders nothing.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			args, want := unpack(t, archive, dir)
			if *update {
				record(t, file, archive, dir, args)
				return
			}
			got, err := template(t, dir, args)
			switch {
			case want == nil && err == nil:
				t.Errorf("Helm refuses this, we render:\n%s", got)
			case want != nil && err != nil:
				t.Errorf("we refuse: %v", err)
			case want != nil:
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("differs from Helm (-helm +ours):\n%s", diff)
				}
			}
		})
	}
}

// unpack writes a vector's files and returns its flags and what Helm printed, nil if it refused.
func unpack(t *testing.T, archive *txtar.Archive, dir string) (args []string, want []byte) {
	t.Helper()
	for _, f := range archive.Files {
		switch f.Name {
		case "args":
			args = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		case "want":
			want = f.Data
		case "refused":
		default:
			// What a text archive cannot hold is spelt out.
			data := strings.NewReplacer("<CR>", "\r", "<BOM>", "\ufeff", "<SP>", " ", "<NOEOL>\n", "").Replace(string(f.Data))
			writeFile(t, filepath.Join(dir, f.Name), []byte(data))
		}
	}
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	return args, want
}

// template does what helm template rel . does with the same flags.
func template(t *testing.T, dir string, args []string) (string, error) {
	t.Helper()
	var src chart.ValueSources
	opts := render.Options{ReleaseName: "rel", Namespace: "ns"}
	var print render.TemplateOptions
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "--values":
			src.Files = append(src.Files, value)
		case "--set":
			src.Set = append(src.Set, value)
		case "--set-string":
			src.String = append(src.String, value)
		case "--set-json":
			src.JSON = append(src.JSON, value)
		case "--set-file":
			src.File = append(src.File, value)
		case "--set-literal":
			src.Literal = append(src.Literal, value)
		case "--kube-version":
			opts.KubeVersion = value
		case "--api-versions":
			opts.APIVersions = append(opts.APIVersions, value)
		case "--is-upgrade":
			opts.IsUpgrade = true
		case "--include-crds":
			opts.IncludeCRDs = true
		case "--no-hooks":
			print.NoHooks = true
		case "--skip-tests":
			print.SkipTests = true
		case "--show-only":
			print.ShowOnly = append(print.ShowOnly, value)
		default:
			t.Fatalf("unknown flag %q", arg)
		}
	}
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
	values, err := chart.MergeValues(src, read)
	if err != nil {
		return "", err
	}
	c, err := chart.Load(t.Context(), dir)
	if err != nil {
		return "", err
	}
	result, err := render.Render(t.Context(), c, values, opts)
	if err != nil {
		return "", err
	}
	return result.TemplateOutput(print)
}

// record runs Helm and keeps what it prints.
func record(t *testing.T, file string, archive *txtar.Archive, dir string, args []string) {
	t.Helper()
	helm := os.Getenv("HELM")
	if helm == "" {
		t.Fatal("set HELM to a helm v4.3.1 binary")
	}
	args = append([]string{"template", "rel", ".", "--namespace=ns"}, args...)
	cmd := exec.CommandContext(t.Context(), helm, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	result := txtar.File{Name: "want", Data: nil}
	if err := cmd.Run(); err != nil {
		message := strings.ReplaceAll(stderr.String(), dir, "DIR")
		result = txtar.File{Name: "refused", Data: []byte(strings.TrimSpace(message) + "\n")}
	} else {
		result.Data = stdout.Bytes()
	}
	kept := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "want" && f.Name != "refused" {
			kept = append(kept, f)
		}
	}
	archive.Files = append(kept, result)
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
