package project_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestTagRace lets two builds tag at a time, in clones of their own: of one commit both succeed with one tag, of two
// commits one wins and the other says so and keeps no tag.
func TestTagRace(t *testing.T) {
	for name, sameCommit := range map[string]bool{"one commit": true, "two commits": false} {
		t.Run(name, func(t *testing.T) {
			r := newRace(t)
			clones := []string{r.clone("a"), r.clone("b")}
			if !sameCommit {
				for _, clone := range clones {
					r.git(clone, "commit", "-q", "--allow-empty", "-m", "fix: in "+filepath.Base(clone))
				}
			}
			codes, outputs := make([]int, 2), make([]string, 2)
			var both sync.WaitGroup
			for i, clone := range clones {
				both.Go(func() { codes[i], outputs[i] = r.tag(clone) })
			}
			both.Wait()
			remote := r.git(r.remote, "rev-parse", "v0.1.0^{commit}")
			won := 0
			for i, clone := range clones {
				switch local := r.git(clone, "tag"); {
				case codes[i] == 0 && local == "v0.1.0" && r.git(clone, "rev-parse", "v0.1.0") == r.git(r.remote, "rev-parse", "v0.1.0"):
					won++
					if head := r.git(clone, "rev-parse", "HEAD"); head != remote {
						t.Errorf("%s succeeds, and the remote's tag is at %s, not at %s", clone, remote, head)
					}
				case codes[i] == 4 && !sameCommit && strings.Contains(outputs[i], "another build has released that version"):
				default:
					t.Errorf("%s: exit code %d, tags %q\n%s", clone, codes[i], local, outputs[i])
				}
			}
			if want := map[bool]int{true: 2, false: 1}[sameCommit]; won != want {
				t.Errorf("%d builds won, want %d", won, want)
			}
		})
	}
}

// race is a bare remote and what is needed to work with it.
type race struct {
	t           *testing.T
	dir, remote string
	env         []string
}

func newRace(t *testing.T) *race {
	r := &race{t: t, dir: t.TempDir()}
	r.remote = filepath.Join(r.dir, "remote.git")
	r.env = append(os.Environ(), "HOME="+r.dir, "XDG_CONFIG_HOME="+r.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GITLAB_CI=", "GITHUB_ACTIONS=", "JENKINS_URL=")
	r.git(r.dir, "init", "-q", "--bare", "-b", "main", r.remote)
	seed := filepath.Join(r.dir, "seed")
	r.git(r.dir, "clone", "-q", r.remote, seed)
	if err := os.WriteFile(filepath.Join(seed, "pintle.yaml"), []byte("apiVersion: pintle/v1\nproject: shop\nenvironments: {dev: {branches: [main]}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.git(seed, "checkout", "-q", "-b", "main")
	r.git(seed, "add", "-A")
	r.git(seed, "commit", "-q", "-m", "feat: one")
	r.git(seed, "push", "-q", "origin", "main")
	return r
}

// clone makes a clone whose pushes wait for each other: git has then asked for the remote's tags, and has sent nothing yet.
func (r *race) clone(name string) string {
	dir := filepath.Join(r.dir, name)
	r.git(r.dir, "clone", "-q", r.remote, dir)
	hook := "#!/bin/sh\ntouch ../arrived-" + name + "\nfor i in $(seq 1000); do test -e ../arrived-a -a -e ../arrived-b && exit 0; sleep 0.03; done\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, ".git", "hooks", "pre-push"), []byte(hook), 0o755); err != nil {
		r.t.Fatal(err)
	}
	return dir
}

func (r *race) git(dir string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Env = dir, r.env
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// tag runs "pintle tag": this very binary, which TestMain makes a pintle of by its name.
func (r *race) tag(dir string) (code int, output string) {
	binary, err := os.Executable()
	if err != nil {
		return -1, err.Error()
	}
	c := exec.Command(filepath.Join(r.dir, "pintle"), "tag")
	if err := os.Symlink(binary, c.Path); err != nil && !errors.Is(err, os.ErrExist) {
		return -1, err.Error()
	}
	c.Dir, c.Env = dir, r.env
	out, err := c.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		return -1, err.Error()
	}
	return 0, string(out)
}
