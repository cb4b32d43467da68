package deployer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

func (b *harness) recover(req deployer.RecoverRequest) (deployer.Outcome, error) {
	b.t.Helper()
	req.Release, req.Namespace = "web", b.namespace
	return b.engine.Recover(b.t.Context(), req, event.Span{})
}

// TestRecoverKilledUpgrade repairs an upgrade that was killed half way, twice.
func TestRecoverKilledUpgrade(t *testing.T) {
	b := newHarness(t)
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
	b.killed(never, newMap["templates/new.yaml"], func() { b.until("v1", "ConfigMap", kube.Selection{Fields: "metadata.name=new"}) })
	if _, err := b.recover(deployer.RecoverRequest{DryRun: true}); !errors.Is(err, lock.ErrBusy) {
		t.Errorf("a lock that has not expired is another's: %v", err)
	}
	out, err := b.recover(deployer.RecoverRequest{})
	if err != nil || out.Status != event.Passed || out.Revision != 3 || !strings.Contains(out.Message, "the victim") {
		t.Fatalf("%+v: %v", out, err)
	}
	t.Log(out.Message)
	const history = "1 superseded, 2 failed, 3 deployed"
	if d := cmp.Diff(history, b.history()); d != "" {
		t.Error(d)
	}
	if b.exists("v1", "ConfigMap", "new") || b.greeting() != "one" {
		t.Error("the objects are not as before")
	}
	out, err = b.recover(deployer.RecoverRequest{})
	if err != nil || out.Status != event.Unchanged || b.history() != history {
		t.Errorf("once more: %+v: %v", out, err)
	}
}

// TestRecoverJudgesAsADeploy waits for what the criteria of the request say.
func TestRecoverJudgesAsADeploy(t *testing.T) {
	b := newHarness(t)
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
	b.killed(never, newMap["templates/new.yaml"], func() { b.until("v1", "ConfigMap", kube.Selection{Fields: "metadata.name=new"}) })
	rule, err := readiness.Compile("has(data.greeting) && data.greeting == 'two'")
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.recover(deployer.RecoverRequest{Request: deployer.Request{
		Timeout: 5 * time.Second, Readiness: map[string]readiness.Criteria{"ConfigMap": {Ready: rule}},
	}})
	if err == nil || out.Status != event.Failed || !strings.Contains(err.Error(), "not yet has(data.greeting)") {
		t.Errorf("%+v: %v", out, err)
	}
}

// TestRecoverKilledInstall removes an install that was killed in its first hook, and tells before what it will do.
func TestRecoverKilledInstall(t *testing.T) {
	b := newHarness(t)
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	b.killed(never, job("hook", never, "helm.sh/hook: pre-install"), func() { b.until("batch/v1", "Job", kube.Selection{Fields: "metadata.name=hook"}) })
	if out, err := b.recover(deployer.RecoverRequest{Request: deployer.Request{OnFailedInstall: deployer.Leave}}); err != nil || out.Status != event.Passed {
		t.Fatalf("%+v: %v", out, err)
	}
	if b.exists("batch/v1", "Job", "hook") || b.history() != "1 failed" {
		t.Errorf("the hook stays, or %s", b.history())
	}
}

// TestRecoverRemoves removes a dead first install with everything it made.
func TestRecoverRemoves(t *testing.T) {
	b := newHarness(t)
	b.leaveKilledInstall()
	if out, err := b.recover(deployer.RecoverRequest{}); err != nil || out.Status != event.Passed {
		t.Fatalf("%+v: %v", out, err)
	}
	b.onlyKept()
	if _, err := b.recover(deployer.RecoverRequest{}); !errors.Is(err, release.ErrNotFound) {
		t.Errorf("nothing is left to recover: %v", err)
	}
}

// TestTwoDeployed sets right what a job leaves that dies between its last two record writes.
func TestTwoDeployed(t *testing.T) {
	for name, repair := range map[string]func(b *harness) (deployer.Outcome, error){
		"deploy": func(b *harness) (deployer.Outcome, error) {
			return b.deploy(b.t.Context(), b.request(service("1.0.0", nil), nil))
		},
		"recover": func(b *harness) (deployer.Outcome, error) { return b.recover(deployer.RecoverRequest{}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
			b.mustDeploy(b.request(service("1.0.0", nil), nil))
			storage := release.NewStorage(b.cluster, b.namespace, "")
			first, err := storage.Get(t.Context(), "web", 1)
			if err != nil {
				t.Fatal(err)
			}
			first.Info.Status = release.Deployed
			if err := storage.Update(t.Context(), first); err != nil {
				t.Fatal(err)
			}
			if out, err := repair(b); err != nil {
				t.Errorf("%+v: %v", out, err)
			}
			if d := cmp.Diff("1 superseded, 2 deployed", b.history()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRecordDeletedByHand deletes the pending record of a killed upgrade, and its lock, as is advised for releases of
// Helm: the objects are then not as the newest record says, though their fields are the same, and ours.
func TestRecordDeletedByHand(t *testing.T) {
	b := newHarness(t)
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	good := b.image()
	b.killed(never, newMap["templates/new.yaml"], func() {
		b.untilIs("apps/v1", "Deployment", kube.Selection{Fields: "metadata.name=web"}, func(o *unstructured.Unstructured) bool { return o.GetGeneration() > 1 })
	})
	if b.image() != never {
		t.Fatal("the upgrade has not come to the Deployment")
	}
	for _, ref := range []kube.Ref{
		{APIVersion: "v1", Kind: "Secret", Namespace: b.namespace, Name: "sh.helm.release.v1.web.v2"},
		{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Namespace: b.namespace, Name: "pintle-lock-web"},
	} {
		if err := b.cluster.Delete(t.Context(), ref, "", kube.Background); err != nil {
			t.Fatal(err)
		}
	}
	if out := b.mustDeploy(b.request(service("1.0.0", nil), nil)); out.Status != event.Passed || b.image() != good {
		t.Errorf("the image stays %s: %+v", b.image(), out)
	}
}
