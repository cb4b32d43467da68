// Package gittest makes repositories for tests, by git itself.
package gittest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Repo is a repository made by git itself, with dates that only move forward and no configuration but its own.
type Repo struct {
	T     testing.TB
	Dir   string
	Tick  int
	known map[string]string // what Memo has answered
}

// New makes a repository without commits, on the branch main. It serves partial clones and any commit.
func New(t testing.TB) *Repo {
	t.Helper()
	r := &Repo{T: t, Dir: t.TempDir(), known: map[string]string{}}
	r.Git("init", "-q", "-b", "main")
	r.Git("config", "uploadpack.allowFilter", "true")
	r.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	return r
}

// Git runs git in the repository and returns what it prints.
func (r *Repo) Git(args ...string) string {
	r.T.Helper()
	return r.GitIn(r.Dir, "", args...)
}

// Memo is Git for a question that has one answer while the test runs, as those about a commit have.
func (r *Repo) Memo(args ...string) string {
	r.T.Helper()
	key := strings.Join(args, " ")
	if _, ok := r.known[key]; !ok {
		r.known[key] = r.Git(args...)
	}
	return r.known[key]
}

// GitIn runs git in a folder, with text to read.
func (r *Repo) GitIn(dir, stdin string, args ...string) string {
	r.T.Helper()
	date := fmt.Sprintf("%d +0000", 1_700_000_000+60*r.Tick)
	cmd := exec.CommandContext(r.T.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.Dir, "LC_ALL=C", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=file:http", "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date,
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
		// Each commit and fetch would start a process that looks whether there is something to tidy up.
		"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=gc.auto", "GIT_CONFIG_VALUE_0=0",
		"GIT_CONFIG_KEY_1=maintenance.auto", "GIT_CONFIG_VALUE_1=false",
	}
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		r.T.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, problem.String())
	}
	return strings.TrimSpace(string(out))
}

// Commit changes a file ("f" when none is named) and commits it; it returns the hash.
func (r *Repo) Commit(message string, files ...string) string {
	r.T.Helper()
	r.Tick++
	if len(files) == 0 {
		files = []string{"f"}
	}
	for _, file := range files {
		r.Write(file, fmt.Sprintf("%d\n", r.Tick))
	}
	r.Git(append([]string{"add", "--"}, files...)...)
	r.GitIn(r.Dir, message, "commit", "-q", "-F", "-")
	return r.head()
}

// head is the commit that HEAD names, read from the files where they say it: most tests make very many commits.
func (r *Repo) head() string {
	r.T.Helper()
	dir := filepath.Join(r.Dir, ".git")
	data, err := os.ReadFile(filepath.Join(dir, "HEAD"))
	if ref, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "ref: "); ok && err == nil {
		data, err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(ref)))
	}
	if hash := strings.TrimSpace(string(data)); err == nil && len(hash) == 40 {
		return hash
	}
	return r.Git("rev-parse", "HEAD")
}

// Commits makes n of them.
func (r *Repo) Commits(n int, files ...string) {
	r.T.Helper()
	for range n {
		r.Commit("chore: change", files...)
	}
}

// Write writes a file of the work tree.
func (r *Repo) Write(file, text string) {
	r.T.Helper()
	path := filepath.Join(r.Dir, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.T.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.T.Fatal(err)
	}
}

// Tag makes a tag of HEAD.
func (r *Repo) Tag(name string) { r.T.Helper(); r.Git("tag", name) }

// Annotated makes an annotated tag of HEAD.
func (r *Repo) Annotated(name string) { r.T.Helper(); r.Git("tag", "-a", "-m", name, name) }

// Merge merges a branch, with a commit of its own always; it returns the hash.
func (r *Repo) Merge(branch string) string {
	r.T.Helper()
	r.Tick++
	r.Git("merge", "-q", "--no-ff", "-m", "Merge "+branch, branch)
	return r.Git("rev-parse", "HEAD")
}

// Remove removes a file of the work tree.
func (r *Repo) Remove(file string) {
	r.T.Helper()
	if err := os.Remove(filepath.Join(r.Dir, filepath.FromSlash(file))); err != nil {
		r.T.Fatal(err)
	}
}
