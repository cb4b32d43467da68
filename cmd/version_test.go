package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// corrupt REVISION writes rubbish over the object of a revision, which is a file of its own.
func corrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: corrupt REVISION")
	}
	ts.Check(ts.Exec("git", "rev-parse", args[0]))
	hash := strings.TrimSpace(ts.ReadFile("stdout"))
	file := ts.MkAbs(filepath.Join(".git", "objects", hash[:2], hash[2:]))
	ts.Check(os.Remove(file))
	ts.Check(os.WriteFile(file, []byte("not zlib at all"), 0o644))
}

// lengthen FILE MEGABYTES adds so much text to a file.
func lengthen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lengthen FILE MEGABYTES")
	}
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	megabytes, err := strconv.Atoi(args[1])
	ts.Check(err)
	const line = "all work and no play\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append(text, strings.Repeat(line, megabytes<<20/len(line))...), 0o644))
}

// headIs REVISION checks that the version just printed names the commit of a revision.
func headIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: head-is REVISION")
	}
	version := strings.TrimSpace(ts.ReadFile("stdout"))
	ts.Check(ts.Exec("git", "rev-parse", args[0]))
	if hash := strings.TrimSpace(ts.ReadFile("stdout")); !strings.HasSuffix(version, ".g"+hash[:8]) {
		ts.Fatalf("version %s is not of commit %s", version, hash)
	}
}

// setenv NAME sets a variable to what was printed last.
func setenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: setenv NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// The console blocks of docs/versions.md are one session, and print what they say. With PINTLE_UPDATE set they are written anew.
func TestVersionDocs(t *testing.T) {
	page := filepath.Join("..", "docs", "versions.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	got := consoleBlock.ReplaceAllStringFunc(string(text), func(block string) string {
		var out strings.Builder
		out.WriteString("```console\n")
		for line := range strings.Lines(block) {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			shell := exec.CommandContext(t.Context(), "sh", "-c", command)
			shell.Dir = dir
			if _, err := os.Stat(filepath.Join(dir, "shop")); err == nil {
				shell.Dir = filepath.Join(dir, "shop")
			}
			shell.Env = []string{
				"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
				"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
				"GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
			}
			printed, _ := shell.CombinedOutput() // some of them fail, and say so
			out.WriteString(line)
			out.Write(printed)
		}
		return out.String() + "```\n"
	})
	if os.Getenv("PINTLE_UPDATE") != "" {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("%s (-page +run):\n%s", page, diff)
	}
}

var consoleBlock = regexp.MustCompile("(?ms)^```console\n.*?^```\n")
