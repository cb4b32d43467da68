package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a package with a test of each kind.
const sample = `package sample

import "testing"

func TestPasses(t *testing.T) { t.Log("a line nobody needs") }

func TestFails(t *testing.T) { t.Run("within", func(t *testing.T) { t.Error("two is not three") }) }

func TestSkips(t *testing.T) { t.Skip("no cluster: start one") }

func TestSkipsToo(t *testing.T) { t.Skip("no cluster: start one") }
`

func summaryOf(t *testing.T, source string) (string, *result) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/sample\n\ngo 1.26\n", "sample_test.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-json", "./...")
	command.Dir = dir
	out, _ := command.Output() // it fails, as it should
	var w strings.Builder
	r := newResult()
	for data := range strings.Lines(string(out)) {
		r.read([]byte(strings.TrimSuffix(data, "\n")), &w)
	}
	r.summarize(&w)
	return w.String(), r
}

func TestSummary(t *testing.T) {
	got, r := summaryOf(t, sample)
	for _, want := range []string{
		"FAILED example.com/sample TestFails/within", "two is not three",
		"1 passed, 2 failed, 2 skipped", "skipped   2: no cluster: start one (TestSkips, TestSkipsToo)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "a line nobody needs") {
		t.Errorf("it shows what a passed test printed:\n%s", got)
	}
	if r.failed != 2 || r.broken != 1 {
		t.Errorf("%d failed and %d packages, want 2 and 1", r.failed, r.broken)
	}
}

func TestReasonOfAScript(t *testing.T) {
	output := []string{"    testscript.go:558: WORK=$WORK\n", "        > [!cluster] skip 'no cluster'\n", "        \n"}
	if got := reasonOf(output); got != "no cluster" {
		t.Errorf("got %q", got)
	}
}

func TestSummaryOfWhatDoesNotCompile(t *testing.T) {
	got, r := summaryOf(t, "package sample\n\nfunc broken() { return 1 }\n")
	if r.broken != 1 || !strings.Contains(got, "too many return values") {
		t.Errorf("%d packages failed; it says\n%s", r.broken, got)
	}
}
