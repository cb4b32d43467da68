package deployer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/test/peer"
)

// helm runs Helm v4 in the harness's namespace and returns what it printed.
func (b *harness) helm(arguments ...string) string {
	b.t.Helper()
	path := peer.Helm(b.t)
	kubeconfig, _ := kubetest.Cluster(b.t)
	cmd := exec.CommandContext(b.t.Context(), path, append(arguments, "-n", b.namespace, "--kubeconfig", kubeconfig)...)
	home := b.t.TempDir()
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			b.t.Fatalf("helm %s: %v\n%s%s", strings.Join(arguments, " "), err, out, exit.Stderr)
		}
		b.t.Fatal(err)
	}
	return string(out)
}

// write puts a chart into a folder, for Helm.
func write(t testing.TB, c *chart.Chart) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	meta, err := json.Marshal(c.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	values, err := json.Marshal(c.Values)
	if err != nil {
		t.Fatal(err)
	}
	put("Chart.yaml", meta)
	put("values.yaml", values)
	for _, f := range c.Templates {
		put(f.Name, f.Data)
	}
	return dir
}

type helmRevision struct {
	Revision    int    `json:"revision"`
	Status      string `json:"status"`
	Chart       string `json:"chart"`
	AppVersion  string `json:"app_version"`
	Description string `json:"description"`
}

func (b *harness) helmHistory() []helmRevision {
	b.t.Helper()
	var out []helmRevision
	if err := json.Unmarshal([]byte(b.helm("history", "web", "-o", "json")), &out); err != nil {
		b.t.Fatal(err)
	}
	return out
}

