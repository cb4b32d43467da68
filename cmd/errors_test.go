package cmd_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var updateErrors = flag.Bool("update", false, "write testdata/errors and docs/engineering/errors.md anew, Helm's side if $HELM names its binary")

const (
	errorsFolder = "testdata/errors"
	errorsGuide  = "../docs/engineering/errors.md"
)

// errorCase is a chart that cannot be rendered, and what is said about it. Its comment is a title and the arguments.
type errorCase struct {
	file  string
	title string
	args  []string
	*txtar.Archive
}

func readErrorCase(t *testing.T, file string) errorCase {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	title, rest, _ := strings.Cut(string(archive.Comment), "\n$ ")
	return errorCase{file, title, shellWords(strings.TrimSpace(rest)), archive}
}

// shellWords splits at blanks; single quotes hold words together.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 0 {
			words = append(words, strings.Fields(part)...)
		} else {
			words = append(words, part)
		}
	}
	return words
}

func (c errorCase) get(name string) string {
	for _, f := range c.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func (c errorCase) set(name, text string) {
	for i, f := range c.Files {
		if f.Name == name {
			c.Files[i].Data = []byte(text)
			return
		}
	}
	c.Files = append(c.Files, txtar.File{Name: name, Data: []byte(text)})
}

// extract writes the case's files, but not what was said about them.
func (c errorCase) extract(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range c.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if f.Name == "pintle" || f.Name == "helm" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestErrorMessages holds what the command prints about broken charts, and what Helm prints if $HELM names it, against
// the records; docs/engineering/errors.md is made of them.
func TestErrorMessages(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(here, errorsFolder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", errorsFolder, err)
	}
	var guide bytes.Buffer
	guide.WriteString(errorsHead)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := readErrorCase(t, file)
			dir := c.extract(t)
			c.check(t, "pintle", said(t, dir, "pintle", append([]string{"chart", "template"}, c.args...)))
			if helm := os.Getenv("HELM"); helm != "" {
				c.check(t, "helm", sortedViolations(said(t, dir, helm, append([]string{"template"}, c.args...))))
			}
			c.document(&guide)
		})
	}
	checkFile(t, errorsGuide, guide.Bytes())
}

func (c errorCase) check(t *testing.T, name, got string) {
	t.Helper()
	if *updateErrors {
		c.set(name, got)
		checkFile(t, c.file, txtar.Format(c.Archive))
		return
	}
	if diff := cmp.Diff(c.get(name), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// sortedViolations brings what Helm says of values that a schema refuses, at random, into one order.
func sortedViolations(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); i++ {
		start := i
		for i < len(lines) && strings.HasPrefix(lines[i], "- at ") {
			i++
		}
		slices.Sort(lines[start:i])
	}
	return strings.Join(lines, "")
}

// said is what a command prints on stderr, and its exit code. It has no kubeconfig and no home.
func said(t *testing.T, dir, name string, args []string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	code := 0
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	const limit = 2000 // Helm says as much as 100 kB about a recursion
	text := strings.ReplaceAll(stderr.String(), dir, "$WORK")
	if len(text) > limit {
		text = fmt.Sprintf("%s [... and %d bytes more]\n", text[:limit], len(text)-limit)
	}
	return fmt.Sprintf("%s[exit %d]\n", text, code)
}

// checkFile compares a file with what it should hold, or writes that.
func checkFile(t *testing.T, path string, want []byte) {
	t.Helper()
	if *updateErrors {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Error(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is out of date; go test ./cmd -run TestErrorMessages -update (-want +got):\n%s", path, diff)
	}
}

const errorsHead = `# Errors of charts, beside Helm's

What ` + "`pintle chart template`" + ` prints when a chart, its values or the call is wrong, and what ` + "`helm template`" + ` (v4.3.1) prints for the very same
files. Both were recorded by running them; ` + "`go test ./cmd -run TestErrorMessages`" + ` runs them again. The charts are in ` + "`cmd/testdata/errors`" + `.

- One message on stderr; stdout carries manifests only. What a pipeline reports is its first line, with the rest as details.
- The place is file:line:column; the way there through includes stands under it, from the outside in, then the template's own line.
- A value is named with who gave it: a values file and its line, a flag, a chart's default and its line, an import.
- For rendered text that is no YAML: the lines around, and the template lines that wrote the failing one.
- ` + "`hint:`" + ` is the next step, where there is one.
- Values under keys that promise a secret (password, token, key ...), the data of Secrets, and the credentials in the environment are not shown.
- Exit codes: 3 for the call and the user's values, 4 for the chart, the schema and the cluster.

`

// document adds the case to docs/engineering/errors.md.
func (c errorCase) document(b *bytes.Buffer) {
	fmt.Fprintf(b, "## %s\n\n", c.title)
	for _, f := range c.Files {
		if f.Name == "pintle" || f.Name == "helm" || string(f.Data) == plainChart {
			continue
		}
		fmt.Fprintf(b, "`%s`\n\n```%s\n%s```\n\n", f.Name, language(f.Name), f.Data)
	}
	arguments := strings.TrimSpace(strings.SplitN(string(c.Comment), "\n$ ", 2)[1])
	fmt.Fprintf(b, "Helm:\n\n```\n$ helm template %s\n%s```\n\n", arguments, c.get("helm"))
	fmt.Fprintf(b, "Pintle:\n\n```\n$ pintle chart template %s\n%s```\n\n", arguments, c.get("pintle"))
}

// plainChart is the Chart.yaml that says nothing about a case.
const plainChart = "apiVersion: v2\nname: web\nversion: 1.0.0\n"

func language(name string) string {
	return map[string]string{".yaml": "yaml", ".json": "json"}[filepath.Ext(name)]
}
