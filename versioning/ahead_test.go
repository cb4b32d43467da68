package versioning

import (
	"github.com/pintle-ci/pintle/git/gittest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Trunk goes past what was released on lines that left it (facts/git-ci-canary.md 1.5 rule 5), and past nothing else.
func TestTrackReleases(t *testing.T) {
	trunk := Query{Prefix: "v", Ref: Ref{Branch: "main"}, TrackReleases: true}
	// v1.4.2 on main, release/1.5 left main one commit later and has v1.5.0-rc.1; main went on with two.
	branched := func(t *testing.T) *gittest.Repo {
		r := gittest.New(t)
		r.Commit("x")
		r.Tag("v1.4.2")
		r.Commit("x")
		r.Git("checkout", "-q", "-b", "release/1.5")
		r.Commit("fix: y", "line")
		r.Annotated("v1.5.0-rc.1")
		r.Git("checkout", "-q", "main")
		r.Commits(2)
		return r
	}
	head := func(r *gittest.Repo) string { return r.Git("rev-parse", "HEAD") }
	t.Run("a prerelease on the line", func(t *testing.T) {
		r := branched(t)
		v := wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.2.g%H", head(r))
		if text := strings.Join(v.Explain, "\n"); !strings.Contains(text, "tag v1.5.0-rc.1 is on a line that left this branch: trunk goes past it, to 1.6.0") {
			t.Errorf("explained as\n%s", text)
		}
		unasked := trunk
		unasked.TrackReleases = false
		wantVersion(t, r.Dir, unasked, Rules{}, "1.5.0-dev.3.g%H", head(r))
	})
	t.Run("the highest of several lines, packed", func(t *testing.T) {
		r := branched(t)
		r.Git("checkout", "-q", "-b", "release/1.6")
		r.Commit("x", "line6")
		r.Annotated("v1.6.0")
		r.Commit("x", "line6")
		r.Tag("v1.6.1")
		r.Git("checkout", "-q", "main")
		r.Commit("x")
		r.Git("pack-refs", "--all")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.7.0-dev.1.g%H", head(r))
	})
	t.Run("merged back", func(t *testing.T) {
		r := branched(t)
		r.Git("checkout", "-q", "release/1.5")
		r.Commit("x", "line")
		r.Tag("v1.5.0")
		r.Git("checkout", "-q", "main")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.2.g%H", head(r))
		r.Merge("release/1.5")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.3.g%H", head(r)) // two on main, and the merge
	})
	t.Run("merged back before its release", func(t *testing.T) {
		r := branched(t)
		wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.2.g%H", head(r))
		r.Merge("release/1.5")
		v := wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.3.g%H", head(r))
		if text := strings.Join(v.Explain, "\n"); !strings.Contains(text, "a prerelease of a line that was merged: trunk goes past it, to 1.6.0") {
			t.Errorf("explained as\n%s", text)
		}
		r.Commit("x")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.4.g%H", head(r))
		r.Annotated("v1.6.0-rc.1") // on trunk itself, with a feature merged after it that left before
		r.Git("checkout", "-q", "-b", "login", "HEAD~1")
		r.Commit("x", "login")
		r.Git("checkout", "-q", "main")
		r.Merge("login")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-rc.1.dev.2.g%H", head(r))
	})
	t.Run("where the line left, and before", func(t *testing.T) {
		r := branched(t)
		r.Git("checkout", "-q", "-B", "main", "main~2") // where release/1.5 left: its tag descends from here
		wantVersion(t, r.Dir, trunk, Rules{}, "1.5.0-dev.1.g%H", head(r))
		r.Git("checkout", "-q", "-B", "main", "v1.4.2")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.4.2", "")
	})
	t.Run("a release commit beside trunk", func(t *testing.T) {
		r := gittest.New(t)
		r.Commit("x")
		r.Git("checkout", "-q", "--detach")
		r.Commit("chore: release 1.0.0", "Chart.yaml")
		r.Annotated("v1.0.0")
		r.Git("checkout", "-q", "main")
		wantVersion(t, r.Dir, trunk, Rules{}, "0.1.0-dev.1.g%H", head(r)) // what the release was made of
		r.Commit("x")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.1.0-dev.1.g%H", head(r))
	})
	t.Run("lower than what commits ask for", func(t *testing.T) {
		r := branched(t)
		r.Commit("feat!: y")
		wantVersion(t, r.Dir, trunk, Rules{}, "2.0.0-dev.3.g%H", head(r))
	})
	t.Run("an unrelated history", func(t *testing.T) {
		r := branched(t)
		r.Git("checkout", "-q", "--orphan", "pages")
		r.Commit("x", "index.html")
		r.Tag("v9.0.0")
		r.Git("checkout", "-q", "-f", "main")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.2.g%H", head(r))
	})
	t.Run("features and changes as trunk, release lines not", func(t *testing.T) {
		r := branched(t)
		query := trunk
		query.Ref.Branch = "login"
		wantVersion(t, r.Dir, query, Rules{}, "1.6.0-0.login.2.g%H", head(r))
		query.Ref.Branch = "release/1.4"
		wantVersion(t, r.Dir, query, Rules{}, "1.4.3-pre.3.g%H", head(r))
		query.Ref = Ref{ChangeID: "7", ChangeTarget: "main"}
		wantVersion(t, r.Dir, query, Rules{}, "1.6.0-0.pr-7.2.g%H", head(r))
		query.Ref.ChangeTarget = "release/1.4"
		wantVersion(t, r.Dir, query, Rules{}, "1.5.0-0.pr-7.3.g%H", head(r))
		if query.Ref.TracksReleases(nil) {
			t.Error("a change for a release line goes past lines")
		}
	})
	t.Run("a feature that trunk's own releases came after", func(t *testing.T) {
		r := branched(t)
		r.Git("checkout", "-q", "-b", "login", "v1.4.2")
		r.Commit("x", "login")
		login := Query{Prefix: "v", Ref: Ref{Branch: "login"}, TrackReleases: true}
		wantVersion(t, r.Dir, login, Rules{}, "1.6.0-0.login.1.g%H", head(r)) // past v1.5.0-rc.1, of a line
		r.Git("tag", "v1.6.0", "main")
		wantVersion(t, r.Dir, login, Rules{}, "1.6.0-0.login.1.g%H", head(r)) // not past v1.6.0, of trunk
	})
	t.Run("a feature of a release line", func(t *testing.T) {
		r := branched(t)
		r.Git("checkout", "-q", "-b", "release/1.6")
		r.Git("checkout", "-q", "-b", "release/1.7")
		r.Commit("x", "line7")
		r.Tag("v1.7.0")
		for line, want := range map[string]string{
			"release/1.5": "1.5.0-0.login.1.g%H", // with v1.5.0-rc.1, that is on it
			"main":        "1.8.0-0.login.1.g%H",
		} {
			r.Git("checkout", "-q", "-B", "login", line)
			r.Commit("fix: y", "login")
			wantVersion(t, r.Dir, Query{Prefix: "v", Ref: Ref{Branch: "login"}, TrackReleases: true},
				Rules{}, want, head(r))
		}
		r.Git("checkout", "-q", "release/1.6")
		r.Commit("fix: z", "line6") // a line without a tag yet, known by its branch
		r.Git("checkout", "-q", "-B", "login")
		r.Commit("fix: y", "login")
		wantVersion(t, r.Dir, Query{Prefix: "v", Ref: Ref{Branch: "login"}, TrackReleases: true}, Rules{}, "1.5.0-0.login.5.g%H", head(r))
	})
	t.Run("a service of a monorepo", func(t *testing.T) {
		r := gittest.New(t)
		r.Commit("x", "svc/a", "other/a")
		r.Tag("svc/v1.0.0")
		r.Tag("other/v1.0.0")
		r.Git("checkout", "-q", "-b", "release/1.1")
		r.Commit("x", "svc/a")
		r.Tag("svc/v1.1.0")
		r.Git("checkout", "-q", "main")
		hash := r.Commit("x", "svc/b")
		svc := Query{Prefix: "svc/v", Ref: Ref{Branch: "main"}, Paths: []string{"svc"}, TrackReleases: true}
		other := Query{Prefix: "other/v", Ref: Ref{Branch: "main"}, Paths: []string{"other"}, TrackReleases: true}
		facts, err := openAt(t, r.Dir).ReadAll(t.Context(), []Query{other, svc})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"1.0.0", "1.2.0-dev.1.g" + hash[:8]} {
			if v, err := Next(facts[i], Rules{}); err != nil || v.Number != want {
				t.Errorf("%s: got %s, %v, want %s", facts[i].Prefix, v, err, want)
			}
		}
	})
	t.Run("clocks that ran backwards", func(t *testing.T) {
		r := branched(t)
		r.Git("checkout", "-q", "release/1.5")
		r.Tick -= 1000
		r.Commit("x", "line")
		r.Tag("v1.5.1")
		r.Git("checkout", "-q", "main")
		wantVersion(t, r.Dir, trunk, Rules{}, "1.6.0-dev.2.g%H", head(r))
	})
}