func TestHelmReadsOurReleasesAndRollsThemBack(t *testing.T) {
	peer.Helm(t)
	b := newHarness(t)
	hook := map[string]string{"templates/hook.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hooked, annotations: {helm.sh/hook: pre-upgrade}}\n"}
	b.mustDeploy(b.request(service("1.0.0", hook), map[string]any{"greeting": "one"}))
	b.mustDeploy(b.request(service("1.1.0", hook), map[string]any{"greeting": "two"}))
	want := []helmRevision{
		{1, "superseded", "service-1.0.0", "1.0.0", "Install complete"},
		{2, "deployed", "service-1.1.0", "1.1.0", "Upgrade complete"},
	}
	if diff := cmp.Diff(want, b.helmHistory()); diff != "" {
		t.Error(diff)
	}
	if list := b.helm("list", "-q"); strings.TrimSpace(list) != "web" {
		t.Errorf("helm list: %q", list)
	}
	if got := b.helm("get", "values", "web", "-o", "json"); strings.TrimSpace(got) != `{"greeting":"two"}` {
		t.Errorf("helm get values: %s", got)
	}
	p, err := b.engine.Plan(t.Context(), b.request(service("1.1.0", hook), map[string]any{"greeting": "two"}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(p.Manifest()), strings.TrimSpace(b.helm("get", "manifest", "web"))); diff != "" {
		t.Errorf("helm get manifest:\n%s", diff)
	}
	if got := b.helm("template", "web", write(t, service("1.1.0", hook)), "--no-hooks", "--set", "greeting=two"); strings.TrimSpace(got) != strings.TrimSpace(p.Manifest()) {
		t.Errorf("helm template and our record differ:\n%s", cmp.Diff(got, p.Manifest()))
	}

	b.helm("rollback", "web", "1", "--wait")
	if got := b.greeting(); got != "one" {
		t.Errorf("after Helm's rollback: %q", got)
	}
	if diff := cmp.Diff("1 superseded, 2 superseded, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	b.mustDeploy(b.request(service("1.2.0", hook), map[string]any{"greeting": "three"}))
	b.helm("upgrade", "web", write(t, service("1.3.0", hook)), "--set", "greeting=four", "--wait")
	if diff := cmp.Diff("1 superseded, 2 superseded, 3 superseded, 4 superseded, 5 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	b.helm("uninstall", "web", "--wait")
	if b.exists("v1", "ConfigMap", "web") || b.history() != "" {
		t.Error("helm uninstall left something of ours")
	}
}

func TestWeGoOnWithHelmsRelease(t *testing.T) {
	peer.Helm(t)
	for _, mode := range []string{"true", "false"} { // server-side apply, and client-side as Helm 3
		t.Run("server-side="+mode, func(t *testing.T) {
			b := newHarness(t)
			gone := map[string]string{"templates/gone.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n"}
			c := service("1.0.0", gone)
			c.Templates[0].Data = []byte(strings.Replace(string(c.Templates[0].Data), "\ndata: {", "\ndata: {old: field, ", 1))
			b.helm("install", "web", write(t, c), "--wait", "--server-side="+mode)
			before := fmt.Sprint(b.config())
			if !strings.Contains(before, "old") {
				t.Fatalf("the fixture lacks the field that goes: %s", before)
			}
			out := b.mustDeploy(b.request(service("1.1.0", nil), map[string]any{"greeting": "ours"}))
			if out.Revision != 2 || out.PreviousRevision != 1 {
				t.Errorf("%+v", out)
			}
			if diff := cmp.Diff(map[string]any{"greeting": "ours"}, b.config()); diff != "" {
				t.Errorf("a field that left the chart:\n%s", diff)
			}
			if b.exists("v1", "ConfigMap", "gone") {
				t.Error("an object of Helm's revision is orphaned")
			}
			if out, err := b.engine.Rollback(t.Context(), b.request(nil, nil), 1, event.Span{}); err != nil || out.Revision != 3 {
				t.Fatalf("%+v %v", out, err)
			}
			if !b.exists("v1", "ConfigMap", "gone") || b.greeting() != "hello" {
				t.Error("the rollback to Helm's revision is not whole")
			}
			want := []helmRevision{
				{1, "superseded", "service-1.0.0", "1.0.0", "Install complete"},
				{2, "superseded", "service-1.1.0", "1.1.0", "Upgrade complete"},
				{3, "deployed", "service-1.0.0", "1.0.0", "Rollback to 1"},
			}
			if diff := cmp.Diff(want, b.helmHistory()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What Helm wrote client-side and the chart no longer has must go, also where nothing else about the object changes,
// and where it would be invalid beside what comes in its place.
func TestWhatLeavesAClientSideHelmReleaseGoes(t *testing.T) {
	peer.Helm(t)
	b := newHarness(t)
	c := service("1.0.0", nil)
	for i, f := range c.Templates {
		text := strings.Replace(string(f.Data), "data: {greeting", "data: {old: field, greeting", 1)
		c.Templates[i].Data = []byte(strings.Replace(text, "ports: [{port: 80}]", "ports: [{name: http, port: 80}]", 1))
	}
	b.helm("install", "web", write(t, c), "--wait", "--server-side=false")
	if b.config()["old"] == nil {
		t.Fatal("the fixture lacks the field that goes")
	}
	moved := map[string]string{"templates/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 8080}]\n"}
	b.mustDeploy(b.request(service("1.1.0", moved), nil))
	if diff := cmp.Diff(map[string]any{"greeting": "hello"}, b.config()); diff != "" {
		t.Error(diff)
	}
	live, err := b.cluster.Get(t.Context(), kube.Ref{APIVersion: "v1", Kind: "Service", Namespace: b.namespace, Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	ports, _, _ := unstructured.NestedSlice(live.Object, "spec", "ports")
	if len(ports) != 1 {
		t.Errorf("the service has the ports %v", ports)
	}
	b.helm("upgrade", "web", write(t, service("1.2.0", nil)), "--set", "greeting=four", "--wait", "--server-side=true")
}

func (b *harness) config() map[string]any {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: b.namespace, Name: "web"})
	if err != nil {
		b.t.Fatal(err)
	}
	data, _ := o.Object["data"].(map[string]any)
	return data
}

func (b *harness) greeting() string {
	s, _ := b.config()["greeting"].(string)
	return s
}
