package dependency

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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/registry/registrytest"
	"github.com/pintle-ci/pintle/test/peer"
)

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

// TestDependenciesLikeHelm updates and builds charts with Helm and with ours,
// and compares every file.
func TestDependenciesLikeHelm(t *testing.T) {
	helm := peer.Helm(t)
	web := charttest.NewRepository(t, "redis", "1.2.0", "redis", "1.10.0", "redis", "2.0.0-rc.1", "mysql", "5.1.0", "mysql", "5.0.9", "odd", "v3.1.0", "odd", "3.0.0")
	registryServer := registrytest.New(t)
	for _, version := range []string{"1.0.0", "1.4.2", "2.0.0"} {
		mustPush(t, registryServer, version)
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
			"charts/redis-1.1.0.tgz": string(charttest.Archive(t, "redis", "1.1.0")), "charts/other-1.0.0.tgz": string(charttest.Archive(t, "other", "1.0.0")),
			"charts/mine/Chart.yaml": "apiVersion: v2\nname: mine\nversion: 1.0.0\n", "charts/mine-0.9.0.tgz": string(charttest.Archive(t, "mine", "0.9.0")),
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
					tt.files[name] = strings.ReplaceAll(text, "OCI", strings.TrimSuffix(registryServer.Ref(""), "/"))
				}
			}
			theirs, ours := charttest.Tree(t, tt.files), charttest.Tree(t, tt.files)
			command, do := "update", Update
			if tt.build {
				command, do = "build", Build
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
			result, err := do(t.Context(), ours, Options{Access: registry.Access{Getenv: func(k string) string { return env[k] }}})
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
	file := filepath.Join(charttest.Tree(t, map[string]string{"repositories.yaml": repositories}), "repositories.yaml")
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
	web := func(t *testing.T) *charttest.Repository {
		return charttest.NewRepository(t, "redis", "1.2.0", "redis", "1.3.0", "mysql", "5.0.0")
	}
	tests := []struct {
		name  string
		chart string
		spoil func(s *charttest.Repository)
		want  string // behind "update dependencies of DIR: "
		kind  error
	}{
		{
			"no repository there", strings.Replace(redis, "/repo", "/other", 1), nil,
			"download WEB/other/index.yaml: not found: 404 Not Found; no chart repository is there: check its URL", registry.ErrNotFound,
		},
		{
			"no such chart", strings.Replace(redis, "redis", "rediss", 1), nil,
			"dependency rediss: WEB/repo: not found: no chart rediss in the index, which has mysql, redis", registry.ErrNotFound,
		},
		{
			"no such version", strings.Replace(redis, "^1", "^9", 1), nil,
			"dependency redis: WEB/repo: not found: no version of redis matches ^9; the newest are 1.3.0, 1.2.0", registry.ErrNotFound,
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
			"the archive is gone", redis, func(s *charttest.Repository) { delete(s.Files, "/repo/files/redis-1.3.0.tgz") },
			"dependency redis: download WEB/repo/files/redis-1.3.0.tgz: not found: 404 Not Found; the repository's index names it, but it is not there: its index is out of date", registry.ErrNotFound,
		},
		{
			"another archive", redis, func(s *charttest.Repository) { s.Files["/repo/files/redis-1.3.0.tgz"] = []byte("x") },
			"dependency redis: download WEB/repo/files/redis-1.3.0.tgz: the archive is not the one of the index: its digest is " +
				"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881, not DIGEST; the index is out of date, or somebody changed the file: ask the repository's owner", nil,
		},
		{
			"a truncated archive", redis, func(s *charttest.Repository) {
				const file = "/repo/files/redis-1.3.0.tgz"
				s.Files[file] = s.Files[file][:100]
				s.Files["/repo/index.yaml"] = []byte(withoutDigests(string(s.Files["/repo/index.yaml"])))
			},
			"dependency redis: redis-1.3.0.tgz of WEB/repo is damaged: read archive: unexpected EOF", nil,
		},
		{
			"another chart", redis, func(s *charttest.Repository) {
				s.Files["/repo/files/redis-1.3.0.tgz"] = s.Files["/repo/files/mysql-5.0.0.tgz"]
				s.Files["/repo/index.yaml"] = []byte(withoutDigests(string(s.Files["/repo/index.yaml"])))
			},
			`dependency redis: redis-1.3.0.tgz of WEB/repo is the chart "mysql"`, nil,
		},
		{
			"another version", redis, func(s *charttest.Repository) {
				s.Files["/repo/files/redis-1.3.0.tgz"] = charttest.Archive(t, "redis", "1.2.9")
				s.Files["/repo/index.yaml"] = []byte(withoutDigests(string(s.Files["/repo/index.yaml"])))
			},
			"dependency redis: WEB/repo publishes version 1.2.9 of the chart as 1.3.0: ask its owner to publish it anew, or ask for another version", nil,
		},
		{
			"a web page", redis, func(s *charttest.Repository) { s.Files["/repo/index.yaml"] = []byte("<!DOCTYPE html><p>log in</p>") },
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
			digest := sha256.Sum256(s.Files["/repo/files/redis-1.3.0.tgz"])
			if tt.spoil != nil {
				tt.spoil(s)
			}
			dir := charttest.Tree(t, map[string]string{"Chart.yaml": strings.ReplaceAll(tt.chart, "WEB", s.URL)})
			env := getenv(t, "repositories: []\n")
			before := content(t, dir)
			_, err := Update(t.Context(), dir, Options{Access: registry.Access{Getenv: env, Pause: time.Nanosecond}})
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
	s := registrytest.New(t)
	mustPush(t, s, "0.39.2")
	r, err := registry.ParseReference(s.Ref("shop/charts/cart"))
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := remote.Get(r.Repo.Tag("0.39.2"))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Tag(r.Repo.Tag("1.0.0"), pushed); err != nil {
		t.Fatal(err)
	}
	for wanted, lock := range map[string]string{"1.0.0": "", "^1": "", ">=1": lockOf(t, "cart", ">=1", "1.0.0", s.Ref("shop/charts"))} {
		files := map[string]string{"Chart.yaml": fmt.Sprintf(
			"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: cart, version: %q, repository: %q}\n", wanted, s.Ref("shop/charts"))}
		if lock != "" {
			files["Chart.lock"] = lock
		}
		dir := charttest.Tree(t, files)
		before := content(t, dir)
		_, err := Build(t.Context(), dir, Options{Access: quick})
		if err == nil || !strings.Contains(err.Error(), "dependency cart: "+s.Ref("shop/charts")+" publishes version 0.39.2 of the chart as 1.0.0: ") {
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
	dir := charttest.Tree(t, map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: mysql, version: ^6, repository: \"https://charts.example.com\"}\n",
		"Chart.lock": lockOf(t, "mysql", "^5", "5.1.0", "https://charts.example.com"),
	})
	_, err := Build(t.Context(), dir, Options{})
	want := fmt.Sprintf("build dependencies of %s: the lock does not belong to the dependencies: Chart.lock is out of date: run \"pintle chart deps update %[1]s\"", dir)
	if !errors.Is(err, ErrLockOutdated) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBuildLegacyLock(t *testing.T) {
	s := charttest.NewRepository(t, "redis", "1.2.0")
	requirement := fmt.Sprintf(`{"dependencies":[{"name":"redis","version":"^1","repository":"%s/repo"}]}`, s.URL)
	sum := sha256.Sum256([]byte(requirement))
	dir := charttest.Tree(t, map[string]string{
		"Chart.yaml":        "apiVersion: v1\nname: web\nversion: 1.0.0\n",
		"requirements.yaml": fmt.Sprintf("dependencies:\n- {name: redis, version: ^1, repository: %s/repo}\n", s.URL),
		"requirements.lock": fmt.Sprintf("dependencies:\n- {name: redis, version: 1.2.0, repository: %s/repo}\ndigest: sha256:%x\ngenerated: 2018-01-02T03:04:05Z\n", s.URL, sum),
	})
	result, err := Build(t.Context(), dir, Options{})
	want := Result{Fetched: []Fetched{{"redis", "1.2.0", s.URL + "/repo", "redis-1.2.0.tgz"}}}
	if diff := cmp.Diff(want, result); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestUpdateFetchesOnce(t *testing.T) {
	s := charttest.NewRepository(t, "redis", "1.2.0", "mysql", "5.0.0")
	text := "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n"
	for _, alias := range []string{"a", "b", "c"} {
		text += fmt.Sprintf("- {name: redis, version: ^1, repository: %s/repo, alias: %s}\n", s.URL, alias)
	}
	dir := charttest.Tree(t, map[string]string{"Chart.yaml": text + fmt.Sprintf("- {name: mysql, version: ^5, repository: %s/repo}\n", s.URL)})
	if _, err := Update(t.Context(), dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if n := s.Asked.Load(); n != 3 {
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
	dir := charttest.Tree(t, map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: redis, version: ^1, repository: " + s.URL + "}\n"})
	if _, err := Update(ctx, dir, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSameFileOfTwoRepositories(t *testing.T) {
	one, other := charttest.NewRepository(t, "redis", "1.2.0"), charttest.NewRepository(t, "redis", "1.2.0")
	dir := charttest.Tree(t, map[string]string{"Chart.yaml": fmt.Sprintf(
		"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: redis, version: ^1, repository: %s/repo, alias: a}\n- {name: redis, version: ^1, repository: %s/repo, alias: b}\n", one.URL, other.URL)})
	if _, err := Update(t.Context(), dir, Options{}); err != nil {
		t.Errorf("two mirrors of one file: %v", err)
	}
	other.Files["/repo/files/redis-1.2.0.tgz"] = append(charttest.Archive(t, "redis", "1.2.0"), 0)
	other.Files["/repo/index.yaml"] = []byte(withoutDigests(string(other.Files["/repo/index.yaml"])))
	if _, err := Update(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "are different but both are redis-1.2.0.tgz") {
		t.Errorf("two files of one name: %v", err)
	}
}

// quick retries without delay.
var quick = registry.Access{Pause: time.Nanosecond}

func mustPush(t *testing.T, s *registrytest.Server, version string) {
	t.Helper()
	_, err := oci.Push(t.Context(), s.Ref("shop/charts"), charttest.Archive(t, "cart", version), oci.PushOptions{Access: quick})
	if err != nil {
		t.Fatal(err)
	}
}
