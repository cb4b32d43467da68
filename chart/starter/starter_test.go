package starter

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/test/peer"
)

// content reads a folder's files by name.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCreate(t *testing.T) {
	for _, tt := range []struct{ path, name string }{
		{"web", "web"}, {"services/cart/chart", "cart"}, {"a-1", "a-1"}, {strings.Repeat("x", maxName), strings.Repeat("x", maxName)},
	} {
		dir := filepath.Join(t.TempDir(), tt.path)
		if err := Create(t.Context(), dir, ""); err != nil {
			t.Fatal(err)
		}
		for file, text := range content(t, dir) {
			if strings.Contains(text, placeholder) {
				t.Errorf("%s: %s holds %s", tt.path, file, placeholder)
			}
		}
		c, err := chart.Load(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if c.Metadata.Name != tt.name || c.Metadata.Version != firstVersion {
			t.Errorf("%s: made %+v", tt.path, c.Metadata)
		}
		if _, err := render.Render(t.Context(), c, nil, render.Options{ReleaseName: "r", Namespace: "n"}); err != nil {
			t.Error(err)
		}
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: mode %v, %v", tt.path, info.Mode(), err)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}

// TestSubchart uses the starter's chart below a parent, with what parents set.
func TestSubchart(t *testing.T) {
	parent := charttest.Tree(t, map[string]string{
		"Chart.yaml":  "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- {name: web, version: 0.x.x, condition: web.enabled}\n",
		"values.yaml": "global: {registry: x}\nweb: {enabled: true, replicaCount: 3}\n",
	})
	if err := Create(t.Context(), filepath.Join(parent, "charts", "web"), ""); err != nil {
		t.Fatal(err)
	}
	c, err := chart.Load(t.Context(), parent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := render.Render(t.Context(), c, nil, render.Options{ReleaseName: "r", Namespace: "n"}); err != nil {
		t.Error(err)
	}
}

func TestCreateRefuses(t *testing.T) {
	full, file := charttest.Tree(t, map[string]string{"web/values.yaml": "mine: 1\n"}), charttest.Tree(t, map[string]string{"web": "a file"})
	broken := charttest.Tree(t, map[string]string{"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "values.yaml": "name: <CHARTNAME>-\n  x: {\n"})
	nameless := charttest.Tree(t, map[string]string{"Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n"})
	tests := []struct{ dir, from, want string }{
		{filepath.Join(full, "web"), "", "it exists already: choose another name, or remove it first"},
		{filepath.Join(file, "web"), "", "it exists already: choose another name, or remove it first"},
		{filepath.Join(t.TempDir(), "My_App"), "", `the name "My_App" may have lower-case letters, digits and -, and begins with a letter: my-app, perhaps?`},
		{filepath.Join(t.TempDir(), "1"), "", `the name "1" may have lower-case letters, digits and -, and begins with a letter`},
		{filepath.Join(t.TempDir(), strings.Repeat("x", 54)), "", `the name "` + strings.Repeat("x", 54) + `" has more than 53 characters`},
		{filepath.Join(t.TempDir(), "new", "web"), broken, "read the starter: load chart " + broken + ": "},
		{filepath.Join(t.TempDir(), "new", "web"), nameless, "read the starter: load chart " + nameless + ": Chart.yaml: name is missing"},
		{filepath.Join(t.TempDir(), "new", "web"), filepath.Join(full, "nothing"), "read the starter: load chart " + filepath.Join(full, "nothing") + ": no such file or directory"},
	}
	for _, tt := range tests {
		err := Create(t.Context(), tt.dir, tt.from)
		if want := "create chart " + tt.dir + ": " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if diff := cmp.Diff(map[string]string{"web/values.yaml": "mine: 1\n"}, content(t, full)); diff != "" {
		t.Errorf("what existed has changed:\n%s", diff)
	}
}

// TestCreateLeavesNothing lets a chart turn out broken only when it is written.
func TestCreateLeavesNothing(t *testing.T) {
	from := charttest.Tree(t, map[string]string{"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "values.yaml": "<CHARTNAME>: 1\n", "values.schema.json": "{}"})
	if err := os.WriteFile(filepath.Join(from, "values.yaml"), []byte("<CHARTNAME>: 1\nweb: 2\n? {a: [<CHARTNAME>}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	if err := Create(t.Context(), filepath.Join(parent, "web"), from); err == nil {
		t.Error("a broken starter made a chart")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Create(ctx, filepath.Join(parent, "web"), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if entries, err := os.ReadDir(parent); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestCreateIntoEmptyFolder stands in the folder that is to be the chart.
func TestCreateIntoEmptyFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "web")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := Create(t.Context(), ".", ""); err != nil {
		t.Fatal(err)
	}
	if c, err := chart.Load(t.Context(), "."); err != nil || c.Metadata.Name != "web" {
		t.Error(err)
	}
	if entries, err := os.ReadDir(".."); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

var ownStarter = map[string]string{
	"Chart.yaml":                "apiVersion: v2\nname: <CHARTNAME> # ours\nversion: 3.2.1\ndescription: of <CHARTNAME>\n",
	"values.yaml":               "# of <CHARTNAME>\nname: <CHARTNAME>\n",
	"templates/_helpers.tpl":    "{{ define \"<CHARTNAME>.x\" }}x{{ end }}\n",
	"templates/cm.yaml":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: <CHARTNAME>}\n",
	"templates/tests/test.yaml": "kind: Pod\napiVersion: v1\nmetadata: {name: <CHARTNAME>}\n",
	"values.schema.json":        "{\"title\": \"plain\"}\n",
	"crds/plain.yaml":           "kind: CustomResourceDefinition\n",
	".helmignore":               "*.bak\n",
	"old.bak":                   "ignored",
}

func TestStarter(t *testing.T) {
	from := charttest.Tree(t, ownStarter)
	archive := filepath.Join(t.TempDir(), "starter.tgz")
	if err := os.WriteFile(archive, packed(t, ownStarter), 0o644); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for name, text := range ownStarter {
		want[name] = strings.ReplaceAll(text, placeholder, "web")
	}
	want["Chart.yaml"] = "apiVersion: v2\nname: web # ours\nversion: 0.1.0\ndescription: of web\n"
	delete(want, "old.bak")
	for _, starter := range []string{from, archive} {
		dir := filepath.Join(t.TempDir(), "web")
		if err := Create(t.Context(), dir, starter); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, content(t, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", starter, diff)
		}
	}
}

func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for name, text := range files {
		if name == "old.bak" { // .helmignore is not for archives
			continue
		}
		err := archive.WriteHeader(&tar.Header{Name: "x/" + name, Size: int64(len(text)), Mode: 0o644})
		if err == nil {
			_, err = archive.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFind(t *testing.T) {
	home := charttest.Tree(t, map[string]string{"helm/starters/web/Chart.yaml": "", "helm/starters/job/Chart.yaml": ""})
	here := charttest.Tree(t, map[string]string{"mine/Chart.yaml": "", "web/Chart.yaml": ""})
	t.Chdir(here)
	env := func(vars map[string]string) func(string) string {
		return func(name string) string { return vars[name] }
	}
	byXDG, byHelm := env(map[string]string{"XDG_DATA_HOME": home}), env(map[string]string{"HELM_DATA_HOME": filepath.Join(home, "helm"), "XDG_DATA_HOME": "x"})
	starters := filepath.Join(home, "helm", "starters")
	for _, tt := range []struct {
		starter string
		getenv  func(string) string
		want    string
	}{
		{"web", byXDG, filepath.Join(starters, "web")},
		{"web", byHelm, filepath.Join(starters, "web")},
		{"mine", byHelm, "mine"},
		{"./web", byHelm, "./web"},
		{"/x/y", byHelm, "/x/y"},
		{"wep", byHelm, `no starter "wep": it is neither a path nor one of ` + starters + ", which has job, web"},
		{"wep", env(map[string]string{"HOME": "/nobody"}), `no starter "wep": it is neither a path nor one of /nobody/.local/share/helm/starters, which has none`},
	} {
		got, err := Find(tt.starter, tt.getenv)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.starter, got, tt.want)
		}
	}
}

// addDependency gives the chart in dir another one, and values for it.
func addDependency(t *testing.T, dir string) {
	t.Helper()
	if err := Create(t.Context(), filepath.Join(dir, "charts", "lib"), ""); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"Chart.yaml": "dependencies: [{name: lib, version: 0.1.0, repository: \"\"}]\n", "values.yaml": "lib: {replicaCount: 3}\n",
	} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), append(data, text...), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestHelm lets Helm judge the built-in starter, and compares what it makes of
// another starter.
func TestHelm(t *testing.T) {
	helm := peer.Helm(t)
	run := func(dir string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), helm, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+dir, "HELM_CONFIG_HOME="+dir, "HELM_DATA_HOME="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("helm %q: %v\n%s", args, err, out)
		}
	}
	dir := filepath.Join(t.TempDir(), "web")
	if err := Create(t.Context(), dir, ""); err != nil {
		t.Fatal(err)
	}
	values, err := filepath.Glob(filepath.Join(dir, "ci", "*-values.yaml"))
	if err != nil || len(values) == 0 {
		t.Fatal(values, err)
	}
	run(t.TempDir(), "lint", "--strict", dir)
	for _, v := range values {
		run(t.TempDir(), "lint", "--strict", dir, "-f", v)
		run(t.TempDir(), "template", "x", dir, "-f", v)
	}
	addDependency(t, dir)
	run(t.TempDir(), "lint", "--strict", dir)
	run(t.TempDir(), "template", "x", dir)

	from, theirs, ours := charttest.Tree(t, ownStarter), t.TempDir(), t.TempDir()
	run(theirs, "create", "web", "--starter", from)
	if err := Create(t.Context(), filepath.Join(ours, "web"), from); err != nil {
		t.Fatal(err)
	}
	a, b := content(t, filepath.Join(theirs, "web")), content(t, filepath.Join(ours, "web"))
	delete(a, "Chart.yaml") // which Helm writes anew
	delete(b, "Chart.yaml")
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("(-helm +ours):\n%s", diff)
	}
}
