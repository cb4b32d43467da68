package deployer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// alone watches the pods of a namespace until the test ends and fails it when two of them are there at once that have
// not ended.
func (b *harness) alone() {
	b.t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(b.t.Context()))
	var watch sync.WaitGroup
	synced := make(chan struct{})
	first := sync.OnceFunc(func() { close(synced) })
	b.t.Cleanup(func() { stop(); watch.Wait() })
	watch.Go(func() {
		runs := map[string]string{} // pods by uid
		_ = b.cluster.Watch(ctx, "v1", "Pod", kube.Selection{Namespace: b.namespace}, func(n kube.Notice) {
			if n.Change == kube.Synced {
				first()
				return
			}
			uid := string(n.Object.GetUID())
			status, _ := n.Object.Object["status"].(map[string]any)
			if phase := status["phase"]; n.Change == kube.Gone || phase == "Succeeded" || phase == "Failed" {
				delete(runs, uid)
				return
			}
			if runs[uid] = n.Object.GetName(); len(runs) > 1 {
				b.t.Errorf("two run at once: %v", runs)
			}
		})
	})
	<-synced
}

// jobs is a chart of hooks and other objects alone.
func jobs(templates map[string]string) map[string]string {
	out := map[string]string{"templates/deployment.yaml": "", "templates/service.yaml": ""}
	for name, text := range templates {
		out["templates/"+name+".yaml"] = text
	}
	return out
}

const migrates = `helm.sh/hook: "pre-install,pre-upgrade"`

// runningPod waits until a pod runs.
func (b *harness) runningPod() { b.until("v1", "Pod", kube.Selection{Fields: "status.phase=Running"}) }

// What an earlier run left running must have stopped before it runs again.
func TestReplacedHookHasStopped(t *testing.T) {
	b := newHarness(t)
	slow := kubetest.Image(t, "migrate-slow:1", kubetest.Script{ExitAfter: time.Hour, StopAfter: 3 * time.Second})
	quick := kubetest.Image(t, "migrate-quick:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	b.put(job("migrate", slow, migrates))
	b.runningPod()
	b.alone()
	b.mustDeploy(b.request(service("1.0.0", jobs(map[string]string{"migrate": job("migrate", quick, migrates)})), nil))
	if !b.told("Job/migrate", "being stopped") {
		t.Errorf("the wait is not told: %+v", b.events)
	}
}

// A Pod is its own hook, a Deployment's pods outlive it.
func TestReplacedHooksOfOtherKindsHaveStopped(t *testing.T) {
	slow := kubetest.Image(t, "hook-slow:1", kubetest.Script{ExitAfter: time.Hour, StopAfter: 3 * time.Second})
	quick := kubetest.Image(t, "hook-quick:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	pod := func(image string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: migrate, annotations: {" + migrates + "}}\nspec: {restartPolicy: Never, containers: [{name: main, image: \"" + image + "\"}]}\n"
	}
	deployment := func(image string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: migrate, annotations: {" + migrates + "}}\nspec:\n  selector: {matchLabels: {app: m}}\n" +
			"  template:\n    metadata: {labels: {app: m}}\n    spec: {containers: [{name: main, image: \"" + image + "\"}]}\n"
	}
	for kind, text := range map[string]func(string) string{"Pod": pod, "Deployment": deployment} {
		t.Run(kind, func(t *testing.T) {
			b := newHarness(t)
			b.put(text(slow))
			b.runningPod()
			b.alone()
			b.mustDeploy(b.request(service("1.0.0", jobs(map[string]string{"migrate": text(quick)})), nil))
		})
	}
}

