package versioning

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
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
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pintle-ci/pintle/git/gittest"
	"github.com/pintle-ci/pintle/test/long"
)

// origin is a monorepo with merges, tags of services and of the whole, and a release branch ahead that is not merged.
func origin(t testing.TB) *gittest.Repo {
	t.Helper()
	r := gittest.New(t)
	r.Commit("x", "services/cart/a", "services/web/a", "lib/deep/a", "README")
	for i := range 12 {
		r.Commit("fix: x", []string{"services/cart/a", "services/web/b/c", "README"}[i%3])
	}
	r.Git("branch", "late")
	r.Annotated("v1.0.0")
	r.Tag("cart/v1.0.0")
	r.Commits(4, "services/web/a")
	r.Annotated("web/v2.0.0")
	r.Git("checkout", "-q", "-b", "release/1.1")
	r.Commits(2, "services/cart/a")
	r.Annotated("v1.1.0")
	r.Git("checkout", "-q", "late")
	r.Commits(3, "late")
	r.Git("checkout", "-q", "main")
	r.Commits(12, "services/web/a", "lib/deep/a")
	r.Merge("late")
	r.Commit("feat: x", "services/cart/a")
	r.Commits(11, "README")
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
func state(t testing.TB, r *gittest.Repo, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, file := range []string{"config", "shallow", "HEAD", "FETCH_HEAD", "packed-refs"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(r.GitIn(dir, "", "rev-parse", "--path-format=absolute", "--git-common-dir")), file))
		fmt.Fprintf(&b, "%s: %s %t\n", file, text, err == nil)
	}
	b.WriteString(r.GitIn(dir, "", "for-each-ref"))
	b.WriteString(r.GitIn(dir, "", "count-objects", "-v"))
	return b.String()
}

// Every kind of clone gives the answer of the whole one, over every transport, and stays as it was.
func TestCloneMatrix(t *testing.T) {
	quiet(t)
	r := origin(t)
	want, err := openAt(t, r.Dir).ReadAll(t.Context(), monorepo(Ref{Branch: "main"}))
	if err != nil {
		t.Fatal(err)
	}
	if want[0].Base.Name != "v1.0.0" || want[0].Count != 32 || want[1].Count != 1 || want[2].Count != 12 {
		t.Fatalf("got %+v", want)
	}
	web := serve(t, r.Dir, nil)
	kinds := []struct {
		name            string
		args            []string
		web, everywhere bool
	}{
		{"full", nil, false, true},
		{"without tags", []string{"--no-tags"}, true, false},
		{"depth 1", []string{"--depth=1"}, false, false},
		{"depth 1 over http", []string{"--depth=1"}, true, false},
		{"depth 1 without tags", []string{"--depth=1", "--no-tags"}, false, false},
		{"depth 20 of a single branch", []string{"--depth=20", "--single-branch"}, false, true},
		{"depth 3 of all branches", []string{"--depth=3", "--no-single-branch"}, false, false},
		{"depth 14, across a merge", []string{"--depth=14"}, false, false},
		{"shallow since", []string{"--shallow-since=2023-11-14T22:45:00Z"}, false, false},
		{"blobless", []string{"--filter=blob:none"}, false, false},
		{"treeless", []string{"--filter=tree:0"}, false, false},
		{"treeless over http", []string{"--filter=tree:0"}, true, false},
		{"trees of two levels", []string{"--filter=tree:2"}, false, false},
		{"treeless depth 5", []string{"--filter=tree:0", "--depth=5"}, false, false},
		{"bare", []string{"--bare"}, false, false},
		{"bare depth 2", []string{"--bare", "--depth=2"}, false, false},
		{"bare treeless", []string{"--bare", "--filter=tree:0"}, false, false},
		{"reference", []string{"--reference", r.Dir}, false, false},
		{"reference depth 2", []string{"--reference", r.Dir, "--depth=2"}, false, false},
	}
	places := []struct {
		name string
		at   func(t *testing.T, dir string) string
	}{
		{"root", func(_ *testing.T, dir string) string { return dir }},
		{"subdirectory", func(_ *testing.T, dir string) string { return filepath.Join(dir, "services", "web") }},
		{"linked worktree", func(_ *testing.T, dir string) string {
			r.GitIn(dir, "", "worktree", "add", "-q", "--detach", dir+"-linked")
			return dir + "-linked"
		}},
		{"packed", func(_ *testing.T, dir string) string {
			r.GitIn(dir, "", "pack-refs", "--all")
			return dir
		}},
	}
	all := monorepo(Ref{Branch: "main"})
	step := max(1, 4/long.Rounds(t, "PINTLE_CLONES", 1, 4)) // of the kinds: make test takes them all
	for i, kind := range kinds {
		if i%step != 0 {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			for i, place := range places {
				url := "file://" + r.Dir
				if kind.web {
					url = web
				}
				if i > 0 && !kind.everywhere {
					continue
				}
				dir := filepath.Join(t.TempDir(), "clone")
				r.Git(append(append([]string{"clone", "-q", "--no-local"}, kind.args...), url, dir)...)
				at := place.at(t, dir)
				before := state(t, r, dir)
				for _, part := range [][2]int{{0, 3}, {0, 1}, {1, 3}} {
					got, did := readWhole(t, at, all[part[0]:part[1]])
					if diff := cmp.Diff(want[part[0]:part[1]], got); diff != "" {
						t.Errorf("%s, after %q: facts (-whole +this):\n%s", place.name, did, diff)
					}
					t.Logf("%s, queries %v: %q", place.name, part, did)
				}
				if diff := cmp.Diff(before, state(t, r, dir)); diff != "" {
					t.Errorf("%s: the clone was changed:\n%s", place.name, diff)
				}
			}
		})
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

// shallowClone clones only the last commit, and writes a line per fetch to the test's log.
func shallowClone(t testing.TB, r *gittest.Repo, url string, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clone")
	r.Git(append(append([]string{"clone", "-q", "--no-local", "--depth=1"}, args...), url, dir)...)
	return dir
}

// refusal reads one version where that must fail: with one line, and without a secret.
func refusal(t testing.TB, dir string, fetch Fetch) error {
	t.Helper()
	_, err := openAt(t, dir).ReadWhole(t.Context(), monorepo(Ref{Branch: "main"})[:1], Rules{}, fetch)
	if _, ok := errors.AsType[*FetchError](err); !ok {
		t.Fatalf("got error %v", err)
	}
	t.Log(err)
	if strings.ContainsAny(err.Error(), "\n\r\x1b") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got error %q", err)
	}
	if !errors.Is(err, ErrShallow) || !strings.Contains(err.Error(), "git fetch --unshallow --tags") {
		t.Errorf("%v says not what to do", err)
	}
	return err
}

