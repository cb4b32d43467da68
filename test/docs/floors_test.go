package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/pintle-ci/pintle/"

var (
	folderTitle = regexp.MustCompile(`^### (\w+) \(floor (\d)\)$`)
	packageRow  = regexp.MustCompile("^\\| `([\\w/]+)` \\|")
)

// house is what docs/engineering/architecture.md says: the floor of each folder,
// and the packages of each folder from top to bottom.
func house(t *testing.T) (floors map[string]int, packages map[string][]string) {
	t.Helper()
	data, err := os.ReadFile("../../docs/engineering/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	floors, packages = map[string]int{}, map[string][]string{}
	folder := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if title := folderTitle.FindStringSubmatch(line); title != nil {
			folder = title[1]
			floors[folder], _ = strconv.Atoi(title[2])
		} else if strings.HasPrefix(line, "#") {
			folder = ""
		} else if row := packageRow.FindStringSubmatch(line); row != nil && folder != "" {
			packages[folder] = append(packages[folder], row[1])
		}
	}
	return floors, packages
}

// imports are the packages of the module and what each imports of it, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,GoFiles", "./...")
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath       string
			Imports, GoFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		if len(p.GoFiles) == 0 || strings.HasPrefix(name, "test/") || strings.HasPrefix(name, "examples/") {
			continue
		}
		found[name] = []string{}
		for _, i := range p.Imports {
			if rest, ours := strings.CutPrefix(i, module); ours {
				found[name] = append(found[name], rest)
			}
		}
	}
}

// TestFloors holds the architecture page against the imports: every package is in
// the table of its folder, a folder uses lower floors only, and a package those
// below it in its folder only.
func TestFloors(t *testing.T) {
	floors, packages := house(t)
	found := imports(t)
	if len(found) < 40 {
		t.Fatalf("found %d packages", len(found))
	}
	for name, used := range found {
		folder, _, _ := strings.Cut(name, "/")
		at := slices.Index(packages[folder], name)
		if at < 0 {
			t.Errorf("%s is not in docs/engineering/architecture.md", name)
			continue
		}
		for _, u := range used {
			other, _, _ := strings.Cut(u, "/")
			switch {
			case other == folder && slices.Index(packages[folder], u) < at:
				t.Errorf("%s uses %s, which stands above it", name, u)
			case other != folder && floors[other] >= floors[folder]:
				t.Errorf("%s (floor %d) uses %s (floor %d)", name, floors[folder], u, floors[other])
			}
		}
	}
	for _, list := range packages {
		for _, name := range list {
			if _, ok := found[name]; !ok {
				t.Errorf("docs/engineering/architecture.md names %s, which is not there", name)
			}
		}
	}
}

// The bounds of a package and of a file, in lines: what does not fit is parted by subject.
const (
	maxPackageFiles = 42
	maxPackageLines = 6500
	maxSourceLines  = 400
	maxTestLines    = 600
)

// TestSizes holds packages and files small enough to be learnt one by one.
func TestSizes(t *testing.T) {
	type size struct{ files, lines int }
	packages := map[string]size{}
	for _, name := range sources(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines, most := bytes.Count(data, []byte("\n")), maxSourceLines
		if strings.HasSuffix(name, "_test.go") {
			most = maxTestLines
		} else {
			p := packages[filepath.Dir(name)]
			packages[filepath.Dir(name)] = size{p.files + 1, p.lines + lines}
		}
		if lines > most {
			t.Errorf("%s has %d lines, of %d", name, lines, most)
		}
	}
	if len(packages) < 50 {
		t.Fatalf("found %d packages", len(packages))
	}
	for name, p := range packages {
		if p.files > maxPackageFiles || p.lines > maxPackageLines {
			t.Errorf("%s has %d files and %d lines, of %d and %d", name, p.files, p.lines, maxPackageFiles, maxPackageLines)
		}
	}
}
