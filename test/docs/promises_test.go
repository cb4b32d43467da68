package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var testName = regexp.MustCompile("`(Test[A-Za-z]+)(?:/([a-z_]+))?`|`([a-z_]+)`")

// TestPromises holds that behind each promise of docs/security.md stands a test that
// is there, and that each script of attacks holds a promise.
func TestPromises(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/security.md"))
	if err != nil {
		t.Fatal(err)
	}
	functions := testFunctions(t)
	named := map[string]bool{}
	promises := 0
	for section := range strings.SplitSeq(string(page), "| promise | test |\n|---|---|\n") {
		table, _, _ := strings.Cut(section, "\n\n")
		for row := range strings.Lines(table) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), " | ")
			if len(cells) != 2 {
				continue
			}
			promises++
			tests := testName.FindAllStringSubmatch(cells[1], -1)
			if len(tests) == 0 {
				t.Errorf("no test behind %q", cells[0])
			}
			folder := "attack"
			for _, found := range tests {
				function, script := found[1], found[2]+found[3]
				if function == "TestScripts" {
					folder = "."
				}
				if function != "" && !functions[function] {
					t.Errorf("%s does not exist", function)
				}
				if script != "" {
					named[script] = true
					if _, err := os.Stat(filepath.Join(root, "cmd/testdata", folder, script+".txtar")); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
	if promises < 20 {
		t.Errorf("%d promises found: the search finds too few", promises)
	}
	scripts, err := filepath.Glob(filepath.Join(root, "cmd/testdata/attack/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if name := strings.TrimSuffix(filepath.Base(script), ".txtar"); !named[name] {
			t.Errorf("attack/%s holds no promise of docs/security.md", name)
		}
	}
}

// testFunctions are the names of the tests of the repository.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
	names := map[string]bool{}
	for _, file := range sources(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
	}
	return names
}
