package versioning

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pintle-ci/pintle/git/gittest"
)

// The table of facts/git-ci-canary.md 1.5, each row from a history made by git.
func TestRuleTable(t *testing.T) {
	branch := func(name string) Query { return Query{Prefix: "v", Ref: Ref{Branch: name}} }
	based := func(t *testing.T) *gittest.Repo { // v1.4.2, annotated
		r := gittest.New(t)
		r.Commits(2)
		r.Annotated("v1.4.2")
		return r
	}
	t.Run("tag build, two tags at HEAD", func(t *testing.T) {
		r := based(t)
		hash := r.Commit("feat: more")
		r.Annotated("v1.5.0-rc.2")
		r.Tag("v1.5.0")
		query := Query{Prefix: "v", Ref: Ref{Tag: "v1.5.0"}}
		v := wantVersion(t, r.Dir, query, Rules{}, "1.5.0", "")
		if !v.Exact || v.Tag != "v1.5.0" || v.Commit != hash {
			t.Errorf("got %+v", v)
		}
		wantVersion(t, r.Dir, branch("main"), Rules{}, "1.5.0", "")
		wantVersion(t, r.Dir, Query{Prefix: "v", Ref: Ref{Tag: "v1.5.0-rc.2"}}, Rules{}, "1.5.0-rc.2", "")
		wantVersion(t, r.Dir, Query{Prefix: "v"}, Rules{}, "1.5.0", "")
		wantVersion(t, r.Dir, branch("feature/x"), Rules{}, "1.6.0-0.feature-x-217d2b.0.g%H", hash)
	})
	t.Run("main, 12 after", func(t *testing.T) {
		r := based(t)
		r.Commits(12)
		wantVersion(t, r.Dir, branch("main"), Rules{}, "1.5.0-dev.12.g%H", r.Git("rev-parse", "HEAD"))
	})
	t.Run("develop with its own label", func(t *testing.T) {
		r := based(t)
		hash := r.Commit("x")
		wantVersion(t, r.Dir, branch("develop"), Rules{Labels: map[string]string{"develop": "alpha"}}, "1.5.0-alpha.1.g%H", hash)
	})
	t.Run("feature/login, 3 after", func(t *testing.T) {
		r := based(t)
		r.Commits(3)
		v := wantVersion(t, r.Dir, branch("feature/login"), Rules{}, "1.5.0-0.feature-login-df7c7a.3.g%H", r.Git("rev-parse", "HEAD"))
		if len(v.Number) != 40 {
			t.Errorf("%d characters", len(v.Number))
		}
	})
	t.Run("release branch", func(t *testing.T) {
		r := based(t)
		r.Git("checkout", "-q", "-b", "release/1.5")
		r.Commits(5)
		head := func() string { return r.Git("rev-parse", "HEAD") }
		wantVersion(t, r.Dir, branch("release/1.5"), Rules{}, "1.5.0-pre.5.g%H", head())
		r.Annotated("v1.5.0-rc.1")
		r.Commits(2)
		wantVersion(t, r.Dir, branch("release/1.5"), Rules{}, "1.5.0-rc.1.pre.2.g%H", head())
		r.Tag("v1.5.0")
		r.Commit("feat: a feature on a release line stays on the line")
		wantVersion(t, r.Dir, branch("release/1.5"), Rules{Next: "2.0.0"}, "1.5.1-pre.1.g%H", head())
		r.Tag("v2.0.0")
		r.Commit("x")
		wantVersion(t, r.Dir, branch("release/1.5"), Rules{}, "1.5.1-pre.2.g%H", head())
		wantVersion(t, r.Dir, branch("release-v1.6.x"), Rules{}, "1.6.0-pre.2.g%H", head())
	})
	t.Run("hotfix", func(t *testing.T) {
		r := based(t)
		hash := r.Commit("feat!: even so")
		wantVersion(t, r.Dir, branch("hotfix/1.4.3"), Rules{}, "1.4.3-pre.1.g%H", hash)
		wantVersion(t, r.Dir, branch("hotfix/login"), Rules{Next: "2.0.0"}, "1.4.3-pre.1.g%H", hash)
		wantVersion(t, r.Dir, branch("hotfixes-1.4.7"), Rules{}, "1.4.7-pre.1.g%H", hash)
	})
	t.Run("no tags, 37 commits", func(t *testing.T) {
		r := gittest.New(t)
		r.Commits(37)
		hash := r.Git("rev-parse", "HEAD")
		wantVersion(t, r.Dir, branch("main"), Rules{}, "0.1.0-dev.37.g%H", hash)
		wantVersion(t, r.Dir, branch("main"), Rules{Initial: "1.0.0"}, "1.0.0-dev.37.g%H", hash)
		wantVersion(t, r.Dir, branch("release/2.1"), Rules{}, "2.1.0-pre.37.g%H", hash)
	})
	t.Run("after a prerelease tag on trunk", func(t *testing.T) {
		r := based(t)
		r.Commit("x")
		r.Tag("v1.5.0-rc.1")
		r.Commits(2)
		hash := r.Commit("feat!: breaking before 1.5.0 is out")
		wantVersion(t, r.Dir, branch("main"), Rules{}, "1.5.0-rc.1.dev.3.g%H", hash)
		wantVersion(t, r.Dir, branch("main"), Rules{Next: "1.6.0"}, "1.6.0-dev.3.g%H", hash)
		wantVersion(t, r.Dir, branch("login"), Rules{}, "1.5.0-0.login.3.g%H", hash)
	})
	t.Run("commits decide", func(t *testing.T) {
		r := based(t)
		hash := r.Commit("fix(api)!: drop v1")
		wantVersion(t, r.Dir, branch("main"), Rules{}, "2.0.0-dev.1.g%H", hash)
		hash = r.Commit("chore: x\n\nRelease-As: 3.1.0")
		wantVersion(t, r.Dir, branch("main"), Rules{}, "3.1.0-dev.2.g%H", hash)
		hash = r.Commit("chore: x\n\nRelease-As: 2.9.0\n")
		wantVersion(t, r.Dir, branch("main"), Rules{}, "3.1.0-dev.3.g%H", hash)
		wantVersion(t, r.Dir, branch("main"), Rules{Next: "4.0.0"}, "4.0.0-dev.3.g%H", hash)
	})
	t.Run("a service of a monorepo, 4 commits touch it", func(t *testing.T) {
		r := gittest.New(t)
		r.Commit("x", "svc/a", "other/a")
		r.Annotated("svc/v2.0.0")
		r.Commits(3, "svc/a")
		last := r.Commit("x", "svc/b")
		r.Commits(2, "other/a")
		query := Query{Prefix: "svc/v", Ref: Ref{Branch: "main"}, Paths: []string{"svc"}}
		wantVersion(t, r.Dir, query, Rules{}, "2.1.0-dev.4.g%H", last)
	})
	t.Run("a line of releases that left trunk", func(t *testing.T) {
		r := based(t)
		r.Git("checkout", "-q", "-b", "release/1.5")
		r.Commit("x", "line")
		r.Annotated("v1.5.0")
		r.Git("checkout", "-q", "main")
		hash := r.Commit("x")
		query := branch("main")
		query.TrackReleases = true
		v := wantVersion(t, r.Dir, query, Rules{}, "1.6.0-dev.1.g%H", hash)
		if v.Base != "v1.5.0" || v.Count != 1 {
			t.Errorf("base %q, %d commits", v.Base, v.Count)
		}
	})
	t.Run("labels of release and hotfix branches", func(t *testing.T) {
		r := based(t)
		hash := r.Commit("x")
		rules := Rules{Labels: map[string]string{"release/1.5": "beta", "hotfix/x": "fix", "login": "never"}}
		wantVersion(t, r.Dir, branch("release/1.5"), rules, "1.5.0-beta.1.g%H", hash)
		wantVersion(t, r.Dir, branch("hotfix/x"), rules, "1.4.3-fix.1.g%H", hash)
		wantVersion(t, r.Dir, branch("login"), rules, "1.5.0-0.login.1.g%H", hash)
	})
	t.Run("branches in every script", func(t *testing.T) {
		r := based(t)
		hash := r.Commit("x")
		seen := map[string]string{}
		for _, name := range []string{"功能/登录", "功能/登陆", "עברית/כניסה", "تسجيل", "ログイン", "вход", "🚀", "👩‍💻/x", "é", "e\u0301", "-rf", "İ", "ß"} {
			r.Git("update-ref", "refs/heads/"+name, hash)
			r.Git("symbolic-ref", "HEAD", "refs/heads/"+name)
			head, err := openAt(t, r.Dir).Head()
			if err != nil || head.Branch != name {
				t.Fatalf("%s: got %+v, %v", name, head, err)
			}
			v, err := next(t, r.Dir, branch(head.Branch), Rules{})
			if err != nil || Check(v.Number) != nil || seen[v.Number] != "" {
				t.Errorf("%s: got %s, %v, as %s", name, v, err, seen[v.Number])
			}
			seen[v.Number] = name
		}
	})
	t.Run("0.x makes no promise", func(t *testing.T) {
		r := gittest.New(t)
		r.Commit("x")
		r.Tag("v0.3.1")
		wantVersion(t, r.Dir, branch("main"), Rules{}, "0.4.0-dev.1.g%H", r.Commit("x\n\nBREAKING CHANGE: all"))
	})
}