// What cannot be fetched is said at once, and nobody is asked.
func TestFetchRefused(t *testing.T) {
	quiet(t)
	r := origin(t)
	asked := filepath.Join(t.TempDir(), "asked")
	askpass := filepath.Join(t.TempDir(), "askpass")
	if err := os.WriteFile(askpass, []byte("#!/bin/sh\necho \"$@\" >>"+asked+"\necho hunter2\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_ASKPASS", askpass)
	t.Setenv("SSH_ASKPASS", askpass)
	protected := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if _, password, _ := q.BasicAuth(); password != "hunter2" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			h.ServeHTTP(w, q)
		})
	}
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
		want string
	}{
		{"the remote is gone", func(t *testing.T, dir string) {
			r.GitIn(dir, "", "remote", "set-url", "origin", filepath.Join(t.TempDir(), "gone"))
		}, "does not appear to be a git repository"},
		{"no remote", func(_ *testing.T, dir string) { r.GitIn(dir, "", "remote", "remove", "origin") }, "no remote is configured"},
		{"no server", func(_ *testing.T, dir string) {
			r.GitIn(dir, "", "remote", "set-url", "origin", "http://u:hunter2@127.0.0.1:1/x.git")
		}, "unable to access"},
		{"a password is asked for", func(t *testing.T, dir string) {
			r.GitIn(dir, "", "remote", "set-url", "origin", serve(t, r.Dir, protected))
		}, "terminal prompts disabled"},
		{"the password is wrong", func(t *testing.T, dir string) {
			url := serve(t, r.Dir, protected)
			r.GitIn(dir, "", "remote", "set-url", "origin", strings.Replace(url, "://", "://u:hunter22@", 1))
		}, "Authentication failed"},
		{"no git", func(t *testing.T, _ string) { t.Setenv("PATH", t.TempDir()) }, "no git in PATH"},
		{"a repository without the commits", func(t *testing.T, dir string) {
			other := gittest.New(t)
			other.Commit("x")
			r.GitIn(dir, "", "remote", "set-url", "origin", "file://"+other.Dir)
		}, "does not have commit"},
		{"ssh that would ask", func(_ *testing.T, dir string) {
			r.GitIn(dir, "", "remote", "set-url", "origin", "ssh://git@127.0.0.1:1/x.git")
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := shallowClone(t, r, "file://"+r.Dir)
			tt.make(t, dir)
			if err := refusal(t, dir, Fetch{}); !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
		})
	}
	if said, err := os.ReadFile(asked); err == nil {
		t.Errorf("somebody was asked: %s", said)
	}
	t.Run("a server that never answers", func(t *testing.T) {
		end := make(chan struct{})
		hang := serve(t, r.Dir, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
				select {
				case <-end:
				case <-q.Context().Done():
				}
			})
		})
		defer close(end)
		dir := shallowClone(t, r, "file://"+r.Dir)
		r.GitIn(dir, "", "remote", "set-url", "origin", hang)
		if err := refusal(t, dir, Fetch{Timeout: 300 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("the job's credentials", func(t *testing.T) {
		url := serve(t, r.Dir, protected)
		header := filepath.Join(t.TempDir(), "credentials")
		secret := "[http]\n\textraHeader = Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:hunter2")) + "\n"
		if err := os.WriteFile(header, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, give := range map[string]func(dir string) Fetch{
			"in the address": func(dir string) Fetch {
				r.GitIn(dir, "", "remote", "set-url", "origin", strings.Replace(url, "://", "://u:hunter2@", 1))
				return Fetch{}
			},
			"in an included file": func(dir string) Fetch {
				r.GitIn(dir, "", "remote", "set-url", "origin", url)
				r.GitIn(dir, "", "config", "include.path", header)
				return Fetch{}
			},
			"in a file for this folder": func(dir string) Fetch {
				r.GitIn(dir, "", "remote", "set-url", "origin", url)
				r.GitIn(dir, "", "config", "includeIf.gitdir:"+filepath.Join(dir, ".git")+".path", header)
				return Fetch{}
			},
			"by the job's GIT_ASKPASS": func(dir string) Fetch {
				r.GitIn(dir, "", "remote", "set-url", "origin", url)
				return Fetch{CI: true}
			},
		} {
			dir := shallowClone(t, r, "file://"+r.Dir)
			facts, err := openAt(t, dir).ReadWhole(t.Context(), monorepo(Ref{Branch: "main"})[:1], Rules{}, give(dir))
			if err != nil || facts[0].Count != 32 {
				t.Errorf("%s: got %+v, %v", name, facts, err)
			}
		}
	})
}

