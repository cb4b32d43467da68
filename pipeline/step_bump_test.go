package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/git/gittest"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

// read is a file of the repository.
func read(t *testing.T, r *gittest.Repo, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.Dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Bump writes the version, the image and the versions of siblings; a second one changes nothing, and no version shows
// them.
func TestBump(t *testing.T) {
	r := shopRepo(t, "", nil)
	r.Tag("cart/v1.0.0")
	r.Tag("web/v2.0.0")
	p := open(t, r, onMain, "")
	out, got := take(t, Options{Project: p, Goal: GoalBump, Bump: BumpOptions{Check: true}})
	got.expect(t, map[string]string{"cart bump": "passed: would write Chart.yaml and values.yaml"})
	if out.ExitCode != exitcode.OK || r.Git("status", "--porcelain") != "" {
		t.Errorf("a check has written: %s", r.Git("status", "--porcelain"))
	}

	_, got = take(t, Options{Project: p, Goal: GoalBump})
	got.expect(t, map[string]string{"cart bump": "passed: wrote Chart.yaml and values.yaml", "web bump": "passed: wrote Chart.yaml and values.yaml"})
	if text := read(t, r, "services/cart/chart/values.yaml"); !strings.Contains(text, `repository: registry.example.com/shop/cart, tag: "1.0.0"`) {
		t.Error(text)
	}
	if text := read(t, r, "services/web/chart/Chart.yaml"); !strings.Contains(text, "version: 2.0.0") || !strings.Contains(text, "name: cart, version: 1.0.0") {
		t.Error(text)
	}

	out, got = take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBump})
	got.expect(t, map[string]string{"cart version": "passed: tag cart/v1.0.0", "cart bump": "unchanged: the files say so already", "web bump": "unchanged: ..."})
	if len(out.Versions) != 2 || len(got.warns) > 0 {
		t.Errorf("%+v, %v", out.Versions, got.warns)
	}
}

// What is in the files of bump by another hand stops a release, and is told of a build between releases.
func TestBumpOverAnEdit(t *testing.T) {
	r := shopRepo(t, "", nil)
	r.Write("services/cart/chart/values.yaml", "image: {repository: cart, tag: \"0.0.0\"}\nmotd: changed\n")
	_, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBump, Services: []string{"cart"}})
	if len(got.warns) != 1 || !strings.Contains(got.warns[0], "services/cart/chart/values.yaml") {
		t.Errorf("%v", got.warns)
	}
	r.Tag("cart/v1.0.0")
	out, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBuild, Services: []string{"cart"}})
	got.expect(t, map[string]string{"cart version": "failed: ...", "cart bump": "skipped: version failed"})
	if out.ExitCode != exitcode.Failed {
		t.Errorf("exit code %d", out.ExitCode)
	}
}

// A release is asked for before its tag is there, and what has not changed is not released.
func TestBumpOfARelease(t *testing.T) {
	r := shopRepo(t, "", nil)
	r.Tag("cart/v1.0.0")
	r.Tag("web/v2.0.0")
	r.Commit("feat: prices", "services/web/src")
	out, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBump, Bump: BumpOptions{Release: "auto"}})
	got.expect(t, map[string]string{"cart bump": "unchanged: not released: nothing has changed since cart/v1.0.0", "web bump": "passed: ..."})
	if len(out.Versions) != 2 || out.Versions[1].Version.Number != "2.1.0" {
		t.Errorf("%+v", out.Versions)
	}
}

// The one version for all stands in files too, and a run for some services leaves them.
func TestBumpOfVersionFiles(t *testing.T) {
	files := `version: {tag: "v{version}", files: [{file: package.json, path: version}, {file: README, pattern: 'Version (\S+)'}]}`
	text := strings.Replace(shopFiles("")["pintle.yaml"], `version: {tag: "{service}/v{version}"}`, files, 1)
	r := shopRepo(t, "", map[string]string{"pintle.yaml": text, "package.json": "{\"version\": \"0.0.0\"}\n", "README": "Version 0.0.0\n"})
	r.Tag("v3.1.0")
	out, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBump})
	got.expect(t, map[string]string{"version.files bump": "passed: wrote package.json and README"})
	if out.ProjectVersion != "3.1.0" || read(t, r, "README") != "Version 3.1.0\n" || read(t, r, "package.json") != "{\"version\": \"3.1.0\"}\n" {
		t.Errorf("%q: %s %s", out.ProjectVersion, read(t, r, "README"), read(t, r, "package.json"))
	}
	_, got = take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBump, Services: []string{"cart"}})
	got.expect(t, map[string]string{"version.files bump": "no such step"})
}

// What cannot be written is told with the line of pintle.yaml that asks for it.
func TestBumpOfWhatIsNotThere(t *testing.T) {
	for name, test := range map[string]struct{ service, want string }{
		"no image":        {"{path: services/cart, image: {tagPath: other.tag}}", "failed: services/cart/chart: ..."},
		"no such pattern": {"{path: services/cart, files: [{file: README, pattern: 'Release (.+)'}]}", "failed: pintle.yaml:..."},
		"no such path":    {"{path: services/cart, files: [{file: data.yaml, path: a.b}]}", "failed: pintle.yaml:..."},
		"another image":   {"{path: services/cart, images: {sidecar.image: sidecar}}", "failed: ..."},
	} {
		text := strings.Replace(shopFiles("")["pintle.yaml"], "{path: services/cart}", test.service, 1)
		r := shopRepo(t, "", map[string]string{"pintle.yaml": text, "README": "Version 0.0.0\n", "data.yaml": "c: 1\n"})
		_, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalBump, Services: []string{"cart"}})
		if got.end("cart bump") == "" || !strings.HasPrefix(got.end("cart bump"), strings.TrimSuffix(test.want, "...")) {
			t.Errorf("%s: %s", name, got.end("cart bump"))
		}
		if r.Git("status", "--porcelain") != "" {
			t.Errorf("%s: half of it was written: %s", name, r.Git("status", "--porcelain"))
		}
	}
}
