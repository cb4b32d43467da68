package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