// Servers that give less than git's newest: the answer is the same.
func TestServers(t *testing.T) {
	quiet(t)
	r := origin(t)
	want, err := openAt(t, r.Dir).ReadAll(t.Context(), monorepo(Ref{Branch: "main"}))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		make func(t *testing.T) (url string)
	}{
		{"without filters", func(*testing.T) string { r.Git("config", "uploadpack.allowFilter", "false"); return "file://" + r.Dir }},
		{"of protocol 0, for refs alone", func(t *testing.T) string {
			r.Git("config", "uploadpack.allowAnySHA1InWant", "false")
			t.Setenv("GIT_CONFIG_COUNT", "1")
			t.Setenv("GIT_CONFIG_KEY_0", "protocol.version")
			t.Setenv("GIT_CONFIG_VALUE_0", "0")
			return "file://" + r.Dir
		}},
		{"files alone", func(t *testing.T) string {
			r.Git("update-server-info")
			return serve(t, r.Dir, func(http.Handler) http.Handler { return http.FileServer(http.Dir(r.Dir)) })
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := shallowClone(t, r, "file://"+r.Dir)
			r.GitIn(dir, "", "remote", "set-url", "origin", tt.make(t))
			got, did := readWhole(t, dir, monorepo(Ref{Branch: "main"}))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %q: facts (-whole +this):\n%s", did, diff)
			}
		})
	}
}

