package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files and the schema")

// repository is the tree that the files of testdata stand in.
func repository() fstest.MapFS {
	files := map[string]string{
		"services/catalog/chart/Chart.yaml":   "apiVersion: v2\nname: catalog\nversion: 0.1.0\n",
		"services/catalog/chart/values.yaml":  "image: {repository: x, tag: y}\n",
		"services/cart/chart/Chart.yaml":      "apiVersion: v2\nname: cart\nversion: 0.1.0\n",
		"services/cart/values-dev.yaml":       "replicas: 1\n",
		"services/cart/values-prod.yaml":      "replicas: 3\n",
		"services/cart/list.yaml":             "- replicas: 3\n",
		"services/cart/broken.yaml":           "a: 1\nb: [1, 2\nc: 3\n",
		"services/web/helm/web/Chart.yaml":    "apiVersion: v2\nname: web\nversion: 0.1.0\n",
		"services/README.md":                  "",
		"deploy/dev.yaml":                     "global: {stage: dev}\n",
		"deploy/redis.yaml":                   "auth: {enabled: false}\n",
		"libs/proto/cart.proto":               "",
		"charts/mysql/Chart.yaml":             "apiVersion: v2\nname: mysql\nversion: 1.0.0\n",
		"services/cart/chart/values-dev.yaml": "",
	}
	tree := fstest.MapFS{}
	for name, data := range files {
		tree[name] = &fstest.MapFile{Data: []byte(data)}
	}
	return tree
}

// loadText loads text as the pintle.yaml of the repository above.
func loadText(text string) (*Config, error) {
	tree := repository()
	tree[FileName] = &fstest.MapFile{Data: []byte(text)}
	return Load(tree, FileName)
}

func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata/bad", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = loadText(string(text))
			if err == nil {
				t.Fatal("loads, but must not")
			}
			if !errors.Is(err, ErrConfig) {
				t.Errorf("%T is not ErrConfig", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// write makes a file below dir, with its folders.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, FileName, "") // outside of the repository: never found
	write(t, dir, "repo/.git/HEAD", "")
	write(t, dir, "repo/a/b/c.txt", "")
	write(t, dir, "repo/team/pintle.yaml", "")
	write(t, dir, "repo/team/x/y.txt", "")
	write(t, dir, "repo/a/pintle.yml", "")
	write(t, dir, "linked/.git", "gitdir: elsewhere") // a worktree or a submodule

	for from, want := range map[string]string{"repo/team": "repo/team", "repo/team/x": "repo/team", ".": "."} {
		got, err := Find(filepath.Join(dir, from))
		if err != nil || got != filepath.Join(dir, want, FileName) {
			t.Errorf("from %s: %s, %v", from, got, err)
		}
	}
	for from, want := range map[string]string{
		"linked":   `no pintle.yaml in DIR/linked or its parents up to the repository root; run "pintle init"`,
		"repo/a/b": `no pintle.yaml in DIR/repo/a/b or its parents up to the repository root; rename DIR/repo/a/pintle.yml to pintle.yaml`,
	} {
		_, err := Find(filepath.Join(dir, from))
		var missing *NotFoundError
		if !errors.As(err, &missing) || !errors.Is(err, ErrConfig) || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
			t.Errorf("from %s: %v", from, err)
		}
	}
}

func TestLoadFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "services/cart/chart/Chart.yaml", "name: cart\n")
	file := write(t, dir, FileName, "apiVersion: pintle/v1\nproject: shop\n")
	c, err := LoadFile(file)
	if err != nil || c.Dir != dir || c.Services["cart"] == nil {
		t.Fatalf("%v, %v", c, err)
	}
	if _, err := LoadFile(filepath.Join(dir, "other.yaml")); err == nil || !strings.Contains(err.Error(), `no other.yaml in `+dir) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := LoadFile(filepath.Join(dir, "services")); err == nil || err.Error() != "services: is a folder, not a file" {
		t.Errorf("a folder: %v", err)
	}
	if err := os.Truncate(file, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadFile(file); err == nil || err.Error() != "pintle.yaml: is larger than 256 KiB" {
		t.Errorf("a large file: %v", err)
	}
}

func TestProblemsAreMany(t *testing.T) {
	_, err := loadText(head + manyKeys(300))
	if err == nil || !strings.HasSuffix(err.Error(), "\nand 150 more") {
		t.Errorf("%v", err)
	}
}

const head = "apiVersion: pintle/v1\nproject: shop\n"

// TestBounds loads files that are made to be expensive. That it ends, with an
// error of bounded size, is the test.
func TestBounds(t *testing.T) {
	bomb := head + "services:\n  cart:\n    set:\n      a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	merges := head + "services:\n  cart: &m0 {set: {a: 1}}\n"
	for i := range 30 {
		this, next := string(rune('a'+i%26))+"x", string(rune('a'+(i+1)%26))+"x"
		if i == 0 {
			this = "a0"
		}
		bomb += "      k" + next + ": &" + next + strings.Repeat("y", i) + " [" + strings.Repeat("*"+this+strings.Repeat("y", max(0, i-1))+", ", 9) + "x]\n"
	}
	merges += "  catalog: {<<: [" + strings.Repeat("*m0, ", 40_000) + "*m0]}\n"
	for name, text := range map[string]string{
		"aliases":        bomb,
		"merges":         merges,
		"nesting":        head + "services: " + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000),
		"set nesting":    head + "services: {cart: {set: " + strings.Repeat("{a: ", 500) + "1" + strings.Repeat("}", 500) + "}}",
		"too large":      head + strings.Repeat("# comment\n", 200_000),
		"unknown keys":   head + strings.Repeat("k", 1000) + ": 1\n" + manyKeys(10_000),
		"late error":     head + strings.Repeat("# comment\n", 20_000) + "registry: {",
		"wide late line": head + "lint: {disable: [" + strings.Repeat("a, ", 80_000) + "}",
		"long needs":     head + "services: {cart: {needs: [" + strings.Repeat("redis, ", 30_000) + "x]}}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadText(text)
			if err == nil {
				t.Fatal("loads")
			}
			if len(err.Error()) > 100_000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("key" + strings.Repeat("x", i%10) + string(rune(0x4e00+i)) + ": 1\n")
	}
	return b.String()
}