// In git-flow main takes what develop has: a candidate on develop is a trunk's own, and main leads to its release.
func TestGitFlow(t *testing.T) {
	made := func(t *testing.T) *gittest.Repo {
		r := gittest.New(t)
		r.Commit("x")
		r.Tag("v1.1.0")
		r.Git("checkout", "-q", "-b", "develop")
		r.Commits(2, "work")
		r.Annotated("v1.2.0-rc.1")
		r.Git("checkout", "-q", "main")
		r.Commit("fix: at once", "hotfix")
		return r
	}
	head := func(r *gittest.Repo) string { return r.Git("rev-parse", "HEAD") }
	query := Query{Prefix: "v", Ref: Ref{Branch: "main"}, TrackReleases: true}
	t.Run("merged", func(t *testing.T) {
		r := made(t)
		wantVersion(t, r.Dir, query, Rules{}, "1.2.0-dev.1.g%H", head(r))
		r.Merge("develop")
		wantVersion(t, r.Dir, query, Rules{}, "1.2.0-rc.1.dev.2.g%H", head(r))
		facts := read(t, r.Dir, query)
		if released, err := Release(facts, Rules{}, ReleaseAuto); err != nil || released.Number != "1.2.0" {
			t.Errorf("releases %+v, %v", released, err)
		}
		r.Git("checkout", "-q", "-b", "login")
		r.Commit("x", "login")
		wantVersion(t, r.Dir, Query{Prefix: "v", Ref: Ref{Branch: "login"}, TrackReleases: true}, Rules{}, "1.2.0-0.login.3.g%H", head(r))
	})
	t.Run("trunks by other names", func(t *testing.T) {
		r := made(t)
		r.Git("branch", "-m", "develop", "next")
		r.Merge("next")
		wantVersion(t, r.Dir, query, Rules{}, "1.3.0-dev.2.g%H", head(r)) // next is a line like others
		named := query
		named.Trunks = []string{"main", "next"}
		wantVersion(t, r.Dir, named, Rules{Trunks: named.Trunks}, "1.2.0-rc.1.dev.2.g%H", head(r))
	})
	t.Run("a release line that was merged", func(t *testing.T) {
		r := made(t)
		r.Git("checkout", "-q", "-b", "release/1.3", "develop")
		r.Commit("x", "line")
		r.Annotated("v1.3.0-rc.1")
		r.Git("checkout", "-q", "main")
		r.Merge("release/1.3")
		wantVersion(t, r.Dir, query, Rules{}, "1.4.0-dev.2.g%H", head(r))
	})
	t.Run("a job's clone of main alone", func(t *testing.T) {
		quiet(t)
		r := made(t)
		r.Merge("develop")
		for _, args := range [][]string{{"--single-branch"}, {"--single-branch", "--no-tags"}, {"--depth=1"}, {}} {
			dir := filepath.Join(t.TempDir(), "clone")
			r.Git(append(append([]string{"clone", "-q", "--no-local"}, args...), "file://"+r.Dir, dir)...)
			if len(args) == 0 { // as GitLab's: all branches by its settings, and one fetched
				r.GitIn(dir, "", "update-ref", "-d", "refs/remotes/origin/develop")
			}
			facts, err := openAt(t, dir).ReadWhole(t.Context(), []Query{query}, Rules{}, Fetch{CI: true})
			if err != nil {
				t.Fatal(err)
			}
			if v, err := Next(facts[0], Rules{}); err != nil || v.Number != "1.2.0-rc.1.dev.2.g"+head(r)[:8] {
				t.Errorf("%v: got %v, %v", args, v, err)
			}
		}
	})
	t.Run("a remote that is gone", func(t *testing.T) {
		quiet(t)
		r := made(t)
		r.Merge("develop")
		dir := filepath.Join(t.TempDir(), "clone")
		r.Git("clone", "-q", "--no-local", "file://"+r.Dir, dir)
		r.GitIn(dir, "", "update-ref", "-d", "refs/remotes/origin/develop")
		r.GitIn(dir, "", "remote", "set-url", "origin", filepath.Join(t.TempDir(), "gone"))
		var warned []string
		facts, err := openAt(t, dir).ReadWhole(t.Context(), []Query{query}, Rules{}, Fetch{CI: true, Warn: func(line string) { warned = append(warned, line) }})
		if err != nil || !facts[0].Merged || len(warned) != 1 || !strings.Contains(warned[0], "release lines and trunks") {
			t.Errorf("got %+v, %v, warned %q", facts, err, warned)
		}
	})
}

