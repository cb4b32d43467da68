package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A call stands at the beginning of a line of shell, or where shell may begin a
// command: after a separator, in $( ) and in the steps of a CI's file.
var call = regexp.MustCompile(`(?:^|[;&|(] *|\$\(|'|^ *- (?:run: )?|\bif |! )pintle((?: +[^\s;&|)']+|"[^"]*")+)`)

// inText is a command in the text of a page.
var inText = regexp.MustCompile("`pintle ([^`\n]+)`")

// usage is a line of docs/cli.md that shows how a command is called.
var usage = regexp.MustCompile(`(?m)^(pintle[a-z ]*) \[flags\]`)

// flagRow is a row of a table of flags in docs/cli.md.
var flagRow = regexp.MustCompile("(?m)^\\| `(-[^`]+)` \\|")

// program is what docs/cli.md, which is generated, says of the command line: of
// each command the flags, and whether they take a value.
type program map[string]map[string]bool

func readProgram(t *testing.T) program {
	t.Helper()
	p := program{}
	for section := range strings.SplitSeq(read(t, filepath.Join(root, "docs/cli.md")), "\n## ") {
		title, _, _ := strings.Cut(section, "\n")
		flags := map[string]bool{}
		for _, row := range flagRow.FindAllStringSubmatch(section, -1) {
			for form := range strings.SplitSeq(row[1], ", ") {
				flag, value, _ := strings.Cut(form, " ")
				flags[flag] = value != ""
			}
		}
		p[title] = flags
	}
	return p
}

// sandboxCommands are those of another program, pintle-sandbox.
var sandboxCommands = []string{"up", "down", "status", "run", "image", "apiserver"}

// TestCommandLines holds that each command in a block or in the text of a page is
// one: the program itself reads its command and its flags.
func TestCommandLines(t *testing.T) {
	known := readProgram(t)
	found := 0
	seen := map[string]bool{}
	check := func(b block, words string) {
		found++
		if !seen[words] {
			seen[words] = true
			known.check(t, b, strings.Fields(words))
		}
	}
	for _, page := range userPages(t) {
		for _, b := range blocks(t, page) {
			examples := name(page) == "docs/cli.md" // of the help texts
			if b.lang == "text" && !examples || b.lang == "console" || usage.MatchString(b.text) {
				continue // what is printed; what TestVersionDocs runs; how a command is called
			}
			for _, line := range joined(b.text) {
				for _, match := range call.FindAllStringSubmatch(line, -1) {
					check(b, match[1])
				}
			}
		}
	}
	for _, page := range userPages(t) {
		for _, match := range inText.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			if !strings.ContainsAny(match[1], "|[") { // several commands in one
				check(block{page: page}, match[1])
			}
		}
	}
	if found < 150 {
		t.Errorf("%d commands found: the search finds too few", found)
	}
}

var (
	target     = regexp.MustCompile(`(?m)^([a-z-]+):`)
	calledMake = regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)")
)

// TestMakeTargets holds that each target of make that a page names is there.
func TestMakeTargets(t *testing.T) {
	targets := map[string]bool{}
	for _, found := range target.FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1) {
		targets[found[1]] = true
	}
	for _, page := range markdown(t) {
		if strings.Contains(page, "/facts/") {
			continue // what other projects call theirs
		}
		for _, found := range calledMake.FindAllStringSubmatch(read(t, page), -1) {
			if !targets[found[1]] {
				t.Errorf("%s names make %s, which is not in the Makefile", name(page), found[1])
			}
		}
	}
}

// joined are the lines of a block without comments, those that a backslash ends
// together with the next.
func joined(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line, _, _ = strings.Cut(line, " #")
		line, _, _ = strings.Cut(line, " //")
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// check holds one call against the program. What is no flag is left out, for
// help is asked with it.
func (p program) check(t *testing.T, b block, words []string) {
	t.Helper()
	if words[0] == "sandbox" {
		if len(words) < 2 || !slices.Contains(sandboxCommands, words[1]) {
			t.Errorf("%s: pintle %s: the sandbox has no such command", b.at(), strings.Join(words, " "))
		}
		return
	}
	path, depth := "pintle", 0
	for depth < len(words) && p[path+" "+words[depth]] != nil {
		path += " " + words[depth]
		depth++
	}
	if depth == 0 && !strings.HasPrefix(words[0], "-") {
		t.Errorf("%s: pintle has no command %s", b.at(), words[0])
		return
	}
	args := slices.Clone(words[:depth])
	for i := depth; i < len(words) && words[i] != "--"; i++ {
		word := strings.Trim(words[i], `"`)
		if !strings.HasPrefix(word, "-") || strings.ContainsAny(word, "<>") {
			continue
		}
		args = append(args, word)
		flag, _, inline := strings.Cut(word, "=")
		if p[path][flag] && !inline && i+1 < len(words) {
			i++
			args = append(args, strings.Trim(words[i], `"`))
		}
	}
	if args[len(args)-1] == "--version" || args[len(args)-1] == "--help" {
		return
	}
	command := exec.CommandContext(t.Context(), filepath.Join(pintle, "pintle"), append(args, "--help")...)
	command.Env = []string{"HOME=" + t.TempDir()}
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: pintle %s: %s", b.at(), strings.Join(words, " "), out)
	}
}
