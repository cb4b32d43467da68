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
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
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

func TestImmutableFieldIsRefusedInThePlan(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	c := service("1.1.0", nil)
	for _, f := range c.Templates {
		f.Data = []byte(strings.ReplaceAll(string(f.Data), "app: {{", "name: {{"))
	}
	_, err := b.engine.Plan(t.Context(), b.request(c, nil))
	refusal, ok := errors.AsType[*plan.RejectedError](err)
	if !ok || len(refusal.Rejections) != 1 || !kube.Is(refusal.Rejections[0].Err, kube.Immutable) {
		t.Fatalf("%T %v", err, err)
	}
	if !strings.Contains(err.Error(), "Deployment/web") || !strings.Contains(err.Error(), "selector") {
		t.Errorf("%v", err)
	}
}

func TestStatefulSetAndClaimBecomeReady(t *testing.T) {
	b := newHarness(t)
	set := `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: "{{ .Values.image }}"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`
	extra := map[string]string{"templates/db.yaml": set}
	b.mustDeploy(b.request(service("1.0.0", extra), nil))
	crash := kubetest.Image(t, "crash-db:1", kubetest.Script{CrashAfter: time.Millisecond, Log: []string{"corrupt page 7"}})
	req := b.request(service("1.1.0", extra), map[string]any{"image": crash})
	req.Settle = 0
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.RolledBack || !strings.Contains(out.Details, "corrupt page 7") {
		t.Errorf("%v\n%s", err, out.Details)
	}
	record, objects, err := b.engine.Status(t.Context(), deployer.StatusRequest{Release: "web", Namespace: b.namespace, WaitForJobs: true})
	if err != nil || record.Version != 3 {
		t.Fatalf("%+v %v", record, err)
	}
	for _, o := range objects {
		if !o.Exists || !o.Ready {
			t.Errorf("%+v", o)
		}
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

// TestPendingRevisionOfHelm leaves what a killed Helm leaves: a pending record
// and no lock.
func TestPendingRevisionOfHelm(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	storage := release.NewStorage(b.cluster, b.namespace, "")
	left, err := storage.Get(t.Context(), "web", 1)
	if err != nil {
		t.Fatal(err)
	}
	left.Version = 2
	left.Info.LastDeployed = release.Time{Time: b.cluster.Now()}
	left.Set(release.PendingUpgrade, "Preparing upgrade")
	if err := storage.Create(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	b.writes.take()
	req := b.request(service("1.1.0", nil), map[string]any{"greeting": "next"})
	if _, err := b.deploy(t.Context(), req); !errors.Is(err, lock.ErrBusy) || !strings.Contains(err.Error(), "revision 2 is pending-upgrade") {
		t.Errorf("a young one: %v", err)
	}
	if w := b.writes.take(); len(w) > 0 {
		t.Errorf("it wrote: %v", w)
	}
	left.Info.LastDeployed = release.Time{Time: b.cluster.Now().Add(-6 * time.Minute)}
	if err := storage.Update(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	b.mustDeploy(req)
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}
