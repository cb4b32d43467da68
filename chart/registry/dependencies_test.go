package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/files"
)

// tree writes files below a new folder and returns it.
func tree(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// archiveOf packs a chart that consists of its name and version.
func archiveOf(t *testing.T, name, version string) []byte {
	t.Helper()
	dir := tree(t, map[string]string{
		"Chart.yaml":        fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version),
		"templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}}\n",
	})
	c, err := chart.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	tgz, _, err := chart.Package(t.Context(), c, chart.PackageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return tgz
}

// indexServer is an index repository: files by path, which tests may change.
type indexServer struct {
	*httptest.Server
	files map[string][]byte
	asked atomic.Int32
}

// newIndexServer serves charts given as name, version pairs.
func newIndexServer(t *testing.T, charts ...string) *indexServer {
	t.Helper()
	s := &indexServer{files: map[string][]byte{}}
	text, entries := "apiVersion: v1\nentries:\n", map[string]string{}
	for i := 0; i+1 < len(charts); i += 2 {
		name, version := charts[i], charts[i+1]
		tgz := archiveOf(t, name, version)
		sum := sha256.Sum256(tgz)
		file := name + "-" + version + ".tgz"
		s.files["/repo/files/"+file] = tgz
		entries[name] += fmt.Sprintf("  - apiVersion: v2\n    name: %s\n    version: %s\n    created: \"2024-05-06T07:08:09Z\"\n    digest: %s\n    urls: [files/%s]\n",
			name, version, hex.EncodeToString(sum[:]), file)
	}
	for name, list := range entries {
		text += "  " + name + ":\n" + list
	}
	s.files["/repo/index.yaml"] = []byte(text + "generated: \"2024-05-06T07:08:09Z\"\n")
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		data, ok := s.files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(s.Close)
	return s
}

// content is the chart's folder as a listing of paths; archives are listed with
// what is in them, locks without their time.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	list := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		switch {
		case strings.HasSuffix(name, ".lock"):
			data = []byte(withoutTime(string(data)))
		case strings.HasSuffix(name, ".tgz") && err == nil:
			c, err := chart.LoadArchive(t.Context(), bytes.NewReader(data))
			if err != nil {
				return err
			}
			data = nil
			for _, f := range c.Raw {
				if f.Name != "Chart.yaml" { // which Helm writes anew
					data = append(data, f.Name+"="+string(f.Data)+"\n"...)
				}
			}
		}
		list[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func withoutTime(lock string) string {
	var kept []string
	for line := range strings.Lines(lock) {
		if !strings.HasPrefix(line, "generated: \"") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// helmBinary is Helm, or the test is skipped.
func helmBinary(t *testing.T) string {
	t.Helper()
	if helm := os.Getenv("HELM"); helm != "" {
		return helm
	}
	helm, err := exec.LookPath("helm")
	if err != nil {
		t.Skip("no helm on PATH and no $HELM")
	}
	return helm
}

// TestDependenciesLikeHelm updates and builds charts with Helm and with ours,
// and compares every file.
func TestDependenciesLikeHelm(t *testing.T) {
	helm := helmBinary(t)
	web := newIndexServer(t, "redis", "1.2.0", "redis", "1.10.0", "redis", "2.0.0-rc.1", "mysql", "5.1.0", "mysql", "5.0.9", "odd", "v3.1.0", "odd", "3.0.0")
	oci := newServer(t)
	for _, version := range []string{"1.0.0", "1.4.2", "2.0.0"} {
		mustPush(t, oci, version)
	}
	repositories := filepath.Join(t.TempDir(), "repositories.yaml")
	text := fmt.Sprintf("apiVersion: v1\nrepositories:\n- {name: shop, url: %s/repo}\n", web.URL)
	if err := os.WriteFile(repositories, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HELM_REPOSITORY_CONFIG": repositories, "HELM_CACHE_HOME": t.TempDir(), "HELM_CONFIG_HOME": t.TempDir(), "HELM_DATA_HOME": t.TempDir()}
	const head = "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n"
	shared := map[string]string{"Chart.yaml": "apiVersion: v2\nname: shared\nversion: 0.3.0\n", "values.yaml": "a: 1\n"}
	tests := []struct {
		name  string
		files map[string]string
		build bool
	}{
		{"a range", map[string]string{"Chart.yaml": head + "- {name: redis, version: \">=1.0 <2\", repository: WEB/repo}\n"}, false},
		{"a slash at the end", map[string]string{"Chart.yaml": head + "- {name: redis, version: ^1, repository: WEB/repo/}\n"}, false},
		{"a pre-release", map[string]string{"Chart.yaml": head + "- {name: redis, version: \">=2.0.0-0\", repository: WEB/repo}\n"}, false},
		{"a version with v", map[string]string{"Chart.yaml": head + "- {name: odd, version: \"*\", repository: WEB/repo}\n"}, false},
		{"a part of a version", map[string]string{"Chart.yaml": head + "- {name: redis, version: \"1\", repository: WEB/repo}\n"}, false},
		{"a name", map[string]string{"Chart.yaml": head + "- {name: redis, version: ~1.2, repository: \"@shop\"}\n- {name: mysql, version: 5.x.x, repository: \"alias:shop\"}\n"}, false},
		{"aliases, conditions, tags, imports", map[string]string{"Chart.yaml": head +
			"- {name: redis, version: 1.2.0, repository: WEB/repo, alias: a, condition: \"a.on,b.on\", tags: [x, y]}\n" +
			"- {name: redis, version: 1.2.0, repository: WEB/repo, alias: b, import-values: [data, {child: x, parent: y}]}\n"}, false},
		{"oci", map[string]string{"Chart.yaml": head + "- {name: cart, version: ^1.0.0, repository: OCI/shop/charts}\n"}, false},
		{"oci, one version", map[string]string{"Chart.yaml": head + "- {name: cart, version: 1.0.0, repository: OCI/shop/charts}\n"}, false},
		{"a folder", map[string]string{"Chart.yaml": head + "- {name: shared, version: \">=0\", repository: \"file://lib/shared\"}\n", "lib/shared/Chart.yaml": shared["Chart.yaml"], "lib/shared/values.yaml": "a: 1\n"}, false},
		{"a folder in charts", map[string]string{"Chart.yaml": head + "- {name: shared, version: 0.x.x}\n", "charts/shared/Chart.yaml": shared["Chart.yaml"]}, false},
		{"outdated archives", map[string]string{
			"Chart.yaml":             head + "- {name: redis, version: 1.2.0, repository: WEB/repo}\n- {name: mine, version: 1.0.0}\n",
			"charts/redis-1.1.0.tgz": string(archiveOf(t, "redis", "1.1.0")), "charts/other-1.0.0.tgz": string(archiveOf(t, "other", "1.0.0")),
			"charts/mine/Chart.yaml": "apiVersion: v2\nname: mine\nversion: 1.0.0\n", "charts/mine-0.9.0.tgz": string(archiveOf(t, "mine", "0.9.0")),
			"charts/old/Chart.yaml": "apiVersion: v2\nname: old\nversion: 1.0.0\n", "charts/redis-1.1.0.tgz.prov": "signed",
		}, false},
		{"apiVersion v1", map[string]string{"Chart.yaml": "apiVersion: v1\nname: web\nversion: 1.0.0\n", "requirements.yaml": "dependencies:\n- {name: redis, version: ~1.2, repository: WEB/repo}\n"}, false},
		{"the lock stays", map[string]string{"Chart.yaml": head + "- {name: mysql, version: ^5, repository: WEB/repo}\n", "Chart.lock": lockOf(t, "mysql", "^5", "5.1.0", web.URL+"/repo")}, false},
		{"build", map[string]string{"Chart.yaml": head + "- {name: mysql, version: ^5, repository: WEB/repo}\n", "Chart.lock": lockOf(t, "mysql", "^5", "5.0.9", web.URL+"/repo")}, true},
		{"build without a lock", map[string]string{"Chart.yaml": head + "- {name: mysql, version: ^5, repository: WEB/repo}\n"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, text := range tt.files {
				if !strings.HasSuffix(name, ".tgz") {
					text = strings.ReplaceAll(text, "WEB", web.URL)
					tt.files[name] = strings.ReplaceAll(text, "OCI", strings.TrimSuffix(oci.ref(""), "/"))
				}
			}
			theirs, ours := tree(t, tt.files), tree(t, tt.files)
			command, do := "update", UpdateDependencies
			if tt.build {
				command, do = "build", BuildDependencies
			}
			cmd := exec.CommandContext(t.Context(), helm, "dependency", command, theirs, "--plain-http")
			cmd.Env = os.Environ()
			for k, v := range env {
				cmd.Env = append(cmd.Env, k+"="+v)
			}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("helm: %v\n%s", err, out)
			}
			result, err := do(t.Context(), ours, DependencyOptions{Access: Access{Getenv: func(k string) string { return env[k] }}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(content(t, theirs), content(t, ours)); diff != "" {
				t.Errorf("folder (-helm +ours), %+v:\n%s", result, diff)
			}
		})
	}
}

func lockOf(t *testing.T, name, wanted, version, repository string) string {
	t.Helper()
	requirements := []*chart.Dependency{{Name: name, Version: wanted, Repository: repository}}
	locked := []*chart.Dependency{{Name: name, Version: version, Repository: repository}}
	digest, err := chart.LockDigest(requirements, locked)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(chart.Lock{Generated: "2024-05-06T07:08:09Z", Digest: digest, Dependencies: locked})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// getenv is an environment in which only Helm's repositories are known.
func getenv(t *testing.T, repositories string) func(string) string {
	file := filepath.Join(tree(t, map[string]string{"repositories.yaml": repositories}), "repositories.yaml")
	return func(name string) string {
		if name == "HELM_REPOSITORY_CONFIG" {
			return file
		}
		return ""
	}
}

func TestDependencyErrors(t *testing.T) {
	const head = "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- "
	redis := head + "{name: redis, version: ^1, repository: WEB/repo}\n"
	web := func(t *testing.T) *indexServer {
		return newIndexServer(t, "redis", "1.2.0", "redis", "1.3.0", "mysql", "5.0.0")
	}
	tests := []struct {
		name  string
		chart string
		spoil func(s *indexServer)
		want  string // behind "update dependencies of DIR: "
		kind  error
	}{
		{
			"no repository there", strings.Replace(redis, "/repo", "/other", 1), nil,
			"download WEB/other/index.yaml: not found: 404 Not Found; no chart repository is there: check its URL", ErrNotFound,
		},
		{
			"no such chart", strings.Replace(redis, "redis", "rediss", 1), nil,
			"dependency rediss: WEB/repo: not found: no chart rediss in the index, which has mysql, redis", ErrNotFound,
		},
		{
			"no such version", strings.Replace(redis, "^1", "^9", 1), nil,
			"dependency redis: WEB/repo: not found: no version of redis matches ^9; the newest are 1.3.0, 1.2.0", ErrNotFound,
		},
		{
			"no version", strings.Replace(redis, "version: ^1, ", "", 1), nil,
			`dependency redis: it names no version: write a range such as ^1.2 into Chart.yaml, or "*" for any version`, nil,
		},
		{
			"no range", strings.Replace(redis, "^1", "one", 1), nil,
			`dependency redis: version "one" is neither a version nor a range: write 1.2.3, ^1.2 or >=1.2 <2`, nil,
		},
		{
			"the archive is gone", redis, func(s *indexServer) { delete(s.files, "/repo/files/redis-1.3.0.tgz") },
			"dependency redis: download WEB/repo/files/redis-1.3.0.tgz: not found: 404 Not Found; the repository's index names it, but it is not there: its index is out of date", ErrNotFound,
		},
		{
			"another archive", redis, func(s *indexServer) { s.files["/repo/files/redis-1.3.0.tgz"] = []byte("x") },
			"dependency redis: download WEB/repo/files/redis-1.3.0.tgz: the archive is not the one of the index: its digest is " +
				"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881, not DIGEST; the index is out of date, or somebody changed the file: ask the repository's owner", nil,
		},
		{
			"a truncated archive", redis, func(s *indexServer) {
				const file = "/repo/files/redis-1.3.0.tgz"
				s.files[file] = s.files[file][:100]
				s.files["/repo/index.yaml"] = []byte(withoutDigests(string(s.files["/repo/index.yaml"])))
			},
			"dependency redis: redis-1.3.0.tgz of WEB/repo is damaged: read archive: unexpected EOF", nil,
		},
		{
			"another chart", redis, func(s *indexServer) {
				s.files["/repo/files/redis-1.3.0.tgz"] = s.files["/repo/files/mysql-5.0.0.tgz"]
				s.files["/repo/index.yaml"] = []byte(withoutDigests(string(s.files["/repo/index.yaml"])))
			},
			`dependency redis: redis-1.3.0.tgz of WEB/repo is the chart "mysql"`, nil,
		},
		{
			"another version", redis, func(s *indexServer) {
				s.files["/repo/files/redis-1.3.0.tgz"] = archiveOf(t, "redis", "1.2.9")
				s.files["/repo/index.yaml"] = []byte(withoutDigests(string(s.files["/repo/index.yaml"])))
			},
			"dependency redis: WEB/repo publishes version 1.2.9 of the chart as 1.3.0: ask its owner to publish it anew, or ask for another version", nil,
		},
		{
			"a web page", redis, func(s *indexServer) { s.files["/repo/index.yaml"] = []byte("<!DOCTYPE html><p>log in</p>") },
			"read WEB/repo/index.yaml: this is a web page, not an index; is this the URL of a chart repository?", nil,
		},
		{
			"a name that nobody knows", strings.Replace(redis, "WEB/repo", `"@stable"`, 1), nil,
			`dependency redis: no repository is called "stable" in FILE: add it with "helm repo add stable URL", or write its URL`, nil,
		},
		{
			"no URL", strings.Replace(redis, "WEB/repo", "stable", 1), nil,
			`dependency redis: repository "stable" is neither a URL (https://, oci://, file://) nor @NAME of a repository`, nil,
		},
		{
			"a folder of the machine", strings.Replace(redis, "WEB/repo", "file://..", 1), nil,
			"dependency redis: load chart DIR/..: is outside of the repository: a file:// dependency must be in the chart's git work tree", files.ErrOutside,
		},
		{
			"no folder", strings.Replace(redis, "WEB/repo", "file://nowhere", 1), nil,
			"dependency redis: load chart DIR/nowhere: no such file or directory", os.ErrNotExist,
		},
		{
			"not in charts", strings.Replace(redis, "WEB/repo", `""`, 1), nil,
			"dependency redis: it names no repository and is not in charts/: put it there, or write its repository into Chart.yaml", nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := web(t)
			digest := sha256.Sum256(s.files["/repo/files/redis-1.3.0.tgz"])
			if tt.spoil != nil {
				tt.spoil(s)
			}
			dir := tree(t, map[string]string{"Chart.yaml": strings.ReplaceAll(tt.chart, "WEB", s.URL)})
			env := getenv(t, "repositories: []\n")
			before := content(t, dir)
			_, err := UpdateDependencies(t.Context(), dir, DependencyOptions{Access: Access{Getenv: env, Pause: time.Nanosecond}})
			want := strings.NewReplacer("WEB", s.URL, "DIGEST", hex.EncodeToString(digest[:]), "FILE", env("HELM_REPOSITORY_CONFIG"), "DIR/nowhere", filepath.Join(dir, "nowhere"), "DIR/..", filepath.Dir(dir)).Replace(tt.want)
			if err == nil || err.Error() != "update dependencies of "+dir+": "+want {
				t.Errorf("got  %v\nwant update dependencies of %s: %s", err, dir, want)
			}
			if tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("%v is not %v", err, tt.kind)
			}
			if diff := cmp.Diff(before, content(t, dir)); diff != "" {
				t.Errorf("the chart's folder has changed:\n%s", diff)
			}
			if _, err := os.Stat(filepath.Join(dir, "charts")); err == nil {
				t.Error("an empty charts/ is left behind")
			}
		})
	}
}

// TestTagOfAnotherVersion refuses a chart that a registry keeps under the version
// of another one: neither an archive nor a lock is written.
func TestTagOfAnotherVersion(t *testing.T) {
	s := newServer(t)
	mustPush(t, s, "0.39.2")
	r, err := parseReference(s.ref("shop/charts/cart"))
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := remote.Get(r.repo.Tag("0.39.2"))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Tag(r.repo.Tag("1.0.0"), pushed); err != nil {
		t.Fatal(err)
	}
	for wanted, lock := range map[string]string{"1.0.0": "", "^1": "", ">=1": lockOf(t, "cart", ">=1", "1.0.0", s.ref("shop/charts"))} {
		files := map[string]string{"Chart.yaml": fmt.Sprintf(
			"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: cart, version: %q, repository: %q}\n", wanted, s.ref("shop/charts"))}
		if lock != "" {
			files["Chart.lock"] = lock
		}
		dir := tree(t, files)
		before := content(t, dir)
		_, err := BuildDependencies(t.Context(), dir, DependencyOptions{Access: quick})
		if err == nil || !strings.Contains(err.Error(), "dependency cart: "+s.ref("shop/charts")+" publishes version 0.39.2 of the chart as 1.0.0: ") {
			t.Errorf("%s: %v", wanted, err)
		}
		if diff := cmp.Diff(before, content(t, dir)); diff != "" {
			t.Errorf("%s: the chart's folder has changed:\n%s", wanted, diff)
		}
	}
}

func withoutDigests(index string) string {
	var kept []string
	for line := range strings.Lines(index) {
		if !strings.Contains(line, "digest:") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestBuildOutdatedLock(t *testing.T) {
	dir := tree(t, map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: mysql, version: ^6, repository: \"https://charts.example.com\"}\n",
		"Chart.lock": lockOf(t, "mysql", "^5", "5.1.0", "https://charts.example.com"),
	})
	_, err := BuildDependencies(t.Context(), dir, DependencyOptions{})
	want := fmt.Sprintf("build dependencies of %s: the lock does not belong to the dependencies: Chart.lock is out of date: run \"pintle chart deps update %[1]s\"", dir)
	if !errors.Is(err, ErrLockOutdated) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBuildLegacyLock(t *testing.T) {
	s := newIndexServer(t, "redis", "1.2.0")
	requirement := fmt.Sprintf(`{"dependencies":[{"name":"redis","version":"^1","repository":"%s/repo"}]}`, s.URL)
	sum := sha256.Sum256([]byte(requirement))
	dir := tree(t, map[string]string{
		"Chart.yaml":        "apiVersion: v1\nname: web\nversion: 1.0.0\n",
		"requirements.yaml": fmt.Sprintf("dependencies:\n- {name: redis, version: ^1, repository: %s/repo}\n", s.URL),
		"requirements.lock": fmt.Sprintf("dependencies:\n- {name: redis, version: 1.2.0, repository: %s/repo}\ndigest: sha256:%x\ngenerated: 2018-01-02T03:04:05Z\n", s.URL, sum),
	})
	result, err := BuildDependencies(t.Context(), dir, DependencyOptions{})
	want := DependencyResult{Fetched: []Fetched{{"redis", "1.2.0", s.URL + "/repo", "redis-1.2.0.tgz"}}}
	if diff := cmp.Diff(want, result); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestUpdateFetchesOnce(t *testing.T) {
	s := newIndexServer(t, "redis", "1.2.0", "mysql", "5.0.0")
	text := "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n"
	for _, alias := range []string{"a", "b", "c"} {
		text += fmt.Sprintf("- {name: redis, version: ^1, repository: %s/repo, alias: %s}\n", s.URL, alias)
	}
	dir := tree(t, map[string]string{"Chart.yaml": text + fmt.Sprintf("- {name: mysql, version: ^5, repository: %s/repo}\n", s.URL)})
	if _, err := UpdateDependencies(t.Context(), dir, DependencyOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := s.asked.Load(); n != 3 {
		t.Errorf("%d requests for an index and two archives", n)
	}
}

func TestUpdateCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer s.Close()
	dir := tree(t, map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: redis, version: ^1, repository: " + s.URL + "}\n"})
	if _, err := UpdateDependencies(ctx, dir, DependencyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSameFileOfTwoRepositories(t *testing.T) {
	one, other := newIndexServer(t, "redis", "1.2.0"), newIndexServer(t, "redis", "1.2.0")
	dir := tree(t, map[string]string{"Chart.yaml": fmt.Sprintf(
		"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: redis, version: ^1, repository: %s/repo, alias: a}\n- {name: redis, version: ^1, repository: %s/repo, alias: b}\n", one.URL, other.URL)})
	if _, err := UpdateDependencies(t.Context(), dir, DependencyOptions{}); err != nil {
		t.Errorf("two mirrors of one file: %v", err)
	}
	other.files["/repo/files/redis-1.2.0.tgz"] = append(archiveOf(t, "redis", "1.2.0"), 0)
	other.files["/repo/index.yaml"] = []byte(withoutDigests(string(other.files["/repo/index.yaml"])))
	if _, err := UpdateDependencies(t.Context(), dir, DependencyOptions{}); err == nil || !strings.Contains(err.Error(), "are different but both are redis-1.2.0.tgz") {
		t.Errorf("two files of one name: %v", err)
	}
}