// git is the oracle for which tags left HEAD's history.
func TestDivergedAgainstGit(t *testing.T) {
	for seed := range uint64(5) {
		r := randomHistory(t, seed)
		repository := openAt(t, r.Dir)
		for branch := range strings.FieldsSeq(r.Git("for-each-ref", "--format=%(refname:short)", "refs/heads")) {
			r.Git("symbolic-ref", "HEAD", "refs/heads/"+branch)
			facts, err := repository.Read(t.Context(), Query{Prefix: "v", Ref: Ref{Branch: "main"}, TrackReleases: true})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if facts.Ahead != nil {
				got = facts.Ahead.Name
			}
			// the highest of the tags that HEAD does not reach and that do not descend from it; all histories here are
			// related
			want := ""
			future := strings.Fields(r.Git("tag", "--contains", "HEAD"))
			for tag := range strings.FieldsSeq(r.Git("tag", "--no-merged", "HEAD", "--sort=version:refname")) {
				if !slices.Contains(future, tag) && (facts.Base == nil || parseTag(tag, "v").GreaterThan(parseTag(facts.Base.Name, "v"))) {
					want = tag
				}
			}
			if got != want {
				t.Errorf("seed %d, %s: got %q, git says %q", seed, branch, got, want)
			}
		}
	}
}
