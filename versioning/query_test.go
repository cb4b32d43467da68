package versioning

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pintle-ci/pintle/git/gittest"
	"github.com/pintle-ci/pintle/git/store"
	"github.com/pintle-ci/pintle/test/long"
)

var onMain = Query{Prefix: "v", Ref: Ref{Branch: "main"}}

// shop is a repository with one branch merged, so that the first parents are not the whole story: v1.0.0, then 5
// commits.
func shop(t *testing.T) *gittest.Repo {
	r := gittest.New(t)
	r.Commits(2)
	r.Annotated("v1.0.0")
	r.Git("checkout", "-q", "-b", "side")
	r.Commits(2, "side")
	r.Git("checkout", "-q", "main")
	r.Commits(2, "main")
	r.Merge("side")
	return r
}

// The same answer from every kind of checkout.
func TestCheckouts(t *testing.T) {
	r := shop(t)
	want := read(t, r.Dir, onMain)
	if want.Count != 5 || want.Base.Name != "v1.0.0" {
		t.Fatalf("got %+v", want)
	}
	tests := []struct {
		name string
		make func(t *testing.T, dir string) string
	}{
		{"clone", func(t *testing.T, dir string) string { r.Git("clone", "-q", ".", dir); return dir }},
		{"bare", func(t *testing.T, dir string) string { r.Git("clone", "-q", "--bare", ".", dir); return dir }},
		{"mirror", func(t *testing.T, dir string) string { r.Git("clone", "-q", "--mirror", ".", dir); return dir }},
		{"subdirectory", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			sub := filepath.Join(dir, "a", "b")
			if err := os.MkdirAll(sub, 0o755); err != nil {
				t.Fatal(err)
			}
			return sub
		}},
		{"inside .git", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			return filepath.Join(dir, ".git", "refs")
		}},
		{"through a symbolic link", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			if err := os.Symlink(dir, dir+"-link"); err != nil {
				t.Fatal(err)
			}
			return dir + "-link"
		}},
		{"linked worktree", func(t *testing.T, dir string) string {
			r.Git("worktree", "add", "-q", "--detach", dir)
			return dir
		}},
		{"alternates", func(t *testing.T, dir string) string { r.Git("clone", "-q", "--shared", ".", dir); return dir }},
		{"alternates of alternates", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", "--shared", ".", dir+"-1")
			r.GitIn(dir+"-1", "", "clone", "-q", "--shared", ".", dir)
			return dir
		}},
		{"relative alternates", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", "--shared", ".", dir)
			file := filepath.Join(dir, ".git", "objects", "info", "alternates")
			rel, err := filepath.Rel(filepath.Join(dir, ".git", "objects"), filepath.Join(r.Dir, ".git", "objects"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("# a comment\n"+rel+"\n/does/not/exist\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
		{"packed", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			r.GitIn(dir, "", "gc", "-q", "--aggressive")
			return dir
		}},
		{"packed, later loose", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			r.GitIn(dir, "", "pack-refs", "--all")
			r.GitIn(dir, "", "tag", "-d", "v1.0.0")
			r.GitIn(dir, "", "fetch", "-q", "--tags")
			return dir
		}},
		{"packed refs without peeled values", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			file := filepath.Join(dir, ".git", "packed-refs")
			text := r.GitIn(dir, "", "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags", "refs/heads")
			if err := os.WriteFile(file, []byte("# pack-refs with: \n"+text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(dir, ".git", "refs", "tags")); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
		{"blobless", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", "--no-local", "--filter=blob:none", "file://"+r.Dir, dir)
			return dir
		}},
		{"treeless", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", "--no-local", "--filter=tree:0", "file://"+r.Dir, dir)
			return dir
		}},
		{"worktreeConfig", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			r.GitIn(dir, "", "config", "core.repositoryFormatVersion", "1")
			r.GitIn(dir, "", "config", "extensions.worktreeConfig", "true")
			return dir
		}},
		{"partialClone extension", func(t *testing.T, dir string) string {
			r.Git("clone", "-q", ".", dir)
			r.GitIn(dir, "", "config", "core.repositoryFormatVersion", "1")
			r.GitIn(dir, "", "config", "extensions.partialClone", "origin")
			return dir
		}},
		{"submodule", func(t *testing.T, dir string) string {
			outer := gittest.New(t)
			outer.GitIn(outer.Dir, "", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", r.Dir, "sub")
			return filepath.Join(outer.Dir, "sub")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tt.make(t, filepath.Join(t.TempDir(), "clone"))
			got := read(t, dir, onMain)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	empty := gittest.New(t)
	config := func(t *testing.T, lines string) string {
		r := gittest.New(t)
		r.Commit("x")
		f, err := os.OpenFile(filepath.Join(r.Dir, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(lines); err != nil {
			t.Fatal(err)
		}
		return r.Dir
	}
	tests := []struct {
		name string
		dir  func(t *testing.T) string
		is   error
		want string
	}{
		{"no repository", func(t *testing.T) string { return t.TempDir() }, store.ErrNotRepository, "git init"},
		{"no folder", func(t *testing.T) string { return filepath.Join(t.TempDir(), "absent") }, os.ErrNotExist, "absent"},
		{"no commits", func(t *testing.T) string { return empty.Dir }, store.ErrNoCommits, "on main"},
		{"a .git file that leads nowhere", func(t *testing.T) string {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, ".git"), []byte("gitdir: ../gone\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			return dir
		}, store.ErrNotRepository, "worktree repair"},
		{"a .git file of something else", func(t *testing.T) string {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, ".git"), []byte("hello"), 0o644); err != nil {
				t.Fatal(err)
			}
			return dir
		}, store.ErrNotRepository, "gitdir:"},
		{"sha256", func(t *testing.T) string {
			dir := t.TempDir()
			empty.GitIn(dir, "", "init", "-q", "--object-format=sha256")
			return dir
		}, store.ErrSHA256, "sha256"},
		{"unknown extension", func(t *testing.T) string {
			return config(t, "[core]\nrepositoryformatversion = 1\n[extensions]\nfuture = true\n")
		}, nil, `"future"`},
		{"reftable", func(t *testing.T) string {
			return config(t, "[core]\nrepositoryformatversion = 1\n[extensions]\nrefStorage = reftable\n")
		}, nil, "git refs migrate"},
		{"unknown format", func(t *testing.T) string { return config(t, "[core]\nrepositoryformatversion = 7\n") }, nil, `"7"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			repository, err := Open(tt.dir(t))
			if err == nil {
				_, err = repository.Read(t.Context(), onMain)
				if err := repository.Close(); err != nil {
					t.Error(err)
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %v, want one line with %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
		})
	}
	// an unknown extension counts only from format 1 on
	read(t, config(t, "[extensions]\nfuture = true\n"), onMain)
}

func TestShallow(t *testing.T) {
	r := shop(t)
	clone := func(args ...string) string {
		dir := filepath.Join(t.TempDir(), "clone")
		r.Git(append(append([]string{"clone", "-q", "--no-local"}, args...), "file://"+r.Dir, dir)...)
		return dir
	}
	for _, args := range [][]string{{"--depth=1"}, {"--depth=3"}, {"--depth=4", "--single-branch"}} {
		dir := clone(args...)
		r.GitIn(dir, "", "fetch", "-q", "origin", "refs/tags/*:refs/tags/*") // the count is then silently wrong
		facts := read(t, dir, onMain)
		if !facts.Shallow || facts.Count != 0 || facts.Base != nil {
			t.Errorf("%v: got %+v", args, facts)
		}
		if _, err := Next(facts, Rules{}); !errors.Is(err, ErrShallow) || !strings.Contains(err.Error(), "git fetch --unshallow") {
			t.Errorf("%v: got error %v", args, err)
		}
	}
	r.Annotated("v1.1.0")
	dir := clone("--depth=1", "--branch=v1.1.0")
	wantVersion(t, dir, Query{Prefix: "v", Ref: Ref{Tag: "v1.1.0"}}, Rules{}, "1.1.0", "")
	r.Commit("x")
	dir = clone("--depth=2")
	for _, command := range (&ShallowError{}).Commands() { // what the error says to run helps
		r.GitIn(dir, "", "-c", "protocol.version=2", "version")
		args := strings.Fields(strings.ReplaceAll(command, "'", ""))[1:]
		whole := clone("--depth=2")
		r.GitIn(whole, "", args...)
		wantVersion(t, whole, onMain, Rules{}, "1.2.0-dev.1.g%H", r.Git("rev-parse", "HEAD"))
	}
}

func TestTags(t *testing.T) {
	r := gittest.New(t)
	r.Commit("x")
	r.Annotated("v1.2.0")
	old := r.Commit("x")
	r.Tag("v1.10.0") // a higher number than 1.9.0, whatever sorts by text
	r.Commit("x")
	r.Tag("v1.9.0") // nearer, and lower
	r.Git("checkout", "-q", "-b", "other")
	r.Commit("x", "other")
	r.Tag("v9.0.0") // higher, and not merged
	r.Git("checkout", "-q", "main")
	head := r.Commit("x")
	for _, name := range []string{"20240101", "v2", "v2.0", "v02.0.0", "v2.0.0.0", "2.0.0", "vv2.0.0", "v2.0.0+build", "v2.0.0-01", "latest", "svc/v3.0.0", "V4.0.0"} {
		r.Tag(name)
	}
	r.Git("tag", "v5.0.0", r.Git("hash-object", "-w", "f"))                 // a blob
	r.Git("tag", "v6.0.0", "HEAD^{tree}")                                   // a tree
	r.Git("tag", "-a", "-m", "x", "v7.0.0", "HEAD^{tree}")                  // an annotated tree
	r.Git("tag", "-a", "-m", "x", "v1.10.1-rc.1", "v1.10.0")                // a tag of a tag's commit
	r.Git("update-ref", "refs/tags/v1.10.1-rc.2", "refs/tags/v1.2.0")       // an annotated tag by two names
	r.Git("tag", "-a", "-m", "x", "v1.10.1-rc.3", "refs/tags/v1.10.1-rc.1") // a tag of a tag
	for _, packed := range []bool{false, true} {
		t.Run(fmt.Sprintf("packed=%t", packed), func(t *testing.T) {
			if packed {
				r.Git("pack-refs", "--all")
			}
			facts := read(t, r.Dir, onMain)
			want := &Tag{Name: "v1.10.1-rc.3", Version: "1.10.1-rc.3", Commit: Commit{Hash: old}}
			if diff := cmp.Diff(want, facts.Base, cmpopts.IgnoreFields(Commit{}, "Time")); diff != "" {
				t.Errorf("base (-want +got):\n%s", diff)
			}
			if facts.Count != 2 || facts.Tags != nil {
				t.Errorf("got %+v", facts)
			}
		})
	}
	t.Run("moved", func(t *testing.T) {
		r.Git("tag", "-f", "v1.11.0", old)
		r.Git("tag", "-f", "v1.11.0", head)
		wantVersion(t, r.Dir, onMain, Rules{}, "1.11.0", "")
	})
	t.Run("no prefix", func(t *testing.T) {
		wantVersion(t, r.Dir, Query{Ref: Ref{Branch: "main"}}, Rules{}, "2.0.0", "")
	})
	t.Run("a hint at the prefix", func(t *testing.T) {
		v, err := next(t, r.Dir, Query{Prefix: "r", Ref: Ref{Branch: "main"}}, Rules{})
		if err != nil || !strings.Contains(strings.Join(v.Explain, "\n"), "tag 2.0.0 looks like a version") {
			t.Errorf("got %v, %v", v.Explain, err)
		}
	})
}

func TestMonorepo(t *testing.T) {
	r := gittest.New(t)
	r.Commit("x", "services/cart/a", "services/web/a", "lib/a", "README")
	r.Tag("cart/v1.0.0")
	r.Tag("web/v2.0.0")
	cartTag := r.Git("rev-parse", "HEAD")
	r.Commit("feat!: breaking in the library", "lib/a")
	r.Git("checkout", "-q", "-b", "side")
	side := r.Commit("x", "services/web/b")
	r.Git("checkout", "-q", "main")
	r.Commit("x", "README")
	r.Merge("side")
	r.Commit("x", "services/web-other/a")
	main := Ref{Branch: "main"}
	queries := []Query{
		{Ref: main, Prefix: "cart/v", Paths: []string{"services/cart"}},
		{Ref: main, Prefix: "web/v", Paths: []string{"services/web"}},
		{Ref: main, Prefix: "web/v", Paths: []string{"services/web/", "./lib"}},
		{Ref: main, Prefix: "new/v", Paths: []string{"services/absent"}},
		{Ref: main, Prefix: "cart/v", Paths: []string{"."}},
		{Ref: main, Prefix: "cart/v", Paths: []string{"README"}},
		{Ref: main, Prefix: "cart/v"},
	}
	facts, err := openAt(t, r.Dir).ReadAll(t.Context(), queries)
	if err != nil {
		t.Fatal(err)
	}
	head := r.Git("rev-parse", "HEAD")
	want := []string{"1.0.0", "2.1.0-dev.1.g" + side[:8], "3.0.0-dev.2.g" + side[:8], "0.1.0-dev.0.g" + head[:8],
		"2.0.0-dev.5.g" + head[:8], "1.1.0-dev.1.g" + r.Git("log", "-1", "--format=%H", "--", "README")[:8], "2.0.0-dev.5.g" + head[:8]}
	for i, f := range facts {
		v, err := Next(f, Rules{})
		if err != nil || v.Number != want[i] {
			t.Errorf("%s %v: got %s, %v, want %s", f.Prefix, queries[i].Paths, v, err, want[i])
		}
		if i == 0 && (!v.Unchanged || v.Commit != cartTag || v.Tag != "cart/v1.0.0" || !v.Time.Equal(f.Base.Commit.Time)) {
			t.Errorf("got %+v", v)
		}
	}
	t.Run("one by one", func(t *testing.T) {
		for i, query := range queries {
			if diff := cmp.Diff(facts[i], read(t, r.Dir, query)); diff != "" {
				t.Errorf("%v (-together +alone):\n%s", query.Paths, diff)
			}
		}
	})
	t.Run("detached", func(t *testing.T) {
		query := queries[0]
		query.Ref = Ref{}
		wantVersion(t, r.Dir, query, Rules{}, "1.0.0", "") // no branch is needed for what did not change
	})
	t.Run("another service's tag is built", func(t *testing.T) {
		r.Tag("web/v2.1.0")
		query := queries[1]
		query.Ref = Ref{Tag: "web/v2.1.0"}
		wantVersion(t, r.Dir, query, Rules{}, "2.1.0", "")
		query = queries[0]
		query.Ref = Ref{Tag: "web/v2.1.0"}
		wantVersion(t, r.Dir, query, Rules{}, "1.0.0", "")
	})
	t.Run("outside", func(t *testing.T) {
		_, err := openAt(t, r.Dir).Read(t.Context(), Query{Ref: main, Paths: []string{"../other"}})
		if err == nil || !strings.Contains(err.Error(), `"../other"`) {
			t.Errorf("got error %v", err)
		}
	})
}

// A merge that throws the other side away brings back old content: it must not keep the tag's version.
func TestDiscardingMerge(t *testing.T) {
	r := gittest.New(t)
	first := r.Commit("x", "svc/a")
	r.Git("branch", "old")
	r.Commit("x", "svc/a")
	r.Tag("svc/v1.0.0")
	r.Git("checkout", "-q", "old")
	r.Commit("x", "other")
	r.Tick++
	r.Git("merge", "-q", "-s", "ours", "-m", "Merge, and drop", "main")
	query := Query{Ref: Ref{Branch: "main"}, Prefix: "svc/v", Paths: []string{"svc"}}
	v := wantVersion(t, r.Dir, query, Rules{}, "1.1.0-dev.1.g%H", first)
	if v.Commit != first {
		t.Errorf("commit %s, want the one that gave the content, %s", v.Commit, first)
	}
}

// git is the oracle: random histories, and the same counts, bases and last commits from both.
func TestAgainstGit(t *testing.T) {
	for seed := range long.Rounds(t, "PINTLE_CLONES", 1, 100) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			r := randomHistory(t, uint64(seed))
			repository := openAt(t, r.Dir)
			for rev := range strings.FieldsSeq(r.Git("for-each-ref", "--format=%(refname:short)", "refs/heads")) {
				r.Git("symbolic-ref", "HEAD", "refs/heads/"+rev)
				compareWithGit(t, r, repository, nil)
				for _, paths := range [][]string{{"a"}, {"a", "b/c"}, {"b"}} {
					compareWithGit(t, r, repository, paths)
				}
			}
		})
	}
}

func compareWithGit(t *testing.T, r *gittest.Repo, repository *Repository, paths []string) {
	t.Helper()
	facts, err := repository.Read(t.Context(), Query{Prefix: "v", Ref: Ref{Branch: "x"}, Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	merged := strings.Fields(r.Git("-c", "versionsort.suffix=-", "tag", "--merged", "HEAD", "--sort=-version:refname"))
	since, base := "HEAD", ""
	if len(merged) > 0 {
		base = merged[0]
		since = base + "..HEAD"
	}
	if (facts.Base == nil) != (base == "") || base != "" && facts.Base.Name != base {
		t.Fatalf("base %+v, git says %q", facts.Base, base)
	}
	want := 0
	for line := range strings.SplitSeq(r.Git("rev-list", "--parents", since), "\n") {
		if line != "" && (paths == nil || changes(r, strings.Fields(line), paths)) {
			want++
		}
	}
	if facts.Count != want {
		t.Errorf("%v: %d commits, want %d in %s", paths, facts.Count, want, since)
	}
	if paths != nil && (facts.Base == nil || facts.Count > 0) {
		want := r.Git(append([]string{"log", "-1", "--format=%H", "--"}, paths...)...)
		if want != "" && facts.Last.Hash != want {
			t.Errorf("%v: last commit %s, git says %s", paths, facts.Last.Hash, want)
		}
	}
}

// changes is the definition of scope.touched by git's own means: commits are a commit and its parents.
func changes(r *gittest.Repo, commits, paths []string) bool {
	content := func(rev string) string { return r.Memo(append([]string{"ls-tree", rev, "--"}, paths...)...) }
	self, parents := content(commits[0]), commits[1:]
	if len(parents) == 0 {
		return self != ""
	}
	same := slices.ContainsFunc(parents, func(p string) bool { return content(p) == self })
	if len(parents) == 1 || !same {
		return !same
	}
	for i, lost := range parents {
		kept := parents[1-i]
		if content(lost) == self || content(kept) != self {
			continue
		}
		for base := range strings.FieldsSeq(r.Memo("merge-base", "--all", lost, kept)) {
			if content(base) != content(lost) {
				return true
			}
		}
	}
	return false
}

func TestCorruptAndMissing(t *testing.T) {
	r := shop(t)
	victim := r.Git("rev-parse", "HEAD~1")
	file := filepath.Join(r.Dir, ".git", "objects", victim[:2], victim[2:])
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("not zlib at all"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := openAt(t, r.Dir).Read(t.Context(), onMain)
	var corrupt *store.CorruptObjectError
	if !errors.As(err, &corrupt) || corrupt.Hash != victim || !strings.Contains(err.Error(), victim) {
		t.Errorf("got error %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	_, err = openAt(t, r.Dir).Read(t.Context(), onMain)
	var missing *store.MissingObjectError
	if !errors.As(err, &missing) || missing.Hash != victim || missing.Partial {
		t.Errorf("got error %v", err)
	}
	t.Run("treeless, with paths", func(t *testing.T) {
		source := shop(t)
		dir := filepath.Join(t.TempDir(), "clone")
		source.Git("clone", "-q", "--no-local", "--filter=tree:0", "file://"+source.Dir, dir)
		_, err := openAt(t, dir).Read(t.Context(), Query{Prefix: "v", Ref: Ref{Branch: "main"}, Paths: []string{"side"}})
		var trees *MissingTreesError
		if !errors.As(err, &trees) || len(trees.Trees) != 5 || trees.Depth != 1 {
			t.Errorf("got error %v", err)
		}
	})
}

// git fetch leaves a gc running, which moves objects from files into packs while we read.
func TestRepackedMeanwhile(t *testing.T) {
	r := shop(t)
	repository := openAt(t, r.Dir)
	if _, err := repository.Head(); err != nil {
		t.Fatal(err)
	}
	r.Git("repack", "-q", "-a", "-d")
	r.Git("prune-packed")
	facts, err := repository.Read(t.Context(), onMain)
	if err != nil || facts.Count != 5 {
		t.Errorf("got %+v, %v", facts, err)
	}
}

func TestLongMessage(t *testing.T) {
	r := gittest.New(t)
	r.Commit("x")
	r.Tag("v1.0.0")
	r.Commit("feat!: x\n\n" + strings.Repeat("all work and no play\n", 500_000)) // 10 MB
	for range 2 {
		wantVersion(t, r.Dir, onMain, Rules{}, "2.0.0-dev.1.g%H", r.Git("rev-parse", "HEAD"))
		r.Git("gc", "-q")
	}
}

func TestCancel(t *testing.T) {
	r := gittest.New(t)
	r.Commits(3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := openAt(t, r.Dir).Read(ctx, Query{Prefix: "v", Ref: Ref{Branch: "main"}, Paths: []string{"f"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

func TestHead(t *testing.T) {
	r := gittest.New(t)
	hash := r.Commit("x")
	for _, branch := range []string{"main", "feature/登录", "a/b/c"} {
		r.Git("checkout", "-q", "-B", branch)
		head, err := openAt(t, r.Dir).Head()
		if err != nil || head.Branch != branch || head.Commit.Hash != hash {
			t.Errorf("%s: got %+v, %v", branch, head, err)
		}
	}
	r.Git("checkout", "-q", "--detach")
	head, err := openAt(t, r.Dir).Head()
	if err != nil || head.Branch != "" || head.Commit.Hash != hash {
		t.Errorf("detached: got %+v, %v", head, err)
	}
}

func TestPaths(t *testing.T) {
	r := gittest.New(t)
	r.Commit("x", "a/b")
	link := filepath.Join(t.TempDir(), "link")
	outside := filepath.Join(r.Dir, "outside")
	for target, name := range map[string]string{r.Dir: link, os.TempDir(): outside} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	repository := openAt(t, link)
	for path, want := range map[string]string{
		r.Dir: ".", link: ".", filepath.Join(link, "a", "b"): "a/b", filepath.Join(r.Dir, "new", "file"): "new/file",
		filepath.Join(r.Dir, "a", "..", "x"): "x",
	} {
		if got, err := repository.Rel(path); err != nil || got != want {
			t.Errorf("Rel(%s): got %q, %v, want %q", path, got, err, want)
		}
	}
	for _, path := range []string{filepath.Dir(r.Dir), "/", outside, filepath.Join(outside, "x")} {
		if got, err := repository.Rel(path); err == nil {
			t.Errorf("Rel(%s): got %q, want an error", path, got)
		}
	}
	if got, err := repository.Abs("a/b"); err != nil || got != filepath.Join(repository.Root(), "a", "b") {
		t.Errorf("Abs: got %q, %v", got, err)
	}
	for _, path := range []string{"../x", "/x", ""} {
		if got, err := repository.Abs(path); err == nil {
			t.Errorf("Abs(%q): got %q, want an error", path, got)
		}
	}
}
