package deployer_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/test/peer"
)

// A revision that failed and alone names an object outlasts the limit of the history until the object is gone: the next
// attempt fails, too, before it prunes.
func TestLimitOfTheHistoryOrphansNothing(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "limit-bad:1", kubetest.Script{CrashAfter: time.Millisecond})
	extra := map[string]string{"templates/extra.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"}
	broken := map[string]string{"templates/hook.yaml": job("breaks", bad, "helm.sh/hook: pre-upgrade")}
	attempt := func(version string, files map[string]string, fails bool) {
		t.Helper()
		req := b.request(service(version, files), map[string]any{"greeting": version})
		req.OnFailure, req.Settle, req.HistoryLimit = deployer.Leave, 0, 2
		if version == "1.1.0" {
			req = b.request(service(version, files), map[string]any{"image": bad})
			req.OnFailure, req.Settle, req.HistoryLimit = deployer.Leave, 0, 2
		}
		if _, err := b.deploy(t.Context(), req); (err != nil) != fails {
			t.Fatalf("%s: %v", version, err)
		}
	}
	attempt("1.0.0", nil, false)
	attempt("1.1.0", extra, true)
	if !b.exists("v1", "ConfigMap", "extra") {
		t.Fatal("the failed revision left nothing to prune")
	}
	attempt("1.2.0", broken, true)
	if diff := cmp.Diff("1 deployed, 2 failed, 3 failed", b.history()); diff != "" {
		t.Error(diff)
	}
	attempt("1.3.0", nil, false)
	if b.exists("v1", "ConfigMap", "extra") {
		t.Error("what a failed revision made is orphaned")
	}
	attempt("1.4.0", nil, false)
	if diff := cmp.Diff("4 superseded, 5 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}

// What an upgrade and an uninstallation leave for its resource policy is what Helm 4 leaves, but for one that an
// upgrade reads more strictly.
func TestResourcePoliciesAreHelms(t *testing.T) {
	peer.Helm(t)
	policies := []string{"keep", " Keep ", "KEEP", "retain", "delete"}
	extra := map[string]string{"templates/deployment.yaml": ""}
	for i, p := range policies {
		extra[fmt.Sprintf("templates/p%d.yaml", i)] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p%d, annotations: {helm.sh/resource-policy: %q}}\n", i, p)
	}
	left := func(b *harness) string {
		var out []string
		for i, p := range policies {
			if b.exists("v1", "ConfigMap", fmt.Sprintf("p%d", i)) {
				out = append(out, fmt.Sprintf("%q", p))
			}
		}
		return strings.Join(out, " ")
	}
	c := service("1.0.0", extra)
	helm := newHarness(t)
	ours := helm.beside()
	helm.helm("install", "web", write(t, c))
	ours.mustDeploy(ours.request(c, nil))
	helm.helm("uninstall", "web", "--wait")
	if _, err := ours.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: ours.namespace}, event.Span{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(left(helm), left(ours)); diff != "" {
		t.Errorf("after an uninstallation: -Helm +we\n%s", diff)
	}
	helm.helm("install", "web", write(t, c))
	ours.mustDeploy(ours.request(c, nil))
	without := service("1.1.0", map[string]string{"templates/deployment.yaml": ""})
	helm.helm("upgrade", "web", write(t, without))
	ours.mustDeploy(ours.request(without, nil))
	if got := left(helm); got != `"keep"` {
		t.Errorf("helm's upgrade leaves %s: say so in docs/engineering/helm-differences.md", got)
	}
	if got := left(ours); got != `"keep" " Keep " "KEEP"` {
		t.Errorf("our upgrade leaves %s", got)
	}
}

// The objects of a wave are under way at once: each write waits for the others.
func TestAWaveIsConcurrent(t *testing.T) {
	const objects = 6
	b := newHarness(t)
	var under atomic.Int32
	all := make(chan struct{})
	b.cluster = kubetest.Connect(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") == "" && strings.Contains(r.URL.Path, "/configmaps/c") {
				if under.Add(1) == objects {
					close(all)
				}
				select {
				case <-all:
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			}
			return next.RoundTrip(r)
		})
	})
	b.engine = deployer.New(b.cluster, deployer.Options{Holder: "test"})
	files := map[string]string{"templates/deployment.yaml": ""}
	for i := range objects {
		files[fmt.Sprintf("templates/c%d.yaml", i)] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n", i)
	}
	b.mustDeploy(b.request(service("1.0.0", files), nil))
}

func TestPruneCountsFailedRevisions(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "never:1", kubetest.Script{CrashAfter: time.Millisecond})
	extra := map[string]string{"templates/extra.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"}
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	req := b.request(service("1.1.0", extra), map[string]any{"image": bad})
	req.OnFailure, req.Settle = deployer.Leave, 0
	if _, err := b.deploy(t.Context(), req); err == nil {
		t.Fatal("a crashing image deployed")
	}
	if !b.exists("v1", "ConfigMap", "extra") {
		t.Fatal("the failed revision left nothing to prune")
	}
	b.mustDeploy(b.request(service("1.2.0", nil), nil))
	if b.exists("v1", "ConfigMap", "extra") {
		t.Error("what a failed revision made is orphaned")
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}