func TestChangeRequests(t *testing.T) {
	setup := func(t *testing.T) (r *gittest.Repo, source string) {
		r = gittest.New(t)
		r.Commit("x")
		r.Tag("v1.4.2")
		r.Git("checkout", "-q", "-b", "login")
		r.Commits(2, "login")
		source = r.Git("rev-parse", "HEAD")
		r.Git("checkout", "-q", "main")
		r.Commits(4, "main")
		r.Git("update-ref", "refs/remotes/origin/main", "main")
		return r, source
	}
	change := Ref{ChangeID: "42", ChangeBranch: "login", ChangeTarget: "main", Branch: "PR-42"}
	t.Run("Jenkins merges the target into the head", func(t *testing.T) {
		r, source := setup(t)
		r.Git("checkout", "-q", "--detach", "login")
		r.Merge("main")
		wantVersion(t, r.Dir, Query{Prefix: "v", Ref: change}, Rules{}, "1.5.0-0.pr-42.7.g%H", source)
	})
	t.Run("GitHub merges the head into the target", func(t *testing.T) {
		r, source := setup(t)
		r.Git("checkout", "-q", "--detach", "main")
		r.Merge("login")
		v := wantVersion(t, r.Dir, Query{Prefix: "v", Ref: change}, Rules{}, "1.5.0-0.pr-42.7.g%H", source)
		if v.Commit != source {
			t.Errorf("commit %s, want %s", v.Commit, source)
		}
	})
	t.Run("GitLab says which", func(t *testing.T) {
		r, source := setup(t)
		r.Git("update-ref", "-d", "refs/remotes/origin/main")
		r.Git("checkout", "-q", "--detach", "main")
		r.Merge("login")
		ref := Ref{ChangeID: "42", HeadSHA: source}
		wantVersion(t, r.Dir, Query{Prefix: "v", Ref: ref}, Rules{}, "1.5.0-0.pr-42.7.g%H", source)
	})
	t.Run("the head itself, which merged main before", func(t *testing.T) {
		r, _ := setup(t)
		r.Git("checkout", "-q", "login")
		source := r.Merge("main")
		r.Git("update-ref", "refs/remotes/origin/PR-42", source)
		wantVersion(t, r.Dir, Query{Prefix: "v", Ref: change}, Rules{}, "1.5.0-0.pr-42.7.g%H", source)
	})
	t.Run("a service that both sides changed", func(t *testing.T) {
		r, _ := setup(t)
		r.Git("checkout", "-q", "login")
		source := r.Commit("x", "svc/a")
		r.Git("checkout", "-q", "main")
		r.Commit("x", "svc/b")
		r.Git("update-ref", "refs/remotes/origin/main", "main")
		r.Git("checkout", "-q", "--detach")
		r.Merge("login")
		query := Query{Prefix: "v", Ref: change, Paths: []string{"svc"}}
		wantVersion(t, r.Dir, query, Rules{}, "1.5.0-0.pr-42.3.g%H", source)
	})
}

