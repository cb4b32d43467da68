package deployer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

func TestInstallThenNothingThenUpgrade(t *testing.T) {
	b := newHarness(t)
	out := b.mustDeploy(b.request(service("1.0.0", nil), nil))
	if out.Status != event.Passed || out.Revision != 1 {
		t.Errorf("install: %+v", out)
	}
	want := 3 + 2 // an object each, the record created and updated
	if got := b.writes.take(); len(got) != want {
		t.Errorf("install wrote %d times, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}

	out = b.mustDeploy(b.request(service("1.0.0", nil), nil))
	if out.Status != event.Unchanged || out.Revision != 1 {
		t.Errorf("the same again: %+v", out)
	}
	if got := b.writes.dry(); len(got) > 0 {
		t.Errorf("nothing changed, yet it asked for dry runs:\n%s", strings.Join(got, "\n"))
	}
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("nothing changed, yet it wrote:\n%s", strings.Join(got, "\n"))
	}

	out = b.mustDeploy(b.request(service("1.1.0", nil), map[string]any{"greeting": "hi"}))
	if out.Status != event.Passed || out.Revision != 2 || out.PreviousRevision != 1 {
		t.Errorf("upgrade: %+v", out)
	}
	if diff := cmp.Diff([]string{"PATCH configmaps"}, b.writes.dry()); diff != "" {
		t.Errorf("dry runs of an upgrade that changes the ConfigMap:\n%s", diff)
	}
	got := b.writes.take()
	want = 1 + 3 // the ConfigMap; the new record twice, the old one once
	if len(got) != want {
		t.Errorf("upgrade of one object wrote %d times, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}
	if diff := cmp.Diff("1 superseded, 2 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}

func TestCrashOnUpgradeRollsBack(t *testing.T) {
	b := newHarness(t)
	good := kubetest.Image(t, "good:1", kubetest.Script{})
	bad := kubetest.Image(t, "bad:1", kubetest.Script{
		CrashAfter: 50 * time.Millisecond, ExitCode: 3, Log: []string{"starting", "panic: no database at db-7"},
	})
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"image": good}))
	req := b.request(service("1.1.0", nil), map[string]any{"image": bad})
	req.Settle = 0
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok {
		t.Fatalf("error is %T: %v", err, err)
	}
	if !failed.RolledBack || failed.RolledBackTo != 1 || out.Status != event.RolledBack || out.Revision != 3 {
		t.Errorf("outcome %+v, error %+v", out, failed)
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	if got := b.image(); got != good {
		t.Errorf("image is %s, want %s", got, good)
	}
	if !strings.Contains(failed.Cause, "exited with code 3") {
		t.Errorf("cause: %s", failed.Cause)
	}
	if !strings.Contains(out.Details, "panic: no database at db-7") {
		t.Errorf("the log is not in the evidence:\n%s", out.Details)
	}
	t.Logf("%v\n%s", err, out.Details)
}

func TestFailedInstallIsRemoved(t *testing.T) {
	b := newHarness(t)
	_, registry := kubetest.Cluster(t)
	out, err := b.deploy(t.Context(), b.request(service("1.0.0", nil), map[string]any{"image": registry + "/absent:9"}))
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed {
		t.Fatalf("error is %T: %v", err, err)
	}
	if !strings.Contains(failed.Cause, "ErrImagePull") && !strings.Contains(failed.Cause, "ImagePullBackOff") {
		t.Errorf("cause: %s", failed.Cause)
	}
	if out.Status != event.RolledBack || out.Revision != 0 {
		t.Errorf("outcome %+v", out)
	}
	for _, o := range [][3]string{{"apps/v1", "Deployment", "web"}, {"v1", "Service", "web"}, {"v1", "ConfigMap", "web"}} {
		if b.exists(o[0], o[1], o[2]) {
			t.Errorf("%s/%s is still there", o[1], o[2])
		}
	}
	if h := b.history(); h != "" {
		t.Errorf("history: %s", h)
	}
	t.Logf("%v\n%s", err, out.Details)
}
