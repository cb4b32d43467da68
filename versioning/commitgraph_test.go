package versioning

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"github.com/pintle-ci/pintle/git/gittest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// graphQueries ask for everything that a commit-graph could change.
func graphQueries() []Query {
	return []Query{
		{Ref: Ref{Branch: "main"}, Prefix: "v", TrackReleases: true},
		{Ref: Ref{Branch: "main"}, Prefix: "none-"},
		{Ref: Ref{Branch: "feature"}, Prefix: "v", Paths: []string{"a"}, TrackReleases: true},
		{Ref: Ref{Branch: "main"}, Prefix: "v", Paths: []string{"b"}},
		{Ref: Ref{Branch: "main"}, Prefix: "none-", Paths: []string{"b/c"}},
	}
}

// answers reads the facts of every commit, and whether a commit-graph was used.
func answers(t *testing.T, r *gittest.Repo, commits []string) (all [][]Facts, used bool) {
	t.Helper()
	for _, commit := range commits {
		r.Write(".git/HEAD", commit)
		repository := openAt(t, r.Dir)
		facts, err := repository.ReadAll(t.Context(), graphQueries())
		if err != nil {
			t.Fatal(err)
		}
		all, used = append(all, facts), used || repository.DropCommitGraph()
	}
	return all, used
}

// With a commit-graph, whole, in a chain, or of a part of history alone, every answer is as without one.
func TestCommitGraphChangesNothing(t *testing.T) {
	for seed := range 4 {
		r := randomHistory(t, uint64(300+seed))
		commits := strings.Fields(r.Git("rev-list", "--all"))
		want, used := answers(t, r, commits)
		if used {
			t.Fatal("there is a commit-graph already")
		}
		half := strings.Join(commits[len(commits)/2:], "\n") + "\n"
		quarter := strings.Join(commits[len(commits)/4:], "\n") + "\n"
		for _, tt := range []struct {
			name  string
			write func()
		}{
			{"of a part", func() { r.GitIn(r.Dir, half, "commit-graph", "write", "--stdin-commits") }},
			{"whole", func() { r.Git("commit-graph", "write", "--reachable", "--changed-paths") }},
			{"chain", func() {
				r.Remove(".git/objects/info/commit-graph")
				r.GitIn(r.Dir, half, "commit-graph", "write", "--stdin-commits", "--split=no-merge")
				r.GitIn(r.Dir, quarter, "commit-graph", "write", "--stdin-commits", "--split=no-merge")
				r.Git("commit-graph", "write", "--reachable", "--split=no-merge")
			}},
		} {
			tt.write()
			got, used := answers(t, r, commits)
			if !used {
				t.Errorf("seed %d, %s: the commit-graph was not used", seed, tt.name)
			}
			for i := range commits {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("seed %d, %s, at %s:\ngot  %+v\nwant %+v", seed, tt.name, commits[i], got[i], want[i])
				}
			}
		}
	}
}

// A merge of many has its parents in a table of their own.
func TestCommitGraphOctopus(t *testing.T) {
	r := gittest.New(t)
	r.Commit("one", "a")
	var heads []string
	for i := range 4 {
		r.Git("checkout", "-q", "-b", fmt.Sprintf("side%d", i), "main")
		r.Commit("feat: side", fmt.Sprintf("file%d", i))
		heads = append(heads, fmt.Sprintf("side%d", i))
	}
	r.Git("checkout", "-q", "main")
	r.Git(append([]string{"merge", "-q", "--no-edit"}, heads...)...)
	commits := []string{r.Git("rev-parse", "HEAD")}
	want, _ := answers(t, r, commits)
	r.Git("commit-graph", "write", "--reachable")
	got, used := answers(t, r, commits)
	if !used || !reflect.DeepEqual(got, want) || want[0][0].Count != 6 {
		t.Errorf("used: %t\ngot  %+v\nwant %+v", used, got, want)
	}
}

