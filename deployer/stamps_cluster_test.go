package deployer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
)

// by is whoever deploys a build of main.
func by(environment, version string) *stamp.Request {
	return &stamp.Request{
		Owner: stamp.Owner{Project: "shop", Environment: environment},
		Build: stamp.Build{Version: version, Kind: stamp.Branch, Branch: "main"},
	}
}

// stamps are those of the records that are not superseded, by revision.
func (b *harness) stamps() map[int]stamp.Stamp {
	b.t.Helper()
	heads, err := b.engine.Heads(b.t.Context(), b.namespace, []string{"web"})
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[int]stamp.Stamp{}
	for _, h := range heads {
		if h.Status == release.Superseded {
			b.t.Errorf("revision %d is superseded, and listed", h.Version)
		}
		if s, ok := stamp.Of(h.Labels); ok {
			out[h.Version] = s
		}
	}
	return out
}

var onlyConfig = map[string]string{"templates/deployment.yaml": "", "templates/service.yaml": ""}

func TestAStampIsWrittenWithItsRecord(t *testing.T) {
	b := newHarness(t)
	req := b.request(service("1.0.0", onlyConfig), nil)
	req.Labels = map[string]string{"team": "buy"}
	req.Stamp = by("prod", "1.0.0-dev.1.g0a1b2c3d")
	b.mustDeploy(req)
	if got := b.writes.take(); len(got) != 1+2 { // the object, the record created and updated
		t.Errorf("install wrote %d times:\n%s", len(got), strings.Join(got, "\n"))
	}
	want := stamp.Stamp{Owner: req.Stamp.Owner, Build: req.Stamp.Build, Revision: 1}
	if diff := cmp.Diff(map[int]stamp.Stamp{1: want}, b.stamps()); diff != "" {
		t.Error(diff)
	}
	if out := b.mustDeploy(req); out.Status != event.Unchanged {
		t.Errorf("the same again: %+v", out)
	}
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("the same again wrote:\n%s", strings.Join(got, "\n"))
	}

	// the same objects by a later build: the record that stays says so
	req.Stamp = by("prod", "1.0.0-dev.2.g0a1b2c3d")
	req.Stamp.Cluster = "uid"
	if out := b.mustDeploy(req); out.Status != event.Unchanged || out.Revision != 1 {
		t.Errorf("nothing but another stamp: %+v", out)
	}
	if got := b.writes.take(); len(got) != 1 || !strings.HasPrefix(got[0], "PUT ") {
		t.Errorf("nothing but another stamp wrote:\n%s", strings.Join(got, "\n"))
	}
	want = stamp.Stamp{Owner: req.Stamp.Owner, Build: req.Stamp.Build, Revision: 1}
	if diff := cmp.Diff(map[int]stamp.Stamp{1: want}, b.stamps()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("1 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}

func TestAnOlderBuildThatWaitedIsRefused(t *testing.T) {
	b := newHarness(t)
	old := b.request(service("1.0.0", onlyConfig), nil)
	old.Stamp = by("prod", "1.0.0-dev.1.g0a1b2c3d")
	p, err := b.engine.Plan(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	newer := b.request(service("1.1.0", onlyConfig), nil)
	newer.Stamp = by("prod", "1.0.0-dev.2.g0a1b2c3d")
	b.mustDeploy(newer)
	b.writes.take()

	_, err = b.apply(t.Context(), p)
	if _, refused := errors.AsType[*stamp.Error](err); !refused || !deployer.Untouched(err) {
		t.Errorf("the older plan came to %v", err)
	}
	wrote := slices.DeleteFunc(b.writes.take(), func(s string) bool { return strings.HasPrefix(s, "POST ") && strings.HasSuffix(s, "/secrets") })
	if len(wrote) > 0 { // a revision that exists is not made, and says that somebody was faster
		t.Errorf("it wrote:\n%s", strings.Join(wrote, "\n"))
	}
	if diff := cmp.Diff("1 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}

func TestARollbackHasTheVersionOfWhatIsBack(t *testing.T) {
	b := newHarness(t)
	good, bad := kubetest.Image(t, "good:1", kubetest.Script{}), kubetest.Image(t, "bad:1", kubetest.Script{CrashAfter: 1, ExitCode: 3})
	first := b.request(service("1.0.0", nil), map[string]any{"image": good})
	first.Stamp = by("prod", "1.0.0-dev.1.g0a1b2c3d")
	b.mustDeploy(first)
	broken := b.request(service("1.1.0", nil), map[string]any{"image": bad})
	broken.Stamp = by("prod", "1.0.0-dev.2.g0a1b2c3d")
	if out, err := b.deploy(t.Context(), broken); err == nil || out.Status != event.RolledBack {
		t.Fatalf("a container that crashes came to %s, %v", out.Status, err)
	}
	want := stamp.Stamp{Owner: first.Stamp.Owner, Build: first.Stamp.Build, Revision: 3}
	if got := b.stamps()[3]; got != want {
		t.Errorf("after the rollback: %+v, want %+v", got, want)
	}

	// "pintle release" knows no stamp, and what it rolls back to has one
	second := b.request(service("1.2.0", nil), map[string]any{"image": good, "greeting": "hi"})
	second.Stamp = by("prod", "1.0.0-dev.3.g0a1b2c3d")
	b.mustDeploy(second)
	plain := deployer.Request{Release: "web", Namespace: b.namespace, Settle: -1}
	if err := b.rollBackBy(plain, 3); err != nil {
		t.Fatal(err)
	}
	want.Revision = 5
	if got := b.stamps()[5]; got != want {
		t.Errorf("after a rollback without a stamp: %+v, want %+v", got, want)
	}

	// its upgrade knows no version: the stamp it carries on is not its own
	b.mustDeploy(b.request(service("1.3.0", nil), map[string]any{"image": good}))
	if got := b.stamps()[6]; got.Revision == 6 {
		t.Errorf("after an upgrade without a stamp: %+v", got)
	}

	// what is another's is not rolled back
	plain.Stamp = &stamp.Request{Owner: stamp.Owner{Environment: "staging"}}
	err := b.rollBackBy(plain, 4)
	if _, refused := errors.AsType[*stamp.Error](err); !refused || !deployer.Untouched(err) {
		t.Errorf("a rollback of another's release came to %v", err)
	}
	plain.Stamp.TakeOver = true
	if err := b.rollBackBy(plain, 4); err != nil {
		t.Fatal(err)
	}
	if got := b.stamps()[7]; got.Environment != "staging" || got.Project != "shop" || got.Version != second.Stamp.Version {
		t.Errorf("after a rollback that takes over: %+v", got)
	}
}

func (b *harness) rollBackBy(req deployer.Request, to int) error {
	log := event.NewLog(nil, func(event.Event) {})
	var err error
	log.Step("web", "rollback", func(s event.Span) event.Result {
		_, err = b.engine.Rollback(b.t.Context(), req, to, s)
		return event.Result{}
	})
	return err
}
