package chart

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const bumpChart = `apiVersion: v2
name: cart
# the chart's version
version: 0.1.0   # bumped by CI

appVersion: "1.0"
`

const bumpValues = `image:
  repository: 'example.com/cart' # where from
  tag: ""

replicas: 2
`

func TestBump(t *testing.T) {
	files := fstest.MapFS{"Chart.yaml": {Data: []byte(bumpChart)}, "values.yaml": {Data: []byte(bumpValues)}}
	o := BumpOptions{Version: "1.5.0-dev.12.g0a1b2c3d", AppVersion: "1.5.0", Image: &BumpImage{Repository: "reg:5000/cart", Tag: "1.10"}}
	got, err := Bump(files, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []FileChange{
		{"Chart.yaml", []byte(bumpChart), []byte(strings.NewReplacer("0.1.0", "1.5.0-dev.12.g0a1b2c3d", `"1.0"`, `"1.5.0"`).Replace(bumpChart))},
		{"values.yaml", []byte(bumpValues), []byte(strings.NewReplacer("example.com/cart", "reg:5000/cart", `""`, `"1.10"`).Replace(bumpValues))},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	for _, c := range got {
		files[c.Name].Data = c.New
	}
	if again, err := Bump(files, o); err != nil || len(again) != 0 {
		t.Errorf("a second bump changes %v, %v", again, err)
	}
}

func TestBumpAppVersionInserted(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"block", "name: a\nversion: 0.1.0 # c\ntype: application\n", "name: a\nversion: 0.1.0 # c\nappVersion: \"1.0\"\ntype: application\n"},
		{"CRLF", "name: a\r\nversion: 0.1.0\r\ntype: x\r\n", "name: a\r\nversion: 0.1.0\r\nappVersion: \"1.0\"\r\ntype: x\r\n"},
		{"no line end", "name: a\nversion: 0.1.0", "name: a\nversion: 0.1.0\nappVersion: \"1.0\""},
		{"indented root", "  name: a\n  version: '0.1.0'\n", "  name: a\n  version: '0.1.0'\n  appVersion: \"1.0\"\n"},
		{"flow", "{\"name\": \"a\", \"version\": \"0.1.0\"}\n", "{\"name\": \"a\", \"version\": \"0.1.0\", \"appVersion\": \"1.0\"}\n"},
		{"null is set, not inserted", "version: 0.1.0\nappVersion:\n", "version: 0.1.0\nappVersion: \"1.0\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Bump(fstest.MapFS{"Chart.yaml": {Data: []byte(tt.src)}}, BumpOptions{AppVersion: "1.0"})
			if err != nil || len(got) != 1 {
				t.Fatal(got, err)
			}
			if diff := cmp.Diff(tt.want, string(got[0].New)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBumpErrors(t *testing.T) {
	tests := []struct {
		name  string
		files fstest.MapFS
		o     BumpOptions
		want  string
		is    error
	}{
		{"no Chart.yaml", fstest.MapFS{}, BumpOptions{Version: "1.0.0"}, "read chart: open Chart.yaml: file does not exist", fs.ErrNotExist},
		{"no version", fstest.MapFS{"Chart.yaml": {Data: []byte("name: a\n")}}, BumpOptions{Version: "1.0.0"}, "bump Chart.yaml: version: no such key", ErrNoSuchKey},
		{
			"no tag", fstest.MapFS{"values.yaml": {Data: []byte("image: {repository: a}\n")}}, BumpOptions{Image: &BumpImage{Tag: "2"}},
			"bump values.yaml: image.tag: no such key", ErrNoSuchKey,
		},
		{
			"own path", fstest.MapFS{"values.yaml": {Data: []byte("image: {tag: a}\n")}},
			BumpOptions{Image: &BumpImage{Tag: "2", TagPath: []string{"web", "image", "tag"}}}, "bump values.yaml: web.image.tag: no such key", ErrNoSuchKey,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Bump(tt.files, tt.o)
			if err == nil || err.Error() != tt.want || !errors.Is(err, tt.is) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestWriteChanges(t *testing.T) {
	dir := t.TempDir()
	writeTestFile(t, filepath.Join(dir, "real.yaml"), "old", 0o600)
	if err := os.Symlink("real.yaml", filepath.Join(dir, "values.yaml")); err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, filepath.Join(dir, "Chart.yaml"), "old", 0o664)
	if err := WriteChanges(dir, []FileChange{{Name: "Chart.yaml", New: []byte("new")}, {Name: "values.yaml", New: []byte("new values")}}); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"Chart.yaml": 0o664, "real.yaml": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v, want mode %v", name, info, err, mode)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "values.yaml")); err != nil || string(got) != "new values" {
		t.Errorf("values.yaml: %q, %v", got, err)
	}
	if info, err := os.Lstat(filepath.Join(dir, "values.yaml")); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("values.yaml is no link any more")
	}
	wantFiles(t, dir, "Chart.yaml", "real.yaml", "values.yaml")
}

func TestWriteChangesAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	writeTestFile(t, filepath.Join(dir, "Chart.yaml"), "old", 0o644)
	err := WriteChanges(dir, []FileChange{{Name: "Chart.yaml", New: []byte("new")}, {Name: "gone/values.yaml", New: []byte("new")}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "Chart.yaml")); string(got) != "old" {
		t.Errorf("Chart.yaml was replaced although values.yaml could not be: %q", got)
	}
	wantFiles(t, dir, "Chart.yaml")
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.tgz")
	for _, data := range []string{"one", "two"} {
		if err := WriteFile(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != data {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info, err)
	}
	if err := WriteFile(filepath.Join(dir, "no", "a"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	wantFiles(t, dir, "a.tgz")
}

func writeTestFile(t *testing.T, path, data string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files in %s (-want +got):\n%s", dir, diff)
	}
}
