package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
