package git

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironment(t *testing.T) {
	got := ReadOnly(Environment([]string{"PATH=/bin", "GIT_DIR=/elsewhere", "GIT_WORK_TREE=/", "GIT_INDEX_FILE=x", "GIT_CONFIG_COUNT=1", "LC_ALL=de", "HOME=/root"}))
	want := []string{
		"PATH=/bin", "GIT_CONFIG_COUNT=1", "HOME=/root", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_EDITOR=:", "GCM_INTERACTIVE=never",
		"GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestQuiet(t *testing.T) {
	for _, tt := range []struct {
		given  string
		sshSet bool
		want   string
	}{
		{"", false, "ssh -oBatchMode=yes -oConnectTimeout=20"},
		{"", true, ""},
		{"GIT_SSH_COMMAND=/usr/bin/ssh -i key", true, "/usr/bin/ssh -i key -oBatchMode=yes"},
		{"GIT_SSH_COMMAND=plink", false, "plink"},
		{"GIT_SSH=/tmp/jenkins-ssh.sh", false, ""},
	} {
		if got := Lookup(Quiet([]string{"HOME=/root", tt.given}, tt.sshSet), "GIT_SSH_COMMAND"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.given, got, tt.want)
		}
	}
}

// repository makes a repository with a commit.
func repository(t *testing.T, dir string) string {
	t.Helper()
	for _, args := range [][]string{
		{"init", "-q", "-b", "main", dir},
		{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "one"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args, err, out)
		}
	}
	return dir
}

func TestRun(t *testing.T) {
	dir := repository(t, t.TempDir())
	c := Command{Dir: dir, Environ: Environment(append(os.Environ(), "GIT_DIR=/elsewhere"))}
	if out, err := c.Run(t.Context(), "rev-parse", "--abbrev-ref", "HEAD"); err != nil || string(out) != "main\n" {
		t.Errorf("%q, %v", out, err)
	}
	_, err := c.Run(t.Context(), "-c", "a.b=c", "rev-parse", "--verify", "none")
	if failed, ok := errors.AsType[*Error](err); !ok || err.Error() != "git rev-parse: Needed a single revision" {
		t.Errorf("%v, %v", failed, err)
	}
	c.Limit = 3
	if out, err := c.Run(t.Context(), "rev-parse", "HEAD"); err == nil || len(out) > 3 {
		t.Errorf("more than the limit: %q, %v", out, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Run(ended, "version"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	c.Timeout = time.Nanosecond
	if _, err := c.Run(t.Context(), "version"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("out of time: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := (Command{}).Run(t.Context(), "version"); !errors.Is(err, ErrNoGit) {
		t.Errorf("without git: %v", err)
	}
}

func TestRunTakesNoBareRepository(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", "--bare", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, bare := range []bool{true, false} {
		_, err := Command{Dir: dir, Bare: bare, Environ: Environment(os.Environ())}.Run(t.Context(), "rev-parse", "--git-dir")
		if bare != (err == nil) {
			t.Errorf("bare %t: %v", bare, err)
		}
	}
}

func TestNested(t *testing.T) {
	outer := repository(t, t.TempDir())
	if Nested(outer, filepath.Join(outer, ".git")) {
		t.Error("a repository by itself is nested")
	}
	inner := repository(t, filepath.Join(outer, "inner"))
	if !Nested(inner, filepath.Join(inner, ".git")) {
		t.Error("a repository in another is not nested")
	}
	if Nested(filepath.Join(outer, "linked"), filepath.Join(outer, ".git")) {
		t.Error("a linked work tree is nested")
	}
	if Nested(filepath.Join(outer, "module"), filepath.Join(outer, ".git/modules/module")) {
		t.Error("a submodule is nested")
	}
	// what lies between has come with the files of the outer one, settings and all
	middle := filepath.Join(outer, "middle")
	if err := os.MkdirAll(filepath.Join(middle, ".git/modules/module"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !Nested(filepath.Join(middle, "module"), filepath.Join(middle, ".git/modules/module")) {
		t.Error("a repository whose settings are in a .git that came with another is not nested")
	}
}

func TestCheckNested(t *testing.T) {
	if err := CheckNested("core.bare\nfalse\x00remote.origin.url\nhttps://example.com/x\x00remote.origin.fetch\n+refs/heads/*:refs/remotes/origin/*\x00branch.main.remote\norigin\x00"); err != nil {
		t.Error(err)
	}
	for _, key := range []string{
		"protocol.ext.allow", "core.sshcommand", "core.gitproxy", "core.fsmonitor", "core.hookspath", "core.askpass", "core.editor", "credential.helper",
		"credential.https://example.com.helper", "url.ext::sh.insteadof", "filter.x.clean", "remote.origin.uploadpack", "remote.a.b.vcs", "gpg.program", "include.path",
	} {
		if err := CheckNested("core.bare\nfalse\x00" + key + "\nx\x00"); !errors.Is(err, ErrNested) || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestComplaint(t *testing.T) {
	tests := []struct{ text, want string }{
		{"fatal: unable to access 'https://user:secret@example.com/x.git/': no", "unable to access 'https://example.com/x.git/': no"},
		{"remote: GitLab: protected\x1b[K\nremote: \nTo x\n ! [remote rejected] v1\nerror: failed to push", "GitLab: protected; failed to push"},
		{"remote: \x1b[31mred\x07", "[31mred"},
		{"", "failed without a word"},
		{"something\nelse", "something"},
	}
	for _, tt := range tests {
		if got := Complaint(tt.text); strings.TrimSpace(got) != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
	if got := Complaint("fatal: " + strings.Repeat("ж", 1000)); len(got) > 420 {
		t.Errorf("%d bytes", len(got))
	}
}
