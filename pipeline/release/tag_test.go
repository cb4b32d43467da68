package release

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/git"
	"github.com/pintle-ci/pintle/git/gittest"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
	"github.com/pintle-ci/pintle/versioning"
)

// cart is a repository with one service, and a remote that has its first commit.
func cart(t *testing.T) (r *gittest.Repo, remote string) {
	t.Helper()
	r = gittest.New(t)
	for name, text := range map[string]string{
		"pintle.yaml": "apiVersion: pintle/v1\nproject: shop\nversion: {tag: \"{service}/v{version}\"}\n" +
			"registry: {images: registry.example.com/shop}\nservices: {cart: {path: services/cart}}\n",
		"services/cart/chart/Chart.yaml":  "apiVersion: v2\nname: cart\nversion: 0.0.0\n",
		"services/cart/chart/values.yaml": "image: {repository: cart, tag: \"0.0.0\"}\n",
	} {
		r.Write(name, text)
	}
	r.Git("add", "-A")
	r.Git("config", "user.name", "A")
	r.Git("config", "user.email", "a@example.com")
	r.Commit("feat: begin", "services/cart/src")
	remote = filepath.Join(t.TempDir(), "remote.git")
	r.Git("clone", "-q", "--bare", r.Dir, remote)
	r.Git("remote", "add", "origin", remote)
	return r, remote
}

// open is the project on main, and git in its repository.
func open(t *testing.T, r *gittest.Repo) (*pipeline.Project, *git.Repository) {
	t.Helper()
	c, err := config.LoadFile(filepath.Join(r.Dir, config.FileName))
	if err != nil {
		t.Fatal(err)
	}
	repository, err := versioning.Open(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := repository.Close(); err != nil {
			t.Error(err)
		}
	})
	resolved, err := c.ResolveBuild(config.Ref{Branch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := git.Open(r.Dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.Project{Config: c, Resolved: resolved, Ref: versioning.Ref{Branch: "main"}, Repository: repository}, g
}

// A tag is pushed once; again it is there already, and another commit's is not taken over.
func TestTag(t *testing.T) {
	r, _ := cart(t)
	tag := func(o TagOptions) ([]Tagged, error) {
		p, g := open(t, r)
		o.Git, o.Message = g, "{service} {version}"
		return Tag(t.Context(), p, o)
	}
	dry, err := tag(TagOptions{Release: "auto", Remote: "origin", DryRun: true})
	if err != nil || len(dry) != 1 || dry[0].Tag != "cart/v0.1.0" || dry[0].State != TagPlanned || r.Git("tag", "--list") != "" {
		t.Errorf("%+v, %v", dry, err)
	}
	made, err := tag(TagOptions{Release: "auto", Remote: "origin"})
	if err != nil || made[0].State != TagMade || !strings.Contains(r.Git("ls-remote", "--tags", "origin"), "refs/tags/cart/v0.1.0") {
		t.Errorf("%+v, %v", made, err)
	}
	if got := r.Git("tag", "--list", "--format=%(contents:subject)"); got != "cart 0.1.0" {
		t.Errorf("message %q", got)
	}
	again, err := tag(TagOptions{Release: "auto", Remote: "origin"})
	if err != nil || again[0].State != TagPresent {
		t.Errorf("%+v, %v", again, err)
	}
	r.Git("tag", "-d", "cart/v0.1.0")
	r.Commit("fix: x", "services/cart/src")
	_, err = tag(TagOptions{Release: "0.1.0", Remote: "origin"})
	if _, taken := errors.AsType[*TagTakenError](err); !taken || r.Git("tag", "--list") != "" {
		t.Errorf("%v; here is %q", err, r.Git("tag", "--list"))
	}
}

// The remote's version tags are fetched, and one that was moved is told.
func TestSyncTags(t *testing.T) {
	r, _ := cart(t)
	r.Tag("cart/v1.0.0")
	r.Tag("nightly")
	r.Git("push", "-q", "origin", "cart/v1.0.0", "nightly")
	r.Git("tag", "-d", "cart/v1.0.0")
	_, g := open(t, r)
	if n, err := SyncTags(t.Context(), g, "origin", []string{"cart/v"}, true); n != 1 || err != nil || r.Git("tag", "--list", "cart/*") != "" {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := SyncTags(t.Context(), g, "origin", []string{"cart/v"}, false); n != 1 || err != nil || r.Git("tag", "--list", "cart/*") == "" {
		t.Errorf("%d, %v", n, err)
	}
	r.Commit("fix: x")
	r.Git("tag", "-f", "cart/v1.0.0")
	if _, err := SyncTags(t.Context(), g, "origin", []string{"cart/v"}, false); err == nil || !strings.Contains(err.Error(), "it was moved") {
		t.Error(err)
	}
}

// bumped runs bump for the next release.
func bumped(t *testing.T, p *pipeline.Project) pipeline.Outcome {
	t.Helper()
	out, err := pipeline.Run(t.Context(), event.NewLog(nil), pipeline.Options{
		Project: p, Goal: pipeline.GoalBump, Secrets: secret.NewSet(), ReportDir: t.TempDir(), Bump: pipeline.BumpOptions{Release: "auto"},
	})
	if err != nil || out.ExitCode != exitcode.OK {
		t.Fatal(out.ExitCode, err)
	}
	return out
}
