package pipeline

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/versioning"
	"github.com/pintle-ci/pintle/versioning/changelog"
)

// TestMessagesReadAlike holds the two readers of commit messages together: what moves the version to the next major, minor or
// patch number stands under breaking changes, features or fixes. A revert is told as what it reverts, or among the others.
func TestMessagesReadAlike(t *testing.T) {
	messages := []string{
		"feat: x", "feat:  x", "feat:x", "feat : x", " feat: x", "feat:\tx", "FEAT: x", "Feat(api): x", "feat(api)!: x", "feat!(api): x", "feat (api): x", "feat(a(b)): x", "feat(): x",
		"fix: x", "perf: x", "fix", "fix:", "fix: ", "fix:  ", "fix!: x", "revert: x", "docs: x", "docs!: x", "feature: x", "feat-x: y", "feat1: y", "Merge: x", "x", "!: x",
		"feat(\x01): x", "\x1bfeat: x", "\ufefffeat: x", "\u200bfeat: x", "f\u200beat: x", "feat\u200b: x", "feat: \u200b", "feat: \x07", "feat:\u00a0x", "feat: x\r", "feat\xff: x", "feat: \xff",
		"x\n\nBREAKING CHANGE: y", "x\n\nBREAKING-CHANGE: y", "x\n\nBREAKING CHANGE #1", "x\n\nBREAKING CHANGE y", "x\n\nBREAKING CHANGE:y", "x\n\nbreaking change: y",
		"x\n\n BREAKING CHANGE: y", "x\nBREAKING CHANGE: y", "x\r\n\r\nBREAKING CHANGE: y\r\n", "BREAKING CHANGE: y", "x\n\nno BREAKING CHANGE: y", "x\n\nBREAKING CHANGE: ", "x\rBREAKING CHANGE: y",
		"feat: x\n\n" + strings.Repeat("long line of text\n", 4000) + "\nBREAKING CHANGE: y", "fix: x\n\n" + strings.Repeat("x", 40_000) + "\n\nBREAKING-CHANGE: y",
		"fix: " + strings.Repeat("x", 40_000),
	}
	dir := t.TempDir()
	git := func(input string, args ...string) string {
		t.Helper()
		c := exec.Command("git", args...)
		c.Dir, c.Stdin = dir, strings.NewReader(input)
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
			"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := c.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	git("", "init", "-q", "-b", "main")
	git("", "commit", "-q", "--allow-empty", "-m", "begin")
	git("", "tag", "v1.0.0")
	base := git("", "rev-parse", "HEAD")
	bumps := map[string]versioning.Bump{changelog.Breaking: versioning.BumpMajor, changelog.Features: versioning.BumpMinor, changelog.Fixes: versioning.BumpPatch}
	seen := map[versioning.Bump]int{}
	for _, message := range messages {
		head := git(message, "commit-tree", "-p", base, base+"^{tree}")
		git("", "update-ref", "refs/heads/main", head)
		r, err := versioning.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := r.Read(t.Context(), versioning.Query{Ref: versioning.Ref{Branch: "main"}, Prefix: "v"})
		if err != nil {
			t.Fatal(err)
		}
		log, err := r.Log(t.Context(), base, head, nil)
		if err != nil || len(log) != 1 {
			t.Fatalf("%d commits, %v", len(log), err)
		}
		told := versioning.BumpNone
		sections := changelog.Sections([]changelog.Commit{{Hash: log[0].Hash, Message: log[0].Message}}, nil)
		for _, s := range sections {
			told = bumps[s.Title]
			if slices.ContainsFunc(s.Entries, func(e changelog.Entry) bool { return e.Description == "" }) {
				t.Errorf("%.60q: an entry without words", message)
			}
		}
		counted := facts.Bump
		if strings.HasPrefix(message, "revert: ") {
			counted = versioning.BumpNone
		}
		if told != counted {
			t.Errorf("%.60q: the version moves by %s, the changelog has it as %s: %+v", message, counted, told, sections)
		}
		seen[counted]++
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for bump := versioning.BumpNone; bump <= versioning.BumpMajor; bump++ {
		if seen[bump] < 4 {
			t.Errorf("%d messages move by %s: too few to tell anything", seen[bump], bump)
		}
	}
}
