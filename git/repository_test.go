package git

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newRepository makes a repository with one commit, and no configuration but its own.
func newRepository(t *testing.T) (r *Repository, head string) {
	t.Helper()
	dir := t.TempDir()
	environ := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_DIR=/nowhere", "GIT_EDITOR=false",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
	}
	r, err := Open(dir, environ)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", "-b", "main", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, r, "add", "f")
	must(t, r, "commit", "-q", "-m", "one")
	return r, must(t, r, "rev-parse", "HEAD")
}

func must(t *testing.T, r *Repository, args ...string) string {
	t.Helper()
	out, err := r.run(t.Context(), "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func TestTags(t *testing.T) {
	r, head := newRepository(t)
	object, err := r.Create(t.Context(), Tag{Name: "cart/v1.0.0", Commit: head, Message: "# Release\n\nwith a #"})
	if err != nil {
		t.Fatal(err)
	}
	if got := must(t, r, "tag", "-l", "--format=%(contents)", "cart/v1.0.0"); got != "# Release\n\nwith a #" {
		t.Errorf("message %q", got)
	}
	ref, ok, err := r.Local(t.Context(), "cart/v1.0.0")
	if diff := cmp.Diff(Ref{object, head}, ref); diff != "" || !ok || err != nil {
		t.Errorf("%v %v\n%s", ok, err, diff)
	}
	if _, ok, err := r.Local(t.Context(), "cart"); ok || err != nil {
		t.Errorf("a folder of tags counts as one: %v", err)
	}
	if _, err := r.Create(t.Context(), Tag{Name: "cart/v1.0.0", Commit: head, Message: "again"}); err == nil {
		t.Error("a tag was moved")
	}
	if err := r.Remove(t.Context(), "cart/v1.0.0", head); err == nil {
		t.Error("another object was removed")
	}
	if err := r.Remove(t.Context(), "cart/v1.0.0", object); err != nil {
		t.Error(err)
	}
}

func TestSignedTag(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("needs ssh-keygen")
	}
	r, head := newRepository(t)
	key := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	must(t, r, "config", "gpg.format", "ssh")
	must(t, r, "config", "user.signingKey", key)
	if _, err := r.Create(t.Context(), Tag{Name: "v1", Commit: head, Message: "m", Sign: true}); err != nil {
		t.Fatal(err)
	}
	must(t, r, "config", "tag.gpgSign", "true")
	if _, err := r.Create(t.Context(), Tag{Name: "v2", Commit: head, Message: "m"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"v1", "v2"} {
		if text := must(t, r, "cat-file", "tag", name); !strings.Contains(text, "BEGIN SSH SIGNATURE") {
			t.Errorf("%s is not signed:\n%s", name, text)
		}
	}
}

func TestCommitOnly(t *testing.T) {
	r, head := newRepository(t)
	for _, name := range []string{"f", "*", "g"} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte("2\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must(t, r, "add", "*")
	must(t, r, "commit", "-q", "-m", "two", "--", "*")
	if got := must(t, r, "show", "--name-only", "--format=", "HEAD"); got != "*" {
		t.Fatalf("a name was taken for a pattern: %q", got)
	}
	hash, err := r.Commit(t.Context(), "# three\n", []string{"f"})
	if err != nil || hash == head || must(t, r, "show", "--name-only", "--format=%s", "HEAD") != "# three\n\nf" {
		t.Errorf("%s, %v", hash, err)
	}
	if staged, err := r.Staged(t.Context()); err != nil || len(staged) > 0 {
		t.Errorf("%v, %v", staged, err)
	}
	_, err = r.Commit(t.Context(), "four", []string{"f"})
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("an empty commit: %v", err)
	}
}
