package cmd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/text"
)

// TestEveryCommandHasHelp holds that each command has a description in plain sentences, examples that its own flags
// allow, and its exit codes.
func TestEveryCommandHasHelp(t *testing.T) {
	app := App()
	known := map[string]bool{}
	cli.Walk(app.Commands, "", func(path string, c *urfave.Command) {
		path = strings.TrimSpace(path)
		known[path] = true
		help := HelpOf(path)
		if help.About == "" || len(help.Examples) == 0 || len(help.Codes) < 3 {
			t.Errorf("%s: it lacks a description, an example or its exit codes: add it to pages()", path)
		}
		if c.Description != "" {
			t.Errorf("%s: its description belongs to pages()", path)
		}
		for _, sentence := range strings.FieldsFunc(strings.ReplaceAll(help.About, ". ", "\n"), func(r rune) bool { return r == '\n' }) {
			if n := len(strings.Fields(sentence)); n > 25 {
				t.Errorf("%s: a sentence of %d words: %s", path, n, sentence)
			}
		}
		for _, example := range help.Examples {
			checkExample(t, app, path, example)
		}
	})
	for path := range pages() {
		if !known[path] {
			t.Errorf("there is help for %q, which is no command", path)
		}
	}
}

// checkExample holds that an example calls a command of the path, with flags that are there.
func checkExample(t *testing.T, app *urfave.App, path, example string) {
	t.Helper()
	line := strings.TrimSuffix(strings.TrimPrefix(example, "source <("), ")")
	if !strings.HasPrefix(line+" ", "pintle "+path+" ") {
		t.Errorf("%s: the example %q calls another command", path, example)
	}
	line, _, _ = strings.Cut(line, " > ")
	ordered, err := cli.Reorder(app, strings.Fields(line))
	if err != nil {
		t.Fatalf("%s: %v", example, err)
	}
	commands, flags := app.Commands, app.Flags
	for _, word := range ordered[1:] {
		if c := cli.FindCommand(commands, word); c != nil {
			commands, flags = c.Subcommands, c.Flags
		}
		if word == "--" {
			return
		}
		if name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "="); strings.HasPrefix(word, "-") && !hasFlag(flags, name) {
			t.Errorf("%s: there is no flag %s", example, word)
		}
	}
}

func hasFlag(flags []urfave.Flag, name string) bool {
	return slices.ContainsFunc(flags, func(f urfave.Flag) bool { return slices.Contains(f.Names(), name) })
}

// TestHelpFitsTheTerminal prints the help of every command for terminals of several widths: no line is wider, unless it
// is one word, and all say the same.
func TestHelpFitsTheTerminal(t *testing.T) {
	paths := [][]string{nil}
	cli.Walk(App().Commands, "", func(path string, c *urfave.Command) {
		if !c.SkipFlagParsing {
			paths = append(paths, strings.Fields(path))
		}
	})
	for _, path := range paths {
		want := ""
		for _, width := range []int{200, 80, 40} {
			out := helpAt(t, width, path)
			for line := range strings.Lines(out) {
				line = strings.TrimRight(line, "\n")
				if text.Width(line) > width && len(strings.Fields(strings.TrimSuffix(line, `\`))) > 1 {
					t.Errorf("pintle %s: %q is wider than %d", strings.Join(path, " "), line, width)
				}
			}
			words := strings.Join(strings.Fields(strings.ReplaceAll(out, "\\\n", "")), " ")
			if want == "" {
				want = words
			}
			if words != want {
				t.Errorf("pintle %s: other words at width %d:\n%s", strings.Join(path, " "), width, out)
			}
		}
	}
}

func helpAt(t *testing.T, width int, path []string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	getenv := func(name string) string {
		if name == "COLUMNS" {
			return fmt.Sprint(width)
		}
		return ""
	}
	args := append(append([]string{"pintle"}, path...), "--help")
	if code := Run(t.Context(), args, strings.NewReader(""), &out, &stderr, getenv); code != 0 || stderr.Len() > 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr.String())
	}
	return out.String()
}