// A job that was killed leaves its hook running: the next operation stops that first.
func TestHookOfAKilledRunHasStopped(t *testing.T) {
	b := newHarness(t)
	slow := kubetest.Image(t, "killed-slow:1", kubetest.Script{ExitAfter: time.Hour, StopAfter: 3 * time.Second})
	quick := kubetest.Image(t, "killed-quick:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	b.killed("nginx:1.27", job("migrate", slow, migrates), b.runningPod)
	b.alone()
	b.mustDeploy(b.request(service("1.0.0", jobs(map[string]string{"migrate": job("migrate", quick, migrates)})), nil))
}

// A hook that failed and is to be deleted has stopped before the rollback's hooks run.
func TestFailedHookHasStoppedBeforeTheRollback(t *testing.T) {
	b := newHarness(t)
	slow := kubetest.Image(t, "fails-slow:1", kubetest.Script{ExitAfter: time.Hour, StopAfter: 3 * time.Second})
	quick := kubetest.Image(t, "fails-quick:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	back := job("back", quick, "helm.sh/hook: pre-rollback")
	b.mustDeploy(b.request(service("1.0.0", jobs(map[string]string{"back": back})), nil))
	b.alone()
	up := job("migrate", slow, "helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: hook-failed")
	req := b.request(service("1.1.0", jobs(map[string]string{"back": back, "migrate": up})), nil)
	req.Timeout, req.RollbackTimeout = 4*time.Second, time.Minute
	out, err := b.deploy(t.Context(), req)
	if out.Status != event.RolledBack {
		t.Errorf("%+v %v", out, err)
	}
}

// A Job that is no hook is stopped too before it is made again: because its image changes, or because its release was
// uninstalled and is installed again.
func TestJobThatIsMadeAgainHasStopped(t *testing.T) {
	slow := kubetest.Image(t, "seed-slow:1", kubetest.Script{ExitAfter: time.Hour, StopAfter: 8 * time.Second})
	quick := kubetest.Image(t, "seed-quick:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	for name, between := range map[string]func(*harness){
		"recreated": func(*harness) {},
		"reinstalled": func(b *harness) {
			if _, err := b.engine.Uninstall(b.t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{}); err != nil {
				b.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(service("1.0.0", jobs(map[string]string{"seed": job("seed", slow, "")})), nil))
			b.runningPod()
			b.alone()
			between(b)
			req := b.request(service("1.1.0", jobs(map[string]string{"seed": job("seed", quick, "")})), nil)
			req.WaitForJobs = true
			b.mustDeploy(req)
			if name == "reinstalled" && !b.told("Pod/"+b.podName("seed"), "of an earlier Job/seed") {
				t.Errorf("the wait is not told: %+v", b.events)
			}
		})
	}
}

// podName is the object of the first event about a pod of the Job.
func (b *harness) podName(job string) string {
	for _, e := range b.events {
		if name, ok := strings.CutPrefix(e.Object, "Pod/"); ok && strings.HasPrefix(name, job+"-") {
			return name
		}
	}
	return fmt.Sprint("no pod of ", job)
}

func TestHooksRunAndAreDeleted(t *testing.T) {
	b := newHarness(t)
	ok := kubetest.Image(t, "hook-ok:1", kubetest.Script{ExitAfter: 20 * time.Millisecond, Log: []string{"migrated"}})
	extra := map[string]string{
		"templates/migrate.yaml": job("migrate", ok, `helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: hook-succeeded`),
		"templates/after.yaml":   job("after", ok, `helm.sh/hook: "post-install,post-upgrade"`),
	}
	for revision := 1; revision <= 2; revision++ {
		b.mustDeploy(b.request(service("1.0.0", extra), map[string]any{"greeting": strings.Repeat("x", revision)}))
		if b.exists("batch/v1", "Job", "migrate") {
			t.Errorf("revision %d: a hook with hook-succeeded is still there", revision)
		}
		if !b.exists("batch/v1", "Job", "after") {
			t.Errorf("revision %d: the hook without a policy is gone", revision)
		}
	}
	r, err := release.NewStorage(b.cluster, b.namespace, "").Get(t.Context(), "web", 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.Hooks {
		if h.LastRun.Phase != release.PhaseSucceeded || h.LastRun.CompletedAt.IsZero() {
			t.Errorf("hook %s: last run %+v", h.Name, h.LastRun)
		}
	}
}

func TestFailedHookStopsTheInstall(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "hook-bad:1", kubetest.Script{ExitAfter: 20 * time.Millisecond, ExitCode: 7, Log: []string{"column exists"}})
	extra := map[string]string{"templates/migrate.yaml": job("migrate", bad, `helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-failed`)}
	out, err := b.deploy(t.Context(), b.request(service("1.0.0", extra), nil))
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed {
		t.Fatalf("%T %v", err, err)
	}
	if !strings.Contains(failed.Cause, "Job/migrate") || !strings.Contains(out.Details, "column exists") {
		t.Errorf("%s\n%s", failed.Cause, out.Details)
	}
	if b.exists("batch/v1", "Job", "migrate") || b.exists("apps/v1", "Deployment", "web") {
		t.Error("something is left of the install")
	}
}
