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
)

const hookPrefix = `  annotations: {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded"}` + "\n"

func listHook(exit string) string {
	return "apiVersion: v1\nkind: List\nmetadata:\n" + hookPrefix + `items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: settings}
- apiVersion: batch/v1
  kind: Job
  metadata: {name: migrate}
  spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: a, image: "` + exit + `"}]}}}
`
}

// TestHookOfAList: its items are made together, awaited together and deleted by its policies, also after a job that was
// killed; Helm does the same.
func TestHookOfAList(t *testing.T) {
	b := newHarness(t)
	done := kubetest.Image(t, "listdone:1", kubetest.Script{ExitAfter: time.Millisecond})
	c := service("1.0.0", map[string]string{"templates/hook.yaml": listHook(done)})
	p, err := b.engine.Plan(t.Context(), b.request(c, nil))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"pre-install ConfigMap/settings, Job/migrate"}, p.Hooks); d != "" {
		t.Error(d)
	}
	b.writes.take()
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if writes := strings.Join(b.writes.take(), "\n"); !strings.Contains(writes, "/configmaps/settings") || !strings.Contains(writes, "/jobs/migrate") {
		t.Errorf("the items were not made: %s", writes)
	}
	if b.exists("v1", "ConfigMap", "settings") || b.exists("batch/v1", "Job", "migrate") {
		t.Error("the items were not deleted")
	}
	bad := kubetest.Image(t, "listbad:1", kubetest.Script{CrashAfter: time.Millisecond})
	_, err = b.deploy(t.Context(), b.request(service("1.1.0", map[string]string{"templates/hook.yaml": listHook(bad)}), nil))
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !strings.Contains(failed.Cause, "Job/migrate") {
		t.Errorf("%v", err)
	}
}

// TestDeadHookOfAList: what a dead job's hook has made goes.
func TestDeadHookOfAList(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	never := kubetest.Image(t, "listnever:1", kubetest.Script{NeverReady: true})
	b.killed("nginx:1.27", listHook(never), func() { b.until("batch/v1", "Job", kube.Selection{Fields: "metadata.name=migrate"}) })
	out, err := b.recover(deployer.RecoverRequest{})
	if err != nil {
		t.Fatalf("%v: %+v", err, out)
	}
	if b.exists("v1", "ConfigMap", "settings") || b.exists("batch/v1", "Job", "migrate") {
		t.Error("the items were left")
	}
}

// TestHooksThatCannotBeMade are found by the plan.
func TestHooksThatCannotBeMade(t *testing.T) {
	b := newHarness(t)
	for name, tt := range map[string][2]string{
		"without a name":       {"apiVersion: v1\nkind: ConfigMap\nmetadata:\n" + hookPrefix, "ConfigMap has no metadata.name"},
		"with a generated one": {"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: x-\n" + hookPrefix, "ConfigMap has no metadata.name"},
		"a nameless item":      {"apiVersion: v1\nkind: List\nmetadata:\n" + hookPrefix + "items: [{apiVersion: v1, kind: ConfigMap}]\n", "item 1 of List lacks"},
		"a bad name":           {"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: My_App\n" + hookPrefix, "My_App"},
	} {
		_, err := b.engine.Plan(t.Context(), b.request(service("1.0.0", map[string]string{"templates/hook.yaml": tt[0]}), nil))
		if !deployer.Untouched(err) || !strings.Contains(err.Error(), tt[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
