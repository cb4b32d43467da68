package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/internal/files"
)

func around(t *testing.T, dir string) files.Tree {
	t.Helper()
	tree, err := files.Around(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestTreeWrites(t *testing.T) {
	links := map[string]string{
		"repo/out": "../job", "repo/inside": "web", "repo/file": "/job/token", "repo/git": ".git", "repo/dangling": "/job/none", "repo/deep": "none/../../job",
	}
	for name, want := range map[string]error{
		"repo/web/new": nil, "repo/web/values.yaml": nil, "repo/web/../new": nil,
		"repo/out/token": files.ErrLink, "repo/out/new": files.ErrLink, "repo/inside/new": files.ErrLink, "repo/git/config": files.ErrLink,
		"repo/file": files.ErrLink, "repo/dangling": files.ErrLink, "repo/deep/x": files.ErrLink,
		"repo/.git/config": files.ErrGit, "repo/.Git/new": files.ErrGit, "repo/web/.git/new": files.ErrGit,
		"job/token": files.ErrOutside, "repo/../job/token": files.ErrOutside,
	} {
		t.Run(name, func(t *testing.T) {
			dir := machine(t, links)
			tree, path := around(t, filepath.Join(dir, "repo")), filepath.Join(dir, name)
			if err := tree.Check(path); !errors.Is(err, want) {
				t.Errorf("Check: %v, want %v", err, want)
			}
			f, err := tree.Create(path, 0o644)
			if !errors.Is(err, want) {
				t.Errorf("Create: %v, want %v", err, want)
			}
			if err == nil {
				_ = f.Close()
			}
			err = tree.WriteFile(path, []byte("new"), 0o644)
			if isLink := want == files.ErrLink && links[name] != ""; isLink && err != nil || !isLink && !errors.Is(err, want) { //nolint:errorlint // of the table
				t.Errorf("WriteFile: %v, want %v", err, want)
			}
			if _, err = tree.Make(filepath.Join(path, "folder")); err == nil {
				t.Error("Make made a folder in a file, or through a link")
			}
			for file, text := range map[string]string{"job/token": "job/token", "repo/.git/config": "repo/.git/config"} {
				if got, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(got) != text {
					t.Errorf("%s was written: %q, %v", file, got, err)
				}
			}
			wantFiles(t, filepath.Join(dir, "job"), "token")
		})
	}
}

func TestMake(t *testing.T) {
	dir := machine(t, map[string]string{"repo/build": "../job"})
	tree := around(t, filepath.Join(dir, "repo"))
	made, err := tree.Make(filepath.Join(dir, "repo/web/a/b"))
	if err != nil || made.Root() != filepath.Join(dir, "repo/web/a/b") {
		t.Errorf("made %s, %v", made.Root(), err)
	}
	if _, err := tree.Make(filepath.Join(dir, "repo/build/a")); !errors.Is(err, files.ErrLink) {
		t.Errorf("through a link: %v", err)
	}
	if _, err := tree.Make(filepath.Join(dir, "repo/.git/hooks")); !errors.Is(err, files.ErrGit) {
		t.Errorf("in .git: %v", err)
	}
	wantFiles(t, filepath.Join(dir, "job"), "token")
}

func TestCreatePipe(t *testing.T) {
	dir := machine(t, nil)
	pipe := filepath.Join(dir, "repo/events")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := around(t, filepath.Join(dir, "repo")).Create(pipe, 0o644); !errors.Is(err, files.ErrNotRegular) {
		t.Errorf("got %v", err)
	}
}

func TestEdit(t *testing.T) {
	dir := machine(t, map[string]string{"repo/web/link.yaml": "../shared.yaml", "repo/web/out": "/job/token"})
	if err := os.Chmod(filepath.Join(dir, "repo/shared.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	web := filepath.Join(dir, "repo/web")
	tree := around(t, web)
	edit := func(name string) files.Edit {
		return files.Edit{Path: filepath.Join(web, name), Data: []byte("new")}
	}
	for name, want := range map[string]error{"out": files.ErrOutside, "gone/values.yaml": fs.ErrNotExist} {
		if err := tree.Edit([]files.Edit{edit("values.yaml"), edit(name)}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if got, _ := os.ReadFile(filepath.Join(web, "values.yaml")); string(got) != "repo/web/values.yaml" {
			t.Errorf("values.yaml was replaced although %s could not be: %q", name, got)
		}
	}
	if err := tree.Edit([]files.Edit{edit("values.yaml"), edit("link.yaml")}); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"repo/web/values.yaml": 0o644, "repo/shared.yaml": 0o600} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		info, wrong := os.Stat(filepath.Join(dir, name))
		if err != nil || wrong != nil || string(got) != "new" || info.Mode() != mode {
			t.Errorf("%s: %q of mode %v, %v, %v", name, got, info.Mode(), err, wrong)
		}
	}
	if info, err := os.Lstat(filepath.Join(web, "link.yaml")); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("link.yaml is no link any more")
	}
	wantFiles(t, web, "link.yaml", "out", "values.yaml")
}

func TestWriteFile(t *testing.T) {
	dir := machine(t, map[string]string{"repo/a.tgz": "/job/token"})
	path := filepath.Join(dir, "repo/a.tgz")
	for _, data := range []string{"one", "two"} {
		if err := files.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != data {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info, err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "job/token")); err != nil || string(got) != "job/token" {
		t.Errorf("a link was followed: %q, %v", got, err)
	}
	if err := files.WriteFile(filepath.Join(dir, "no/a"), nil, 0o644); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	if err := files.WritePrivate(path, nil); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v of a private file, %v", info, err)
	}
	wantFiles(t, filepath.Join(dir, "repo"), ".git", "a.tgz", "shared.yaml", "web")
}

func TestWriteBelow(t *testing.T) {
	dir := machine(t, map[string]string{"repo/report": "../job", "alias": "repo"})
	for name, want := range map[string]error{"a": nil, "b/c/d": nil, "report/token": files.ErrLink} {
		if err := files.WriteBelow(filepath.Join(dir, "alias"), name, []byte("new")); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "repo/b/c/d")); err != nil || string(got) != "new" {
		t.Errorf("got %q, %v", got, err)
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
