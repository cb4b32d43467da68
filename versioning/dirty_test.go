package versioning

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pintle-ci/pintle/git/gittest"
)

// Both ways to find modified files agree: the git binary's and ours.
func TestModified(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *gittest.Repo)
		want   []string
	}{
		{"clean", func(*gittest.Repo) {}, nil},
		{"untracked", func(r *gittest.Repo) { r.Write("new", "x") }, nil},
		{"ignored", func(r *gittest.Repo) { r.Write(".git/info/exclude", "new\n"); r.Write("new", "x") }, nil},
		{"modified", func(r *gittest.Repo) { r.Write("dir/登录", "other") }, []string{"dir/登录"}},
		{"modified, same size", func(r *gittest.Repo) { r.Write("f", "2\n") }, []string{"f"}},
		{"touched", func(r *gittest.Repo) {
			soon := time.Now().Add(time.Hour)
			if err := os.Chtimes(filepath.Join(r.Dir, "f"), soon, soon); err != nil {
				r.T.Fatal(err)
			}
		}, nil},
		{"staged", func(r *gittest.Repo) { r.Write("f", "y"); r.Git("add", "f") }, []string{"f"}},
		{"staged, then reverted in the tree only", func(r *gittest.Repo) {
			r.Write("f", "y")
			r.Git("add", "f")
			r.Write("f", "1\n")
		}, []string{"f"}},
		{"added", func(r *gittest.Repo) { r.Write("new", "x"); r.Git("add", "new") }, []string{"new"}},
		{"added by intent", func(r *gittest.Repo) { r.Write("new", "x"); r.Git("add", "-N", "new") }, []string{"new"}},
		{"deleted", func(r *gittest.Repo) { r.Remove("f") }, []string{"f"}},
		{"deleted and staged", func(r *gittest.Repo) { r.Git("rm", "-q", "f") }, []string{"f"}},
		{"mode", func(r *gittest.Repo) {
			if err := os.Chmod(filepath.Join(r.Dir, "f"), 0o755); err != nil {
				r.T.Fatal(err)
			}
		}, []string{"f"}},
		{"became a link", func(r *gittest.Repo) {
			r.Remove("f")
			if err := os.Symlink("elsewhere", filepath.Join(r.Dir, "f")); err != nil {
				r.T.Fatal(err)
			}
		}, []string{"f"}},
		{"renamed", func(r *gittest.Repo) { r.Git("mv", "f", "g") }, []string{"f", "g"}},
		{"skip-worktree", func(r *gittest.Repo) { r.Git("update-index", "--skip-worktree", "f"); r.Write("f", "y") }, nil},
		{"index version 4", func(r *gittest.Repo) { r.Git("update-index", "--index-version=4"); r.Write("f", "y") }, []string{"f"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := gittest.New(t)
			r.Commit("x", "f", "dir/登录", "dir/sub/x")
			tt.change(r)
			repository := openAt(t, r.Dir)
			byGit, err := repository.Modified(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			byIndex, err := repository.ModifiedByIndex(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(byGit, tt.want) {
				t.Errorf("with git: got %q, want %q", byGit, tt.want)
			}
			if !slices.Equal(byIndex, tt.want) {
				t.Errorf("without git: got %q, want %q", byIndex, tt.want)
			}
		})
	}
}

func TestDirtyFacts(t *testing.T) {
	r := gittest.New(t)
	r.Commit("x", "chart/Chart.yaml", "src")
	r.Tag("v1.0.0")
	r.Write("chart/Chart.yaml", "bumped")
	r.Write("src", "changed")
	query := Query{Prefix: "v", Ref: Ref{Branch: "main"}, Dirty: true, Ignored: []string{"chart/Chart.yaml"}}
	facts := read(t, r.Dir, query)
	if diff := cmp.Diff([]string{"src"}, facts.Dirty); diff != "" {
		t.Errorf("dirty (-want +got):\n%s", diff)
	}
	v, err := Next(facts, Rules{})
	if err != nil || v.Number != "1.0.0" || !v.Dirty {
		t.Errorf("got %+v, %v", v, err)
	}
	if _, err := Next(facts, Rules{RequireClean: true}); err == nil {
		t.Error("a release of a dirty tree passed")
	}
	for paths, want := range map[string][]string{"src": {"src"}, "./src/": {"src"}, ".": {"src"}, "sr": nil, "chart": nil} {
		query.Paths = []string{paths}
		if facts := read(t, r.Dir, query); !slices.Equal(facts.Dirty, want) {
			t.Errorf("at %s: got %q, want %q", paths, facts.Dirty, want)
		}
	}
	query.Paths, query.Dirty = nil, false
	if facts := read(t, r.Dir, query); facts.Dirty != nil {
		t.Errorf("not asked, and got %q", facts.Dirty)
	}
}

// A workspace checked out by another user, as containers have it.
func TestModifiedOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	r := gittest.New(t)
	r.Commit("x")
	r.Write("f", "changed")
	err := filepath.WalkDir(r.Dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 12345, 12345))
	})
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(r.Dir, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{r.Dir, link} {
		got, err := openAt(t, dir).Modified(t.Context())
		if err != nil || !slices.Equal(got, []string{"f"}) {
			t.Errorf("%s: got %q, %v", dir, got, err)
		}
	}
}
