package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// TestBlocksAreRun holds that each block of shell in a page is run by a test, or
// carries the reason why not.
func TestBlocksAreRun(t *testing.T) {
	for _, page := range userPages(t) {
		where := runsIn.FindStringSubmatch(read(t, page))
		for _, b := range blocks(t, page) {
			if b.lang == "sh" && b.notRun == "" && where == nil {
				t.Errorf("%s: no test runs this block: say what the page runs in, or why the block is not run", b.at())
			}
			generated := name(page) == "docs/cli.md" // from the help texts, which TestCommandLines reads
			if b.lang == "" && !generated && call.MatchString(b.text) {
				t.Errorf("%s: commands stand in a block of sh, what they print in one of text", b.at())
			}
		}
	}
}

// TestSessions runs the blocks of each page in order, as one session, in the
// repository that the page names, against the sandbox.
func TestSessions(t *testing.T) {
	kubetest.Cluster(t)
	for _, page := range userPages(t) {
		if found := runsIn.FindStringSubmatch(read(t, page)); found != nil && found[1] == "shop" {
			t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
				t.Parallel()
				play(t, page, read(t, "testdata/shop.sh"))
			})
		}
	}
}

// play runs the blocks of a page after what sets its session up.
func play(t *testing.T, page, setUp string, more ...string) {
	t.Helper()
	run := slices.DeleteFunc(blocks(t, page), func(b block) bool { return b.lang != "sh" || b.notRun != "" })
	if len(run) == 0 {
		t.Fatal("no block of the page is run")
	}
	printed := session(t, script(setUp, run), more...)
	for i, b := range run {
		if i >= len(printed) {
			return // the session has ended before, which is told
		}
		if !b.compare(t, printed[i]) {
			t.Logf("%s printed:\n%s", b.at(), printed[i])
		}
	}
}

// script is the session as one text: before each block a line of its own, and
// each block in the shell itself, so that one may go on where another stopped.
func script(setUp string, run []block) string {
	var s strings.Builder
	s.WriteString("set -euo pipefail\n" + setUp + "\n")
	for _, b := range run {
		s.WriteString(b.before)
		fmt.Fprintf(&s, "printf '\\n@@@@\\n'\n")
		if b.exit == 0 {
			s.WriteString(b.text)
			continue
		}
		fmt.Fprintf(&s, "set +e\n(set -e\n%s)\ncode=$?\nset -e\n[ $code = %d ] || { echo \"exit code $code, not %d\"; exit 1; }\n", b.text, b.exit, b.exit)
	}
	return s.String()
}

// session runs a script in a folder of its own, with no CI around it, and
// returns what each block printed.
func session(t *testing.T, script string, more ...string) []string {
	t.Helper()
	dir := t.TempDir()
	base, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	write(t, filepath.Join(home, ".gitconfig"), "[user]\nname = Ann\nemail = ann@example.com\n[init]\ndefaultBranch = main\n[advice]\ndetachedHead = false\n")
	command := exec.CommandContext(t.Context(), "bash", "-c", script)
	command.Dir = dir
	command.Env = append([]string{
		"HOME=" + home, "ROOT=" + base, "NAME=docs-" + strings.ToLower(filepath.Base(t.Name())),
		"PATH=" + pintle + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"PINTLE_SANDBOX=" + os.Getenv("PINTLE_SANDBOX"), kubetest.RegistryVariable + "=" + os.Getenv(kubetest.RegistryVariable),
		"KUBECONFIG=" + os.Getenv("KUBECONFIG"), "GIT_CONFIG_NOSYSTEM=1",
	}, more...)
	out, err := command.CombinedOutput()
	printed := strings.Split(string(out), "\n@@@@\n")
	if err != nil {
		t.Errorf("the session ended with %v in part %d:\n%s", err, len(printed)-1, printed[len(printed)-1])
	}
	return printed[1:]
}

// compare holds that each line which the page shows was printed, but for
// figures, times and addresses. It reports whether it does.
func (b block) compare(t *testing.T, printed string) bool {
	t.Helper()
	printed = plain(printed)
	same := true
	for line := range strings.Lines(b.output) {
		if line = strings.TrimSpace(line); line == "" || line == "..." {
			continue
		}
		for part := range strings.SplitSeq(line, "...") {
			if !strings.Contains(printed, strings.TrimSpace(plain(part))) {
				t.Errorf("%s shows what was not printed: %s", b.at(), line)
				same = false
			}
		}
	}
	return same
}

var (
	spaces  = regexp.MustCompile(`[ \t]+`)
	figures = []*regexp.Regexp{
		regexp.MustCompile(`\d+-\d\d-\d\dT[\d:]+Z`),
		regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`),
		regexp.MustCompile(`registry\.example\.com`),
		regexp.MustCompile(`g?\b[0-9a-f]{8,64}\b`),
		regexp.MustCompile(`\bg[0-9a-f]{8}\b`),
		regexp.MustCompile(`\b\d+(\.\d+)?(ms|s|m)\b`),
		regexp.MustCompile(`\b\d+ bytes\b`),
	}
)

// plain takes out of a text what differs between two runs.
func plain(text string) string {
	for _, figure := range figures {
		text = figure.ReplaceAllString(text, "~")
	}
	return spaces.ReplaceAllString(text, " ")
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
