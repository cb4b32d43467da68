package deployer_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// TestKilledJobIsTakenOver kills another process in the middle of a deploy.
func TestKilledJobIsTakenOver(t *testing.T) {
	b := newHarness(t)
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.killed(never, "", func() { b.until("v1", "Secret", kube.Selection{Labels: "owner=helm,status=pending-upgrade"}) })
	out := b.mustDeploy(b.request(service("1.2.0", nil), map[string]any{"greeting": "third time"}))
	if out.Revision != 3 {
		t.Errorf("%+v", out)
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	r, err := release.NewStorage(b.cluster, b.namespace, "").Get(t.Context(), "web", 2)
	if err != nil || !strings.Contains(r.Info.Description, "the victim") {
		t.Errorf("%v: %+v", err, r.Info)
	}
}

// killed runs a deploy of a chart with one more template in a process of its own and kills that once `until` returns.
func (b *harness) killed(image, template string, until func()) {
	b.t.Helper()
	victim := exec.CommandContext(b.t.Context(), os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), "PINTLE_VICTIM_NAMESPACE="+b.namespace, "PINTLE_VICTIM_IMAGE="+image, "PINTLE_VICTIM_TEMPLATE="+template)
	if err := victim.Start(); err != nil {
		b.t.Fatal(err)
	}
	until()
	if err := victim.Process.Kill(); err != nil {
		b.t.Fatal(err)
	}
	_ = victim.Wait()
}

// TestVictim is the process that tests kill.
func TestVictim(t *testing.T) {
	namespace := os.Getenv("PINTLE_VICTIM_NAMESPACE")
	if namespace == "" {
		t.Skip("run by the tests that kill it")
	}
	c := kubetest.Connect(t, nil)
	b := &harness{t: t, cluster: c, namespace: namespace, engine: deployer.New(c, deployer.Options{Holder: "the victim"})}
	extra := map[string]string{"templates/extra.yaml": os.Getenv("PINTLE_VICTIM_TEMPLATE")}
	_, _ = b.deploy(t.Context(), b.request(service("1.1.0", extra), map[string]any{"image": os.Getenv("PINTLE_VICTIM_IMAGE")}))
}

// leaveKilledInstall leaves what a first install leaves that is killed while it waits: the chart's objects, one that no
// later chart has, and one that is to be kept.
func (b *harness) leaveKilledInstall() {
	b.t.Helper()
	never := kubetest.Image(b.t, "never:1", kubetest.Script{NeverReady: true})
	template := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: early}\n---\n" +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}\n"
	b.killed(never, template, func() { b.until("apps/v1", "Deployment", kube.Selection{Fields: "metadata.name=web"}) })
	if !b.exists("v1", "ConfigMap", "early") || !b.exists("v1", "ConfigMap", "kept") {
		b.t.Fatal("the killed install left too little")
	}
	if diff := cmp.Diff("1 pending-install", b.history()); diff != "" {
		b.t.Fatal(diff)
	}
}

// onlyKept checks that nothing but what asks to be kept is left of the release.
func (b *harness) onlyKept() {
	b.t.Helper()
	for _, o := range [][3]string{
		{"apps/v1", "Deployment", "web"}, {"v1", "Service", "web"}, {"v1", "ConfigMap", "web"}, {"v1", "ConfigMap", "early"}, {"v1", "ConfigMap", "new"},
	} {
		if b.exists(o[0], o[1], o[2]) {
			b.t.Errorf("%s/%s is still there", o[1], o[2])
		}
	}
	if !b.exists("v1", "ConfigMap", "kept") {
		b.t.Error("what asks to be kept is gone")
	}
	if h := b.history(); h != "" {
		b.t.Errorf("history: %s", h)
	}
}

var newMap = map[string]string{"templates/new.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"}

// TestKilledInstallIsRemovedWithTheNext fails after an install that was killed.
func TestKilledInstallIsRemovedWithTheNext(t *testing.T) {
	b := newHarness(t)
	b.leaveKilledInstall()
	bad := kubetest.Image(t, "crash:1", kubetest.Script{CrashAfter: time.Millisecond})
	req := b.request(service("1.2.0", newMap), map[string]any{"image": bad})
	req.Settle = 0
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed || out.Status != event.RolledBack {
		t.Fatalf("%+v: %T %v", out, err, err)
	}
	b.onlyKept()
	again := b.mustDeploy(b.request(service("1.3.0", nil), nil))
	if again.Revision != 1 {
		t.Errorf("the next install: %+v", again)
	}
}

// TestKilledInstallIsRemovedWithTheInterruptedNext stops the operation after an install that was killed before it has
// come to all of its own objects.
func TestKilledInstallIsRemovedWithTheInterruptedNext(t *testing.T) {
	b := newHarness(t)
	b.leaveKilledInstall()
	slow := kubetest.Image(t, "slow:1", kubetest.Script{NeverReady: true})
	hook := map[string]string{"templates/hook.yaml": job("hook", slow, "helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-failed")}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, err := b.engine.Plan(ctx, b.request(service("1.2.0", hook), nil))
	if err != nil {
		t.Fatal(err)
	}
	var out deployer.Outcome
	log := event.NewLog(nil, func(e event.Event) {
		if e.Object == "Job/hook" && e.Status == event.Waiting {
			cancel()
		}
	})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		out, err = b.engine.Apply(ctx, p, s)
		return event.Result{}
	})
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed || out.Status != event.Interrupted || !errors.Is(err, context.Canceled) {
		t.Fatalf("%+v: %T %v", out, err, err)
	}
	b.onlyKept()
	if b.exists("batch/v1", "Job", "hook") {
		t.Error("the hook is still there")
	}
}