func TestNextErrors(t *testing.T) {
	head := Commit{Hash: strings.Repeat("ab", 20)}
	tag := Tag{Name: "v1.0.0", Version: "1.0.0", Commit: head}
	tests := []struct {
		name  string
		facts Facts
		rules Rules
		is    error
		want  string
	}{
		{"detached", Facts{Head: head, Prefix: "v"}, Rules{}, ErrDetached, "--branch"},
		{"shallow", Facts{Head: head, Prefix: "v", Ref: Ref{Branch: "main"}, Shallow: true}, Rules{}, ErrShallow, "GIT_DEPTH"},
		{"dirty release", Facts{Head: head, Ref: Ref{Branch: "main"}, Tags: []Tag{tag}, Dirty: []string{"a", "b", "c", "d"}},
			Rules{RequireClean: true}, ErrDirty, `release v1.0.0: tracked files are modified: "a", "b", "c" and 1 more`},
		{"the tag is elsewhere", Facts{Head: head, Prefix: "v", Ref: Ref{Tag: "v1.0.0"}}, Rules{}, nil, "is not at HEAD (abababab)"},
		{"the tag is no version", Facts{Head: head, Prefix: "v", Ref: Ref{Tag: "v1.0"}}, Rules{}, nil, `"1.0" is not X.Y.Z`},
		{"a date is no version", Facts{Head: head, Ref: Ref{Tag: "20240101"}}, Rules{}, nil, "is not X.Y.Z"},
		{"bad initial", Facts{Head: head}, Rules{Initial: "1"}, nil, `version.initial: "1" is not X.Y.Z`},
		{"bad next", Facts{Head: head}, Rules{Next: "1.0.0-rc.1"}, nil, "version.next"},
		{"bad label", Facts{Head: head}, Rules{Labels: map[string]string{"develop": "a.b"}}, nil, "version.labels"},
		{"numeric label", Facts{Head: head}, Rules{Labels: map[string]string{"develop": "01"}}, nil, "version.labels"},
		{"too long", Facts{Head: head, Ref: Ref{Branch: "main"}, Tags: []Tag{{Name: "v", Version: "1.0.0-" + strings.Repeat("a", 40)}}},
			Rules{}, nil, "more than 45"},
		{"ends in a dash", Facts{Head: head, Ref: Ref{Branch: "main"}, Tags: []Tag{{Name: "v", Version: "1.0.0-a-"}}}, Rules{}, nil, "dash"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Next(tt.facts, tt.rules)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %v, want one line with %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
		})
	}
}