// Many processes in one workspace, while its owner fetches too.
func TestFetchTogether(t *testing.T) {
	quiet(t)
	r := origin(t)
	dir := shallowClone(t, r, "file://"+r.Dir)
	queries := monorepo(Ref{Branch: "main"})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if facts, _ := readWhole(t, dir, queries); len(facts) != 3 || facts[0].Count != 32 || facts[2].Count != 12 {
				t.Errorf("got %+v", facts)
			}
		})
	}
	for depth := range 3 {
		r.GitIn(dir, "", "fetch", "-q", fmt.Sprintf("--depth=%d", depth+1), "origin", "main")
		r.GitIn(dir, "", "pack-refs", "--all")
	}
	all.Wait()
}

// A repository of another user is read, as that runs nothing. To fetch would run what its settings say, so git must
// trust it.
func TestOtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	quiet(t)
	r := origin(t)
	give := func(dir string) {
		t.Helper()
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, 12345, 12345))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	full := filepath.Join(t.TempDir(), "clone")
	r.Git("clone", "-q", ".", full)
	shallow := shallowClone(t, r, "file://"+r.Dir)
	give(full)
	give(shallow)
	if facts, did := readWhole(t, full, monorepo(Ref{Branch: "main"})); facts[0].Count != 32 || did != nil {
		t.Errorf("got %+v after %q", facts, did)
	}
	if err := refusal(t, shallow, Fetch{}); !strings.Contains(err.Error(), "safe.directory "+shallow) {
		t.Errorf("got error %v", err)
	}
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "safe.directory")
	t.Setenv("GIT_CONFIG_VALUE_0", shallow)
	if facts, _ := readWhole(t, shallow, monorepo(Ref{Branch: "main"})); facts[0].Count != 32 {
		t.Errorf("got %+v", facts)
	}
}

// What a checkout left out is asked for, where there is reason to.
func TestFetchTags(t *testing.T) {
	quiet(t)
	r := origin(t)
	clone := func(args ...string) string {
		dir := filepath.Join(t.TempDir(), "clone")
		r.Git(append(append([]string{"clone", "-q"}, args...), ".", dir)...)
		return dir
	}
	ask := func(dir string, query Query, ci bool) (Facts, bool) {
		t.Helper()
		asked := false
		facts, err := openAt(t, dir).ReadWhole(t.Context(), []Query{query}, Rules{}, Fetch{CI: ci, Log: func(string) { asked = true }})
		if err != nil {
			t.Fatal(err)
		}
		return facts[0], asked
	}
	bare := clone("--no-tags")
	r.GitIn(bare, "", "config", "--unset", "remote.origin.tagOpt") // as Jenkins leaves it
	detached := filepath.Join(t.TempDir(), "fetched")              // one commit by name, as Buildkite does
	r.Git("init", "-q", detached)
	r.GitIn(detached, "", "remote", "add", "origin", r.Dir)
	r.GitIn(detached, "", "fetch", "-q", "--no-tags", "origin", r.Git("rev-parse", "main"))
	r.GitIn(detached, "", "checkout", "-q", "FETCH_HEAD")
	for _, tt := range []struct {
		name  string
		dir   string
		query Query
		ci    bool
		base  string
		asked bool
	}{
		{"a person's clone", bare, onMain, false, "", false},
		{"a detached HEAD, in whatever CI", detached, onMain, false, "v1.0.0", true},
		{"a job's clone without a tag", bare, onMain, true, "v1.0.0", true},
		{"a job's clone with tags", clone(), onMain, true, "v1.0.0", false},
		{"a tag to be built", bare, Query{Prefix: "v", Ref: Ref{Tag: "v1.1.0"}}, true, "v1.0.0", true},
		{"a single branch, without other lines", clone("--single-branch"), onMain, false, "v1.0.0", false},
		{"no tags at all", clone("--no-tags"), onMain, false, "v1.0.0", true},
	} {
		facts, asked := ask(tt.dir, tt.query, tt.ci)
		base := ""
		if facts.Base != nil {
			base = facts.Base.Name
		}
		if base != tt.base || asked != tt.asked {
			t.Errorf("%s: base %q, asked %t", tt.name, base, asked)
		}
	}
	t.Run("a person's clone is warned of, once", func(t *testing.T) {
		for dir, want := range map[string]int{bare: 1, clone(): 0, r.Dir: 0} {
			var warned []string
			repository := openAt(t, dir)
			for range 2 {
				if _, err := repository.ReadWhole(t.Context(), []Query{onMain}, Rules{}, Fetch{Warn: func(line string) { warned = append(warned, line) }}); err != nil {
					t.Fatal(err)
				}
			}
			if len(warned) != want || want > 0 && !strings.Contains(warned[0], `run "git fetch --tags"`) {
				t.Errorf("%s: warned %q", dir, warned)
			}
		}
	})
	t.Run("other lines", func(t *testing.T) {
		query := onMain
		query.TrackReleases = true
		want, asked := ask(clone(), query, false)
		if want.Ahead == nil || want.Ahead.Name != "v1.1.0" || asked {
			t.Fatalf("got %+v", want)
		}
		for _, args := range [][]string{{"--single-branch"}, {"--single-branch", "--no-tags"}, {"--depth=2"}, {"--depth=2", "--no-single-branch"}} {
			dir := filepath.Join(t.TempDir(), "clone")
			r.Git(append(append([]string{"clone", "-q", "--no-local"}, args...), "file://"+r.Dir, dir)...)
			got, _ := ask(dir, query, false)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v: facts (-whole +this):\n%s", args, diff)
			}
		}
	})
	t.Run("a moved tag", func(t *testing.T) {
		dir := shallowClone(t, r, "file://"+r.Dir)
		r.GitIn(dir, "", "tag", "v1.2.0") // at HEAD here, elsewhere there
		r.Git("tag", "v1.2.0", "v1.0.0^{}")
		if facts, _ := ask(dir, Query{Prefix: "v", Ref: Ref{Branch: "feature/x"}}, false); facts.Base == nil || facts.Base.Name != "v1.2.0" || facts.Count != 32 {
			t.Errorf("got %+v", facts)
		}
	})
	t.Run("a commit of one's own", func(t *testing.T) {
		dir := shallowClone(t, r, "file://"+r.Dir)
		r.GitIn(dir, "mine", "commit", "-q", "--allow-empty", "-F", "-")
		if facts, _ := ask(dir, onMain, false); facts.Count != 33 {
			t.Errorf("got %+v", facts)
		}
	})
}

