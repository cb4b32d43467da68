package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/pintle-ci/pintle/internal/files"
)

// machine makes a folder with a repository and what is beside it, and returns the
// folder without links.
func machine(t *testing.T, links map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"repo/.git/config", "repo/web/values.yaml", "repo/shared.yaml", "job/token"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range links {
		if filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadFile(t *testing.T) {
	dir := machine(t, map[string]string{
		"repo/web/link": "../shared.yaml", "repo/web/whole": "/repo/shared.yaml", "repo/web/out": "/job/token", "repo/out": "../job", "repo/web/through": "../out/token",
		"repo/web/git": "../.git/config", "repo/g": ".git", "repo/web/dangling": "/job/none", "repo/web/nothing": "../none", "repo/self": "self", "alias": "repo",
		"repo/null": "../null", "null": "../../../../../../../../../../../../../../dev/null",
	})
	if err := syscall.Mkfifo(filepath.Join(dir, "repo/pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		want string
		err  error
	}{
		"repo/web/values.yaml": {want: "repo/web/values.yaml"}, "repo/web/../shared.yaml": {want: "repo/shared.yaml"},
		"repo/web/link": {want: "repo/shared.yaml"}, "repo/web/whole": {want: "repo/shared.yaml"}, "alias/shared.yaml": {want: "repo/shared.yaml"},
		"repo/web/out": {err: files.ErrOutside}, "repo/out/token": {err: files.ErrOutside}, "repo/out/none": {err: files.ErrOutside}, "repo/web/through": {err: files.ErrOutside},
		"job/token": {err: files.ErrOutside}, "repo/../job/token": {err: files.ErrOutside}, "repo/web/dangling": {err: files.ErrOutside}, "repo/null": {err: files.ErrOutside},
		"repo/.git/config": {err: files.ErrGit}, "repo/web/git": {err: files.ErrGit}, "repo/g/config": {err: files.ErrGit}, "repo/.GIT/config": {err: files.ErrGit},
		"repo/web/nothing": {err: fs.ErrNotExist}, "repo/none": {err: fs.ErrNotExist}, "repo/pipe": {err: files.ErrNotRegular},
	} {
		for _, from := range []string{"repo", "repo/web", "alias/web", "alias"} {
			tree, err := files.Around(filepath.Join(dir, from))
			if err != nil {
				t.Fatal(err)
			}
			if tree.Root() != filepath.Join(dir, "repo") {
				t.Fatalf("the tree around %s is %s", from, tree.Root())
			}
			data, err := tree.ReadFile(filepath.Join(dir, name), 100)
			if string(data) != test.want || !errors.Is(err, test.err) {
				t.Errorf("%s from %s: %q, %v, want %q, %v", name, from, data, err, test.want, test.err)
			}
		}
	}
	tree, err := files.Around(filepath.Join(dir, "repo"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.ReadFile(filepath.Join(dir, "repo/shared.yaml"), 3); !errors.Is(err, files.ErrTooLarge) {
		t.Errorf("a file of more bytes: %v", err)
	}
	if _, err := tree.ReadFile(filepath.Join(dir, "repo/web"), 3); err == nil {
		t.Error("a folder was read")
	}
	if _, err := tree.ReadFile(filepath.Join(dir, "repo/self"), 3); err == nil || files.Refused(err) != nil {
		t.Errorf("a link to itself: %v", err)
	}
}

func TestAroundWithoutGit(t *testing.T) {
	dir := machine(t, nil)
	for _, path := range []string{"job", "job/token"} {
		if tree, err := files.Around(filepath.Join(dir, path)); err != nil || tree.Root() != filepath.Join(dir, "job") {
			t.Errorf("around %s: %s, %v", path, tree.Root(), err)
		}
	}
	if _, err := files.Around(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("around nothing: %v", err)
	}
}

func TestFS(t *testing.T) {
	dir := machine(t, map[string]string{"repo/web/link": "../shared.yaml", "repo/web/out": "/job/token", "repo/web/folder": "/job"})
	tree, err := files.Around(filepath.Join(dir, "repo"))
	if err != nil {
		t.Fatal(err)
	}
	fsys := tree.FS(filepath.Join(dir, "repo/web"))
	if data, err := fs.ReadFile(fsys, "link"); err != nil || string(data) != "repo/shared.yaml" {
		t.Errorf("link: %q, %v", data, err)
	}
	for _, name := range []string{"out", "folder/token"} {
		if _, err := fs.ReadFile(fsys, name); !errors.Is(err, files.ErrOutside) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := fs.Stat(fsys, name); !errors.Is(err, files.ErrOutside) {
			t.Errorf("stat %s: %v", name, err)
		}
	}
	if _, err := fs.ReadDir(fsys, "folder"); !errors.Is(err, files.ErrOutside) {
		t.Errorf("folder: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "repo/web")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "repo/web/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "repo/web/deep/a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(fsys, "deep/a"); err != nil {
		t.Error(err)
	}
}
