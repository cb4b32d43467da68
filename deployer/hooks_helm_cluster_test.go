package deployer_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/test/peer"
)

// tryHelm runs Helm and reports whether it succeeded.
func (b *harness) tryHelm(arguments ...string) bool {
	b.t.Helper()
	kubeconfig, _ := kubetest.Cluster(b.t)
	cmd := exec.CommandContext(b.t.Context(), peer.Helm(b.t), append(arguments, "-n", b.namespace, "--kubeconfig", kubeconfig)...)
	home := b.t.TempDir()
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Logf("helm %s: %v\n%s", arguments[0], err, out)
	}
	return err == nil
}

// beside is a harness of the same test in a namespace of its own.
func (b *harness) beside() *harness {
	b.t.Helper()
	return &harness{t: b.t, cluster: b.cluster, engine: b.engine, namespace: kubetest.Namespace(b.t), writes: b.writes}
}

// hookState is what is left of a release's hooks: in which order they ran last, how they ended, with which policies,
// and which of their objects are there.
func (b *harness) hookState() string {
	b.t.Helper()
	h, err := release.NewStorage(b.cluster, b.namespace, "").History(b.t.Context(), "web")
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	if last := h.Last(); last != nil {
		hooks := slices.Clone(last.Hooks)
		slices.SortStableFunc(hooks, func(a, b *release.Hook) int { return a.LastRun.StartedAt.Compare(b.LastRun.StartedAt.Time) })
		for _, h := range hooks {
			out = append(out, fmt.Sprintf("%s/%s weight %d %v %s", h.Kind, h.Name, h.Weight, h.DeletePolicies, h.LastRun.Phase))
		}
		out = append(out, "release "+string(last.Status()))
	}
	for _, of := range [][2]string{{"batch/v1", "Job"}, {"v1", "ConfigMap"}, {"v1", "Pod"}} {
		objects, _, err := b.cluster.List(b.t.Context(), of[0], of[1], kube.Selection{Namespace: b.namespace})
		if err != nil {
			b.t.Fatal(err)
		}
		for _, o := range objects {
			if o.GetDeletionTimestamp() == nil && len(o.GetOwnerReferences()) == 0 && o.GetName() != "kube-root-ca.crt" {
				out = append(out, "there is "+of[1]+"/"+o.GetName())
			}
		}
	}
	return strings.Join(out, "\n")
}

// Hooks end as Helm 4 leaves them: order, phases, policies and objects, over an install and an upgrade.
func TestHooksAreHelms(t *testing.T) {
	peer.Helm(t)
	ok := kubetest.Image(t, "hooks-ok:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	bad := kubetest.Image(t, "hooks-bad:1", kubetest.Script{ExitAfter: 10 * time.Millisecond, ExitCode: 3})
	const both = `helm.sh/hook: "pre-install,pre-upgrade"`
	weighed := func(weight, more string) string { return both + `, helm.sh/hook-weight: "` + weight + `"` + more }
	policy := func(p string) string { return both + `, helm.sh/hook-delete-policy: "` + p + `"` }
	config := func(name, annotations string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", annotations: {" + annotations + "}}\ndata: {a: b}\n"
	}
	for name, hooks := range map[string][]string{
		"weights": {job("d", ok, weighed("1", "")), job("c", ok, weighed("1", "")), job("b", ok, weighed("-2", "")), job("a", ok, weighed("much", "")), config("z", weighed("1", "")), config("a", both)},
		"policies": {
			job("kept", ok, both), job("gone", ok, policy("hook-succeeded")), job("before", ok, policy("before-hook-creation")),
			job("failed-only", ok, policy("hook-failed,before-hook-creation")), config("settings", policy("hook-succeeded")), config("stays", policy("hook-failed")),
		},
		"several events": {
			job("around", ok, `helm.sh/hook: "pre-install,post-install,pre-upgrade,post-upgrade", helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"`),
			job("around-kept", ok, `helm.sh/hook: "pre-install, POST-INSTALL", helm.sh/hook-weight: "3"`),
		},
		"failure": {
			job("a-first", ok, policy("hook-succeeded")), job("b-stays", ok, both), job("c-breaks", bad, policy("hook-failed")), job("d-never", ok, both),
		},
		"failure kept": {job("a-first", ok, policy("hook-failed")), job("b-breaks", bad, policy("hook-succeeded,before-hook-creation"))},
		"unknown kind": {job("a-first", ok, both), "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: b, annotations: {" + both + "}}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			extra := map[string]string{"templates/deployment.yaml": "", "templates/service.yaml": ""}
			for i, h := range hooks {
				extra[fmt.Sprintf("templates/hook-%d.yaml", i)] = h
			}
			c := service("1.0.0", extra)
			helm := newHarness(t)
			ours := helm.beside()
			dir := write(t, c)
			for round, greeting := range []string{"a", "b"} {
				theirs := helm.tryHelm("upgrade", "--install", "web", dir, "--set", "greeting="+greeting, "--timeout", "10s")
				req := ours.request(c, map[string]any{"greeting": greeting})
				req.OnFailedInstall, req.OnFailure, req.NoWait = deployer.Leave, deployer.Leave, true
				p, err := ours.engine.Plan(t.Context(), req)
				if err == nil {
					_, err = ours.engine.Apply(t.Context(), p, event.Span{})
				}
				if (err == nil) != theirs {
					t.Errorf("round %d: Helm succeeds: %t, we: %v", round, theirs, err)
				}
				if diff := cmp.Diff(helm.hookState(), ours.hookState()); diff != "" {
					t.Errorf("round %d: -Helm +we\n%s", round, diff)
				}
			}
		})
	}
}

// An earlier run that was killed leaves its hook; the next one is not stopped by it, and says what it replaced.
func TestLeftHooksAreReplaced(t *testing.T) {
	b := newHarness(t)
	ok := kubetest.Image(t, "left-ok:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	migrate := job("migrate", ok, `helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: hook-succeeded`)
	b.put(migrate)
	b.mustDeploy(b.request(service("1.0.0", map[string]string{"templates/migrate.yaml": migrate}), nil))
	if !slices.ContainsFunc(b.events, func(e event.Event) bool {
		return e.Kind == event.Output && e.Object == "Job/migrate" && strings.HasPrefix(e.Message, "replaced: an earlier run left it, it had")
	}) {
		t.Errorf("it is not told: %+v", b.events)
	}
}

func TestWhatIsNoHookIsNotReplaced(t *testing.T) {
	b := newHarness(t)
	ok := kubetest.Image(t, "foreign-ok:1", kubetest.Script{})
	b.put(job("migrate", ok, ""))
	migrate := job("migrate", ok, `helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: hook-succeeded`)
	_, err := b.engine.Plan(b.t.Context(), b.request(service("1.0.0", map[string]string{"templates/migrate.yaml": migrate}), nil))
	if err == nil || !strings.Contains(err.Error(), "Job/migrate in "+b.namespace+": it exists and is no hook") {
		t.Errorf("%v", err)
	}
	if !b.exists("batch/v1", "Job", "migrate") {
		t.Error("somebody else's Job was deleted")
	}
}

// put applies an object as somebody else would.
func (b *harness) put(text string) {
	b.t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		b.t.Fatal(err)
	}
	o.SetNamespace(b.namespace)
	if _, err := b.cluster.Apply(b.t.Context(), o, kube.ApplyOptions{Manager: "kubectl"}); err != nil {
		b.t.Fatal(err)
	}
}