// Random histories, cut anywhere, give what the whole gives: the proofs of the base tag hold whatever merges there are.
func TestShallowAgainstWhole(t *testing.T) {
	quiet(t)
	seeds := long.Rounds(t, "PINTLE_CLONES", 1, 100)
	ways := map[string]int{}
	for seed := range seeds {
		r := randomHistory(t, uint64(1000+seed))
		rnd := rand.New(rand.NewPCG(uint64(seed), 2))
		heads := strings.Fields(r.Git("for-each-ref", "--format=%(refname:short)", "refs/heads"))
		for range 3 {
			branch := heads[rnd.IntN(len(heads))]
			args := []string{"clone", "-q", "--no-local", "--branch=" + branch, fmt.Sprintf("--depth=%d", 1+rnd.IntN(12)), "file://" + r.Dir}
			if rnd.IntN(3) == 0 {
				args = append(args, "--no-single-branch")
			}
			dir := filepath.Join(t.TempDir(), "clone")
			r.Git(append(args, dir)...)
			ref := Ref{Branch: "main"}
			queries := [][]Query{
				{{Prefix: "v", Ref: ref}}, {{Prefix: "v", Ref: ref, TrackReleases: true}},
				{{Prefix: "v", Ref: ref, Paths: []string{"a"}}}, {{Prefix: "v1.1", Ref: ref}, {Prefix: "v1.2", Ref: ref, Paths: []string{"b/c"}}, {Prefix: "v1.3", Ref: ref, Paths: []string{"b"}}},
			}[rnd.IntN(4)]
			r.Git("symbolic-ref", "HEAD", "refs/heads/"+branch)
			want, err := openAt(t, r.Dir).ReadAll(t.Context(), queries)
			if err != nil {
				t.Fatal(err)
			}
			got, did := readWhole(t, dir, queries)
			for i := range got {
				if !got[i].Shallow { // a tag at HEAD needs no history
					continue
				}
				whole, err := Next(want[i], Rules{})
				if v, err2 := Next(got[i], Rules{}); err != nil || err2 != nil || !v.Exact || v.Number != whole.Number {
					t.Errorf("got %v, %v, want %v, %v", v, err2, whole, err)
				}
				got[i] = want[i]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d, %v, after %q: facts (-whole +this):\n%s", seed, args, did, diff)
			}
			way := "whole"
			if len(did) == 0 {
				way = "nothing"
			}
			ways[way]++
		}
	}
	t.Logf("ways: %v", ways)
}
