package state

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, name string) Folder {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func lock(t *testing.T, f Folder) func() {
	t.Helper()
	unlock, err := f.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return unlock
}

func TestOpenRefusesNames(t *testing.T) {
	t.Setenv(EnvHome, t.TempDir())
	for _, name := range []string{"", "..", "a/b", "A", "-a", "a-", "a.b"} {
		if f, err := Open(name); err == nil {
			t.Errorf("Open(%q) = %+v", name, f)
		}
	}
}

func TestLockExcludes(t *testing.T) {
	t.Setenv(EnvHome, t.TempDir())
	f := open(t, "a")
	unlock := lock(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := f.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second lock: %v", err)
	}
	lock(t, open(t, "b"))() // another name is free
	if err := f.Remove(); err != nil {
		t.Fatal(err)
	}
	unlock()
	lock(t, f)() // the folder is made anew
}

func TestRunningNeedsALivingProcess(t *testing.T) {
	t.Setenv(EnvHome, t.TempDir())
	f := open(t, "a")
	defer lock(t, f)()
	want := Info{Name: "a", PID: os.Getpid(), Kubeconfig: "/k", Registry: "127.0.0.1:1", Started: time.Unix(1, 0).UTC()}
	release, err := f.Claim()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Save(want); err != nil {
		t.Fatal(err)
	}
	got, ok := f.Running()
	if !ok {
		t.Fatal("not running")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := f.Claim(); err == nil {
		t.Error("two processes hold one folder")
	}
	release()
	if _, ok := f.Running(); ok {
		t.Error("running after its process let go, although its id is alive")
	}
}

func TestRemoveTakesTheCopyUnlessChanged(t *testing.T) {
	home := t.TempDir()
	t.Setenv(EnvHome, home)
	for name, content := range map[string]string{"same": "config", "changed": "mine now"} {
		f := open(t, name)
		unlock := lock(t, f)
		info := Info{Name: name, Kubeconfig: filepath.Join(f.Dir, "kubeconfig"), Copy: filepath.Join(home, name+".yaml")}
		for file, text := range map[string]string{info.Kubeconfig: "config", info.Copy: content} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Save(info); err != nil {
			t.Fatal(err)
		}
		if err := f.Remove(); err != nil {
			t.Fatal(err)
		}
		unlock()
		if _, err := os.Stat(f.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the folder is still there: %v", name, err)
		}
		_, err := os.Stat(info.Copy)
		if gone := errors.Is(err, fs.ErrNotExist); gone != (name == "same") {
			t.Errorf("%s: copy gone = %t", name, gone)
		}
	}
}
