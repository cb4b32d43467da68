package versioning

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// origin is a monorepo with merges, tags of services and of the whole, and a release branch ahead that is not merged.
func origin(t testing.TB) *testRepo {
	t.Helper()
	r := newTestRepo(t)
	r.commit("x", "services/cart/a", "services/web/a", "lib/deep/a", "README")
	for i := range 12 {
		r.commit("fix: x", []string{"services/cart/a", "services/web/b/c", "README"}[i%3])
	}
	r.git("branch", "late")
	r.annotated("v1.0.0")
	r.tag("cart/v1.0.0")
	r.commits(4, "services/web/a")
	r.annotated("web/v2.0.0")
	r.git("checkout", "-q", "-b", "release/1.1")
	r.commits(2, "services/cart/a")
	r.annotated("v1.1.0")
	r.git("checkout", "-q", "late")
	r.commits(3, "late")
	r.git("checkout", "-q", "main")
	r.commits(12, "services/web/a", "lib/deep/a")
	r.merge("late")
	r.commit("feat: x", "services/cart/a")
	r.commits(11, "README")
	return r
}

// monorepo asks for one version for all and for one a service.
func monorepo(ref Ref) []Query {
	return []Query{
		{Ref: ref, Prefix: "v"},
		{Ref: ref, Prefix: "cart/v", Paths: []string{"services/cart"}},
		{Ref: ref, Prefix: "web/v", Paths: []string{"services/web", "lib/deep/a"}},
	}
}

// quiet keeps the machine's own git settings out of what the product runs.
func quiet(t testing.TB) {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", "/dev/null")
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("HOME", t.TempDir())
}

// serve gives a repository over HTTP, as git itself does; password asks for one, and dumb serves files alone.
func serve(t testing.TB, dir string, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	protocol := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := *backend
		h.Env = append(slices.Clone(h.Env), "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"))
		h.ServeHTTP(w, r)
	})
	var handler http.Handler = protocol
	if wrap != nil {
		handler = wrap(protocol)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/.git"
}

// state is all of a clone that a fetch of ours must leave alone.
func state(t testing.TB, r *testRepo, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, file := range []string{"config", "shallow", "HEAD", "FETCH_HEAD", "packed-refs"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(r.gitIn(dir, "", "rev-parse", "--path-format=absolute", "--git-common-dir")), file))
		fmt.Fprintf(&b, "%s: %s %t\n", file, text, err == nil)
	}
	b.WriteString(r.gitIn(dir, "", "for-each-ref"))
	b.WriteString(r.gitIn(dir, "", "count-objects", "-v"))
	return b.String()
}

// Every kind of clone gives the answer of the whole one, over every transport, and stays as it was.
func TestCloneMatrix(t *testing.T) {
	quiet(t)
	r := origin(t)
	want, err := openAt(t, r.dir).ReadAll(t.Context(), monorepo(Ref{Branch: "main"}))
	if err != nil {
		t.Fatal(err)
	}
	if want[0].Base.Name != "v1.0.0" || want[0].Count != 32 || want[1].Count != 1 || want[2].Count != 12 {
		t.Fatalf("got %+v", want)
	}
	web := serve(t, r.dir, nil)
	kinds := []struct {
		name string
		args []string
	}{
		{"full", nil},
		{"without tags", []string{"--no-tags"}},
		{"depth 1", []string{"--depth=1"}},
		{"depth 1 without tags", []string{"--depth=1", "--no-tags"}},
		{"depth 20 of a single branch", []string{"--depth=20", "--single-branch"}},
		{"depth 3 of all branches", []string{"--depth=3", "--no-single-branch"}},
		{"depth 27, across a merge", []string{"--depth=14"}},
		{"shallow since", []string{"--shallow-since=2023-11-14T22:45:00Z"}},
		{"blobless", []string{"--filter=blob:none"}},
		{"treeless", []string{"--filter=tree:0"}},
		{"trees of one level", []string{"--filter=tree:2"}},
		{"treeless depth 5", []string{"--filter=tree:0", "--depth=5"}},
		{"bare", []string{"--bare"}},
		{"bare depth 2", []string{"--bare", "--depth=2"}},
		{"bare treeless", []string{"--bare", "--filter=tree:0"}},
		{"reference", []string{"--reference", r.dir}},
		{"reference depth 2", []string{"--reference", r.dir, "--depth=2"}},
	}
	places := []struct {
		name string
		at   func(t *testing.T, dir string) string
	}{
		{"root", func(_ *testing.T, dir string) string { return dir }},
		{"subdirectory", func(_ *testing.T, dir string) string { return filepath.Join(dir, "services", "web") }},
		{"linked worktree", func(_ *testing.T, dir string) string {
			r.gitIn(dir, "", "worktree", "add", "-q", "--detach", dir+"-linked")
			return dir + "-linked"
		}},
		{"packed", func(_ *testing.T, dir string) string {
			r.gitIn(dir, "", "pack-refs", "--all")
			return dir
		}},
	}
	for transport, url := range map[string]string{"file": "file://" + r.dir, "http": web} {
		for _, kind := range kinds {
			t.Run(transport+"/"+kind.name, func(t *testing.T) {
				for _, place := range places {
					if place.name != "root" && (transport == "http" || slices.Contains(kind.args, "--bare")) {
						continue
					}
					dir := filepath.Join(t.TempDir(), "clone")
					r.git(append(append([]string{"clone", "-q", "--no-local"}, kind.args...), url, dir)...)
					at := place.at(t, dir)
					before := state(t, r, dir)
					for _, queries := range [][]Query{monorepo(Ref{Branch: "main"}), monorepo(Ref{Branch: "main"})[:1]} {
						got, did := readWhole(t, at, queries)
						if diff := cmp.Diff(want[:len(queries)], got); diff != "" {
							t.Errorf("%s, after %q: facts (-whole +this):\n%s", place.name, did, diff)
						}
						t.Logf("%s, %d queries: %q", place.name, len(queries), did)
					}
					if diff := cmp.Diff(before, state(t, r, dir)); diff != "" {
						t.Errorf("%s: the clone was changed:\n%s", place.name, diff)
					}
				}
			})
		}
	}
}

func readWhole(t testing.TB, dir string, queries []Query) ([]Facts, []string) {
	t.Helper()
	repository, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	facts, err := repository.ReadWhole(t.Context(), queries, Rules{}, Fetch{Log: func(line string) { did = append(did, line) }})
	if err != nil {
		t.Errorf("after %q: %v", did, err)
	}
	if err := repository.Close(); err != nil {
		t.Error(err)
	}
	return facts, did
}

var _ = []any{context.Background, errors.New, sync.OnceFunc}
