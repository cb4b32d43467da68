// Package gittest makes repositories for tests, by git itself.
package versioning

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testRepo is a repository made by git itself, with dates that only move forward and no configuration but its own.
type testRepo struct {
	t     testing.TB
	dir   string
	tick  int
	known map[string]string // what Memo has answered
}

// newTestRepo makes a repository without commits, on the branch main. It serves partial clones and any commit.
func newTestRepo(t testing.TB) *testRepo {
	t.Helper()
	r := &testRepo{t: t, dir: t.TempDir(), known: map[string]string{}}
	r.git("init", "-q", "-b", "main")
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("config", "uploadpack.allowAnySHA1InWant", "true")
	return r
}

// git runs git in the repository and returns what it prints.
func (r *testRepo) git(args ...string) string {
	r.t.Helper()
	return r.gitIn(r.dir, "", args...)
}

// Memo is Git for a question that has one answer while the test runs, as those about a commit have.
func (r *testRepo) Memo(args ...string) string {
	r.t.Helper()
	key := strings.Join(args, " ")
	if _, ok := r.known[key]; !ok {
		r.known[key] = r.git(args...)
	}
	return r.known[key]
}

// GitIn runs git in a folder, with text to read.
func (r *testRepo) gitIn(dir, stdin string, args ...string) string {
	r.t.Helper()
	date := fmt.Sprintf("%d +0000", 1_700_000_000+60*r.tick)
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "LC_ALL=C", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=file:http", "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date,
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=gc.auto", "GIT_CONFIG_VALUE_0=0",
	}
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, problem.String())
	}
	return strings.TrimSpace(string(out))
}

// commit changes a file ("f" when none is named) and commits it; it returns the hash.
func (r *testRepo) commit(message string, files ...string) string {
	r.t.Helper()
	r.tick++
	if len(files) == 0 {
		files = []string{"f"}
	}
	for _, file := range files {
		r.write(file, fmt.Sprintf("%d\n", r.tick))
		r.git("add", "--", file)
	}
	r.gitIn(r.dir, message, "commit", "-q", "-F", "-")
	return r.git("rev-parse", "HEAD")
}

// commits makes n of them.
func (r *testRepo) commits(n int, files ...string) {
	r.t.Helper()
	for range n {
		r.commit("chore: change", files...)
	}
}

// write writes a file of the work tree.
func (r *testRepo) write(file, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// tag makes a tag of HEAD.
func (r *testRepo) tag(name string) { r.t.Helper(); r.git("tag", name) }

// annotated makes an annotated tag of HEAD.
func (r *testRepo) annotated(name string) { r.t.Helper(); r.git("tag", "-a", "-m", name, name) }

// merge merges a branch, with a commit of its own always; it returns the hash.
func (r *testRepo) merge(branch string) string {
	r.t.Helper()
	r.tick++
	r.git("merge", "-q", "--no-ff", "-m", "Merge "+branch, branch)
	return r.git("rev-parse", "HEAD")
}

// remove removes a file of the work tree.
func (r *testRepo) remove(file string) {
	r.t.Helper()
	if err := os.Remove(filepath.Join(r.dir, filepath.FromSlash(file))); err != nil {
		r.t.Fatal(err)
	}
}