// Where commits may have other parents than a commit-graph says, it is not used.
func TestCommitGraphIgnored(t *testing.T) {
	for name, spoil := range map[string]func(r *gittest.Repo){
		"setting":     func(r *gittest.Repo) { r.Git("config", "core.commitGraph", "false") },
		"replacement": func(r *gittest.Repo) { r.Git("update-ref", "refs/replace/"+r.Git("rev-parse", "HEAD"), "HEAD~1") },
		"grafts":      func(r *gittest.Repo) { r.Write(".git/info/grafts", r.Git("rev-parse", "HEAD")+"\n") },
		"shallow":     func(r *gittest.Repo) { r.Write(".git/shallow", r.Git("rev-parse", "HEAD~1")+"\n") },
		"no graph":    func(r *gittest.Repo) { r.Write(".git/objects/info/commit-graph", "CGPH") },
	} {
		t.Run(name, func(t *testing.T) {
			r := gittest.New(t)
			r.Commit("one", "a")
			r.Commit("two", "a")
			r.Git("commit-graph", "write", "--reachable")
			if _, used := answers(t, r, []string{r.Git("rev-parse", "HEAD")}); !used {
				t.Fatal("the commit-graph was not used")
			}
			r.Git("update-ref", "refs/heads/main", "HEAD")
			if name == "no graph" {
				r.Remove(".git/objects/info/commit-graph")
			}
			spoil(r)
			if _, used := answers(t, r, []string{r.Git("rev-parse", "main")}); used {
				t.Error("the commit-graph was used")
			}
		})
	}
}

// FuzzCommitGraph damages a commit-graph. All answers are those without it.
func FuzzCommitGraph(f *testing.F) {
	r := randomHistory(f, 7)
	r.Write(".git/HEAD", r.Git("rev-parse", "b0"))
	want := factsAt(f, r.Dir)
	r.Git("commit-graph", "write", "--reachable")
	file := filepath.Join(r.Dir, ".git/objects/info/commit-graph")
	good, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		f.Fatal(err)
	}
	for at := uint32(0); int(at) < len(good); at += 41 {
		f.Add(at, byte(0xff), uint32(0))
		f.Add(at, byte(1), at)
	}
	f.Fuzz(func(t *testing.T, at uint32, flip byte, cut uint32) {
		bad := bytes.Clone(good)
		bad[int(at)%len(bad)] ^= flip
		if cut > 0 {
			bad = bad[:int(cut)%len(bad)]
		}
		if err := os.WriteFile(file, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := factsAt(t, r.Dir); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

// A file with a right checksum may be wrong all the same: never an error, a panic or a circle.
func FuzzCommitGraphForged(f *testing.F) {
	r := randomHistory(f, 7)
	r.Write(".git/HEAD", r.Git("rev-parse", "b0"))
	r.Git("commit-graph", "write", "--reachable")
	file := filepath.Join(r.Dir, ".git/objects/info/commit-graph")
	good, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		f.Fatal(err)
	}
	for at := uint32(0); int(at) < len(good); at += 29 {
		f.Add(at, byte(1<<(at%8)))
		f.Add(at, byte(0xff))
	}
	f.Fuzz(func(t *testing.T, at uint32, flip byte) {
		bad := bytes.Clone(good[:len(good)-sha1.Size])
		bad[int(at)%len(bad)] ^= flip
		sum := sha1.Sum(bad)
		if err := os.WriteFile(file, append(bad, sum[:]...), 0o644); err != nil {
			t.Fatal(err)
		}
		factsAt(t, r.Dir)
	})
}

// factsAt answers the queries at HEAD.
func factsAt(t testing.TB, dir string) []Facts {
	t.Helper()
	repository, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := repository.Close(); err != nil {
			t.Error(err)
		}
	}()
	facts, err := repository.ReadAll(t.Context(), graphQueries())
	if err != nil {
		t.Fatal(err)
	}
	return facts
}
