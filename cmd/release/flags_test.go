package release_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/test/peer"
)

// TestReleaseHasHelmsFlags holds that every flag of Helm's is ours too, or stands in
// docs/engineering/helm-differences.md with the reason why not.
func TestReleaseHasHelmsFlags(t *testing.T) {
	helm := peer.Helm(t)
	text, err := os.ReadFile("../../docs/engineering/helm-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, absent, found := strings.Cut(string(text), "deliberately absent:")
	if !found {
		t.Fatal("docs/engineering/helm-differences.md has no list of absent flags")
	}
	app := cmd.App()
	group := cli.FindCommand(app.Commands, "release")
	all := append(slices.Clone(group.Subcommands), cli.FindCommand(group.Subcommands, "get").Subcommands...)
	ours, theirs := 0, 0
	for _, c := range all {
		if len(c.Subcommands) > 0 || c.Name == "recover" { // which Helm has not
			continue
		}
		args := []string{c.Name, "--help"}
		if !slices.Contains(group.Subcommands, c) {
			args = []string{"get", c.Name, "--help"}
		}
		command := exec.CommandContext(t.Context(), helm, args...)
		home := t.TempDir()
		command.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
		help, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^ +(?:-(\w), )?--([a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
			short, long := m[1], m[2]
			theirs++
			switch {
			case long == "help" || hasFlag(app.Flags, long):
				ours++
			case hasFlag(c.Flags, long):
				ours++
				if short != "" && !hasFlag(c.Flags, short) {
					t.Errorf("%s: -%s is missing beside --%s", c.Name, short, long)
				}
			case !strings.Contains(absent, "`--"+long+"`"):
				t.Errorf("%s: --%s is neither there nor said to be absent", c.Name, long)
			}
		}
	}
	t.Logf("%d of Helm's %d flags, over all commands", ours, theirs)
}

func hasFlag(flags []urfave.Flag, name string) bool {
	return slices.ContainsFunc(flags, func(f urfave.Flag) bool { return slices.Contains(f.Names(), name) })
}
