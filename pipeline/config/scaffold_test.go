package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
)

// tree is the repository of an archive; its comment is the options.
func tree(t *testing.T, file string) (fstest.MapFS, Options) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var o Options
	if err := json.Unmarshal(archive.Comment, &o); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files, o
}

func TestInit(t *testing.T) {
	archives, err := filepath.Glob("testdata/init/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives in testdata/init", err)
	}
	s := compileSchema(t)
	for _, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
		t.Run(name, func(t *testing.T) {
			repository, options := tree(t, archive)
			found, err := Scan(repository)
			if err != nil {
				t.Fatal(err)
			}
			files, err := Scaffold(found, options)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for _, f := range files {
				if f.Kept {
					out.WriteString("== " + f.Path + " is kept\n")
					continue
				}
				out.WriteString("== " + f.Path + "\n" + string(f.Data))
				repository[f.Path] = &fstest.MapFile{Data: f.Data}
				var any any
				if err := yaml.Unmarshal(f.Data, &any); err != nil && f.Path != jenkinsfile {
					t.Errorf("%s is no YAML: %v", f.Path, err)
				}
			}
			golden(t, strings.TrimSuffix(archive, ".txtar")+".out", out.String())
			c, err := Load(repository, FileName)
			if err != nil {
				t.Fatalf("what init wrote does not load:\n%v", err)
			}
			if len(c.Services) == 0 {
				t.Error("no service")
			}
			if err := validateText(t, s, repository[FileName].Data); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestInitWithoutCharts(t *testing.T) {
	found, err := Scan(fstest.MapFS{"main.go": {}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Scaffold(found, Options{}); !errors.Is(err, ErrNoCharts) {
		t.Errorf("got %v", err)
	}
}

func TestInitRefusesOptions(t *testing.T) {
	found, err := Scan(fstest.MapFS{"services/a/chart/Chart.yaml": {}})
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		`charts: "registry.example.com" is no OCI reference; write oci://HOST/PATH`: {Charts: "registry.example.com"},
		`images: "oci://x/y" is no image name; write HOST/PATH`:                     {Images: "oci://x/y"},
	} {
		if _, err := Scaffold(found, o); err == nil || err.Error() != want || !errors.Is(err, ErrConfig) {
			t.Errorf("%v", err)
		}
	}
}

func TestScanReportsABrokenFile(t *testing.T) {
	_, err := Scan(fstest.MapFS{FileName: {Data: []byte("apiVersion: pintle/v1\n")}})
	if !errors.Is(err, ErrConfig) {
		t.Errorf("got %v", err)
	}
}

func TestScanOfALargeTreeEnds(t *testing.T) {
	files := fstest.MapFS{"z/chart/Chart.yaml": {}}
	for i := range maxScanEntries {
		files[fmt.Sprintf("a/%d/%d", i%100, i)] = &fstest.MapFile{}
	}
	found, err := Scan(files)
	if err != nil || !found.Cut {
		t.Errorf("cut: %v, error: %v", found.Cut, err)
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Jenkinsfile"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []File{{Path: "Jenkinsfile", Data: []byte("x")}, {Path: "pintle.yaml", Data: []byte("y")}, {Path: "other", Data: []byte("z"), Kept: true}}
	if err := Write(dir, files); err != nil {
		t.Fatal(err)
	}
	if !files[0].Kept || files[1].Kept {
		t.Errorf("kept: %v, %v", files[0].Kept, files[1].Kept)
	}
	for name, want := range map[string]string{"Jenkinsfile": "mine", "pintle.yaml": "y"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "other")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a kept file was written: %v", err)
	}
}

func TestGitLabRefs(t *testing.T) {
	for _, test := range []struct {
		pattern  string
		yes, no  []string
		verbatim string
	}{
		{pattern: "develop", verbatim: `'$CI_COMMIT_BRANCH == "develop"'`},
		{pattern: "feature/*", yes: []string{"feature/a"}, no: []string{"feature/a/b", "feature"}},
		{pattern: "feature/**", yes: []string{"feature/a", "feature/a/b"}, no: []string{"features"}},
		{pattern: "**/fix", yes: []string{"fix", "a/fix", "a/b/fix"}, no: []string{"afix"}},
		{pattern: "v[0-9].?", yes: []string{"v1.x"}, no: []string{"vx.x", "v1.xx", "v1xx"}},
		{pattern: `it's "x"*`, yes: []string{`it's "x"y`}},
	} {
		got := gitlabRef(test.pattern)
		if test.verbatim != "" {
			if got != test.verbatim {
				t.Errorf("%s: %s", test.pattern, got)
			}
			continue
		}
		var text string
		if err := yaml.Unmarshal([]byte(got), &text); err != nil {
			t.Errorf("%s: %v", got, err)
		}
		expression := strings.TrimSuffix(strings.TrimPrefix(text, "$CI_COMMIT_BRANCH =~ /"), "/")
		re := regexp.MustCompile(strings.ReplaceAll(expression, `\/`, "/"))
		for want, branches := range map[bool][]string{true: test.yes, false: test.no} {
			for _, branch := range branches {
				ours, err := MatchBranch(test.pattern, branch)
				if err != nil || ours != want || re.MatchString(branch) != want {
					t.Errorf("%s on %s: ours %v, GitLab's %v, want %v", test.pattern, branch, ours, re.MatchString(branch), want)
				}
			}
		}
	}
}

func TestRemoteName(t *testing.T) {
	for remote, want := range map[string]string{
		"git@github.com:a/Shop.git": "Shop", "https://x.example/a/b/shop/": "shop", "ssh://git@x/shop.git": "shop", "": "", "shop": "shop",
	} {
		if diff := cmp.Diff(want, remoteName(remote)); diff != "" {
			t.Errorf("%s: %s", remote, diff)
		}
	}
}
