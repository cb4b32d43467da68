package versioning

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Both ways to find modified files agree: the git binary's and ours.
func TestModified(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *testRepo)
		want   []string
	}{
		{"clean", func(*testRepo) {}, nil},
		{"untracked", func(r *testRepo) { r.write("new", "x") }, nil},
		{"ignored", func(r *testRepo) { r.write(".git/info/exclude", "new\n"); r.write("new", "x") }, nil},
		{"modified", func(r *testRepo) { r.write("dir/登录", "other") }, []string{"dir/登录"}},
		{"modified, same size", func(r *testRepo) { r.write("f", "2\n") }, []string{"f"}},
		{"touched", func(r *testRepo) {
			soon := time.Now().Add(time.Hour)
			if err := os.Chtimes(filepath.Join(r.dir, "f"), soon, soon); err != nil {
				r.t.Fatal(err)
			}
		}, nil},
		{"staged", func(r *testRepo) { r.write("f", "y"); r.git("add", "f") }, []string{"f"}},
		{"staged, then reverted in the tree only", func(r *testRepo) {
			r.write("f", "y")
			r.git("add", "f")
			r.write("f", "1\n")
		}, []string{"f"}},
		{"added", func(r *testRepo) { r.write("new", "x"); r.git("add", "new") }, []string{"new"}},
		{"added by intent", func(r *testRepo) { r.write("new", "x"); r.git("add", "-N", "new") }, []string{"new"}},
		{"deleted", func(r *testRepo) { r.remove("f") }, []string{"f"}},
		{"deleted and staged", func(r *testRepo) { r.git("rm", "-q", "f") }, []string{"f"}},
		{"mode", func(r *testRepo) {
			if err := os.Chmod(filepath.Join(r.dir, "f"), 0o755); err != nil {
				r.t.Fatal(err)
			}
		}, []string{"f"}},
		{"became a link", func(r *testRepo) {
			r.remove("f")
			if err := os.Symlink("elsewhere", filepath.Join(r.dir, "f")); err != nil {
				r.t.Fatal(err)
			}
		}, []string{"f"}},
		{"renamed", func(r *testRepo) { r.git("mv", "f", "g") }, []string{"f", "g"}},
		{"skip-worktree", func(r *testRepo) { r.git("update-index", "--skip-worktree", "f"); r.write("f", "y") }, nil},
		{"index version 4", func(r *testRepo) { r.git("update-index", "--index-version=4"); r.write("f", "y") }, []string{"f"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newTestRepo(t)
			r.commit("x", "f", "dir/登录", "dir/sub/x")
			tt.change(r)
			repository := openAt(t, r.dir)
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
	r := newTestRepo(t)
	r.commit("x", "chart/Chart.yaml", "src")
	r.tag("v1.0.0")
	r.write("chart/Chart.yaml", "bumped")
	r.write("src", "changed")
	query := Query{Prefix: "v", Ref: Ref{Branch: "main"}, Dirty: true, Ignored: []string{"chart/Chart.yaml"}}
	facts := read(t, r.dir, query)
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
		if facts := read(t, r.dir, query); !slices.Equal(facts.Dirty, want) {
			t.Errorf("at %s: got %q, want %q", paths, facts.Dirty, want)
		}
	}
	query.Paths, query.Dirty = nil, false
	if facts := read(t, r.dir, query); facts.Dirty != nil {
		t.Errorf("not asked, and got %q", facts.Dirty)
	}
}

// A workspace checked out by another user, as containers have it.
func TestModifiedOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	r := newTestRepo(t)
	r.commit("x")
	r.write("f", "changed")
	err := filepath.WalkDir(r.dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 12345, 12345))
	})
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(r.dir, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{r.dir, link} {
		got, err := openAt(t, dir).Modified(t.Context())
		if err != nil || !slices.Equal(got, []string{"f"}) {
			t.Errorf("%s: got %q, %v", dir, got, err)
		}
	}
}