// A tag at HEAD needs no history, so a shallow tag build and a detached HEAD have their version.
func TestNextNeedsNoHistoryForATag(t *testing.T) {
	at := Commit{Hash: strings.Repeat("ab", 20), Time: time.Unix(5, 0)}
	facts := Facts{Head: at, Prefix: "v", Shallow: true, Tags: []Tag{{Name: "v1.0.0", Version: "1.0.0", Commit: at}}}
	for _, ref := range []Ref{{}, {Tag: "v1.0.0"}, {Tag: "nightly"}, {Branch: "main"}} {
		facts.Ref = ref
		got, err := Next(facts, Rules{})
		if err != nil {
			t.Fatalf("%v: %v", ref, err)
		}
		got.Explain, got.Class = nil, 0
		want := Version{Number: "1.0.0", Tag: "v1.0.0", Commit: at.Hash, Time: at.Time, Exact: true}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", ref, diff)
		}
	}
}

func TestExplain(t *testing.T) {
	r := gittest.New(t)
	r.Commit("x")
	r.Tag("v1.4.2")
	r.Commit("feat!: x")
	v, err := next(t, r.Dir, Query{Prefix: "v", Ref: Ref{Branch: "main", Origin: "jenkins"}}, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(v.Explain, "\n")
	for _, want := range []string{"branch main (from jenkins): trunk", "base tag v1.4.2 at ", "1 commit since", "bump major: commit " + v.Commit[:8], "towards 2.0.0"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// A tag of the service app-2 is none of app, whose tags begin with "app-", and one that is no version is still told.
func TestNamedTagOfAnother(t *testing.T) {
	r := gittest.New(t)
	hash := r.Commit("x")
	r.Tag("app-2-1.0.0")
	query := func(prefix, tag string) Query { return Query{Prefix: prefix, Ref: Ref{Tag: tag}} }
	wantVersion(t, r.Dir, query("app-2-", "app-2-1.0.0"), Rules{}, "1.0.0", "")
	wantVersion(t, r.Dir, query("app-", "app-2-1.0.0"), Rules{}, "0.1.0-dev.1.g%H", hash)
	for _, tag := range []string{"app-2", "app-1.0", "app-1.0-rc"} {
		if v, err := next(t, r.Dir, query("app-", tag), Rules{}); err == nil || !strings.Contains(err.Error(), "is no version") {
			t.Errorf("%s: got %v, %v", tag, v, err)
		}
	}
}
