package deployer_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// hooked is a chart of a ConfigMap, and of one more for each operation as its hook, which tells if it was rendered for
// an install.
func hooked() *chart.Chart {
	files := map[string]string{"templates/deployment.yaml": "", "templates/service.yaml": ""}
	for _, operation := range []string{"install", "upgrade", "rollback", "delete"} {
		files["templates/"+operation+".yaml"] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: on-%s, annotations: {helm.sh/hook: pre-%[1]s}}\n"+
			"data: {install: \"{{ .Release.IsInstall }}\"}\n", operation)
	}
	return service("1.0.0", files)
}

// ran are the operations whose hooks have run since the last call, with what was rendered: "upgrade false".
func (b *harness) ran() string {
	b.t.Helper()
	objects, _, err := b.cluster.List(b.t.Context(), "v1", "ConfigMap", kube.Selection{Namespace: b.namespace})
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, o := range objects {
		if operation, ok := strings.CutPrefix(o.GetName(), "on-"); ok {
			out = append(out, fmt.Sprint(operation, " ", o.Object["data"].(map[string]any)["install"]))
			b.remove("v1", "ConfigMap", o.GetName())
		}
	}
	return strings.Join(out, ", ")
}

// restate gives the only revision another status, as an operation that did not end leaves it.
func (b *harness) restate(s release.Status) {
	b.t.Helper()
	storage := release.NewStorage(b.cluster, b.namespace, "")
	r, err := storage.Get(b.t.Context(), "web", 1)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Info.Status, r.Info.LastDeployed = s, release.Time{Time: time.Now().Add(-time.Hour)}
	if err := storage.Update(b.t.Context(), r); err != nil {
		b.t.Fatal(err)
	}
}

// operate runs one operation on the release and returns the hooks that it ran, or the error.
func (b *harness) operate(operation string) string {
	b.t.Helper()
	req := b.request(hooked(), nil)
	req.Revise = true
	var err error
	switch operation {
	case "uninstall":
		_, err = b.engine.Uninstall(b.t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{})
	case "rollback":
		_, err = b.rollback(1)
	default:
		req.Operation = map[string]plan.Operation{"install": plan.Install, "replace": plan.Install, "upgrade": plan.Upgrade}[operation]
		req.Replace = operation == "replace"
		var p *deployer.Prepared
		if p, err = b.engine.Plan(b.t.Context(), req); err == nil {
			_, err = b.apply(b.t.Context(), p)
		}
	}
	if err != nil {
		return err.Error()
	}
	return b.ran()
}

// What each operation does to a release whose newest record has each status: the hooks that run, or the reason why none
// does. "deploy" is `upgrade --install`, and what a pipeline does.
func TestOperationsByTheLastStatus(t *testing.T) {
	const (
		install, upgrade, rollback, remove = "install true", "upgrade false", "rollback true", "delete true"
		used                               = "the name is in use: revision 1 is "
	)
	for status, want := range map[release.Status]map[string]string{
		release.Unknown:         {"install": used, "replace": install, "upgrade": install, "deploy": install, "rollback": rollback, "uninstall": remove},
		release.Deployed:        {"install": used, "replace": used, "upgrade": upgrade, "deploy": upgrade, "rollback": rollback, "uninstall": remove},
		release.Superseded:      {"install": used, "replace": used, "upgrade": upgrade, "deploy": upgrade, "rollback": rollback, "uninstall": remove},
		release.Failed:          {"install": "pass --replace", "replace": install, "upgrade": install, "deploy": install, "rollback": rollback, "uninstall": remove},
		release.Uninstalled:     {"install": "pass --replace", "replace": install, "upgrade": "is not deployed", "deploy": install, "rollback": rollback, "uninstall": ""},
		release.Uninstalling:    {"install": "uninstall it again", "replace": "uninstall it again", "upgrade": upgrade, "deploy": upgrade, "rollback": rollback, "uninstall": remove},
		release.PendingInstall:  {"install": used, "replace": install, "upgrade": install, "deploy": install, "rollback": rollback, "uninstall": remove},
		release.PendingUpgrade:  {"install": used, "replace": install, "upgrade": install, "deploy": install, "rollback": rollback, "uninstall": remove},
		release.PendingRollback: {"install": used, "replace": install, "upgrade": install, "deploy": install, "rollback": rollback, "uninstall": remove},
	} {
		for _, operation := range slices.Sorted(maps.Keys(want)) {
			t.Run(string(status)+"/"+operation, func(t *testing.T) {
				b := newHarness(t)
				b.mustDeploy(b.request(hooked(), nil))
				b.ran()
				b.restate(status)
				got := b.operate(operation)
				if expected := want[operation]; got != expected && (expected == "" || !strings.Contains(got, expected)) {
					t.Errorf("%s, want %s", got, expected)
				}
			})
		}
	}
}

// An uninstallation whose hook fails leaves the release alive, and half taken away still in part: the next deploy is an
// upgrade. When nothing is left but the record, it is an install.
func TestDeployAfterAFailedUninstallation(t *testing.T) {
	bad := kubetest.Image(t, "delete-bad:1", kubetest.Script{CrashAfter: time.Millisecond})
	hook := "apiVersion: v1\nkind: Pod\nmetadata: {name: bye, annotations: {helm.sh/hook: pre-delete}}\nspec: {restartPolicy: Never, containers: [{name: main, image: \"" + bad + "\"}]}\n"
	failing := hooked()
	failing.Templates = append(failing.Templates, &chart.File{Name: "templates/bye.yaml", Data: []byte(hook)},
		&chart.File{Name: "templates/kept.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}\n")},
		&chart.File{Name: "templates/more.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n")})
	for name, tt := range map[string]struct {
		gone []string
		want string
	}{
		"nothing is deleted":    {nil, "upgrade false"},
		"a part is deleted":     {[]string{"web"}, "upgrade false"},
		"everything is deleted": {[]string{"web", "more"}, "install true"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(failing, nil))
			if out, err := b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{}); err == nil {
				t.Fatalf("the uninstallation did not fail: %+v", out)
			}
			for _, gone := range tt.gone {
				b.remove("v1", "ConfigMap", gone)
			}
			b.ran()
			b.mustDeploy(b.request(failing, nil))
			if got := b.ran(); got != tt.want {
				t.Errorf("hooks: %s, want %s", got, tt.want)
			}
			if got := b.history(); got != "1 superseded, 2 deployed" {
				t.Errorf("history: %s", got)
			}
		})
	}
}

// A failed upgrade of a release that was to be uninstalled takes nothing away: what it changed was there before.
func TestFailedUpgradeAfterAFailedUninstallationIsLeft(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "after-bad:1", kubetest.Script{CrashAfter: time.Millisecond})
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.restate(release.Uninstalling)
	req := b.request(service("1.1.0", nil), map[string]any{"image": bad})
	req.Settle = 0
	_, err := b.deploy(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), "it was left as it is") {
		t.Errorf("%v", err)
	}
	if got := b.history(); got != "1 uninstalling, 2 failed" {
		t.Errorf("history: %s", got)
	}
}

// TestPendingRevisionOfHelm leaves what a killed Helm leaves: a pending record and no lock.
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
