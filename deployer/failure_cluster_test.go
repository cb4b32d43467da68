package deployer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

func TestTimeoutSaysWhatWasAwaited(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	req := b.request(service("1.1.0", nil), map[string]any{"image": never})
	req.Timeout, req.RollbackTimeout = 6*time.Second, 30*time.Second
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.RolledBack {
		t.Fatalf("%T %v", err, err)
	}
	for _, want := range []string{"Deployment/web", "not ready after", "0 of 1 ready", "container main is not ready"} {
		if !strings.Contains(failed.Cause, want) {
			t.Errorf("%q is not in %q", want, failed.Cause)
		}
	}
	if !strings.Contains(out.Details, "pod web-") {
		t.Errorf("no pod in the evidence:\n%s", out.Details)
	}
}

func TestFailedRollbackIsSaid(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "hook-bad:1", kubetest.Script{ExitAfter: 10 * time.Millisecond, ExitCode: 1})
	crash := kubetest.Image(t, "crash:1", kubetest.Script{CrashAfter: time.Millisecond})
	extra := map[string]string{"templates/back.yaml": job("back", bad, "helm.sh/hook: pre-rollback")}
	b.mustDeploy(b.request(service("1.0.0", extra), nil))
	req := b.request(service("1.1.0", extra), map[string]any{"image": crash})
	req.Settle = 0
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || failed.Restored() || failed.RollbackErr == nil || failed.RolledBackTo != 1 {
		t.Fatalf("%T %v", err, err)
	}
	if out.Status != event.Failed || !strings.Contains(err.Error(), "Job/back") {
		t.Errorf("%+v %v", out, err)
	}
	if diff := cmp.Diff("1 deployed, 2 failed, 3 failed", b.history()); diff != "" {
		t.Error(diff)
	}
	good := b.mustDeploy(b.request(service("1.2.0", nil), nil))
	if good.Revision != 4 {
		t.Errorf("the next deploy: %+v", good)
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 failed, 4 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}

func TestLeaveKeepsTheWreck(t *testing.T) {
	b := newHarness(t)
	crash := kubetest.Image(t, "crash:1", kubetest.Script{CrashAfter: time.Millisecond})
	req := b.request(service("1.0.0", nil), map[string]any{"image": crash})
	req.OnFailedInstall, req.Settle = deployer.Leave, 0
	_, err := b.deploy(t.Context(), req)
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || failed.Restored() {
		t.Fatalf("%T %v", err, err)
	}
	if !b.exists("apps/v1", "Deployment", "web") {
		t.Error("it was removed")
	}
	if diff := cmp.Diff("1 failed", b.history()); diff != "" {
		t.Error(diff)
	}
	out := b.mustDeploy(b.request(service("1.0.1", nil), nil))
	if out.Revision != 2 {
		t.Errorf("the next install: %+v", out)
	}
}

func TestPodsThatMayNotBeCreatedFailFast(t *testing.T) {
	b := newHarness(t)
	label := []byte(`[{"op":"add","path":"/metadata/labels/pod-security.kubernetes.io~1enforce","value":"restricted"}]`)
	if err := b.cluster.JSONPatch(t.Context(), kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: b.namespace}, label); err != nil {
		t.Fatal(err)
	}
	_, err := b.deploy(t.Context(), b.request(service("1.0.0", nil), nil))
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed || !strings.Contains(failed.Cause, "violates PodSecurity") {
		t.Errorf("%T %v", err, err)
	}
}

func TestFailedJobEndsTheWait(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "job-bad:1", kubetest.Script{ExitAfter: 10 * time.Millisecond, ExitCode: 9, Log: []string{"out of tea"}})
	req := b.request(service("1.0.0", map[string]string{"templates/job.yaml": job("seed", bad, "")}), nil)
	req.WaitForJobs = true
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed || !strings.Contains(failed.Cause, "Job/seed") || !strings.Contains(out.Details, "out of tea") {
		t.Errorf("%v\n%s", err, out.Details)
	}
}

func TestMissingSecretIsNamedWhileWaiting(t *testing.T) {
	b := newHarness(t)
	c := service("1.0.0", nil)
	for _, f := range c.Templates {
		f.Data = []byte(strings.Replace(string(f.Data), "      containers:", "      volumes: [{name: v, secret: {secretName: forgotten}}]\n      containers:", 1))
	}
	req := b.request(c, nil)
	req.Timeout = 8 * time.Second
	_, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed || !strings.Contains(failed.Cause, `secret "forgotten" not found`) {
		t.Errorf("%T %v", err, err)
	}
}
