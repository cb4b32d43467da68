package deployer_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/pipeline/event"
)

func (b *bench) times() map[string][]float64 {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: b.namespace, Name: "pintle-times-web"})
	if kube.Is(err, kube.NotFound) {
		return nil
	}
	if err != nil {
		b.t.Fatal(err)
	}
	var times map[string][]float64
	data := o.Object["data"].(map[string]any)
	if err := json.Unmarshal([]byte(data["times.json"].(string)), &times); err != nil {
		b.t.Fatal(err)
	}
	return times
}

func (b *bench) warned(text string) bool {
	return slices.ContainsFunc(b.events, func(e event.Event) bool {
		return e.Kind == event.Warning && strings.Contains(e.Message, text)
	})
}

// Times are kept of what a deploy changed; one that changes nothing writes
// nothing; uninstalling takes them away.
func TestTimesToReadyAreKept(t *testing.T) {
	b := newBench(t)
	req := func(version, greeting string, replicas int) deployer.Request {
		r := b.request(service(version, nil), map[string]any{"greeting": greeting, "replicas": replicas})
		r.Baseline = true
		return r
	}
	b.mustDeploy(req("1.0.0", "a", 1))
	if got := b.times(); len(got) != 1 || len(got["Deployment/web"]) != 1 {
		t.Errorf("%v", got)
	}
	b.writes.take()
	b.mustDeploy(req("1.0.0", "a", 1))
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("nothing changed, yet it wrote %v", got)
	}
	b.mustDeploy(req("1.1.0", "b", 1)) // the ConfigMap alone
	if got := b.times(); len(got["Deployment/web"]) != 1 {
		t.Errorf("%v", got)
	}
	b.mustDeploy(req("1.2.0", "b", 2))
	if got := b.times(); len(got["Deployment/web"]) != 2 {
		t.Errorf("%v", got)
	}
	if _, err := b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{}); err != nil {
		t.Fatal(err)
	}
	if got := b.times(); got != nil {
		t.Errorf("left after the uninstallation: %v", got)
	}
}

func TestSlowRolloutIsAWarning(t *testing.T) {
	b := newBench(t)
	good := b.request(service("1.0.0", nil), nil)
	good.Baseline = true
	for _, replicas := range []int{1, 2, 1} {
		good = b.request(service("1.0.0", nil), map[string]any{"replicas": replicas})
		good.Baseline = true
		b.mustDeploy(good)
	}
	if b.warned("to become ready") {
		t.Error("warned without a reason")
	}
	slow := b.request(service("1.1.0", nil), map[string]any{"image": kubetest.Image(t, "slow:1", kubetest.Script{ReadyAfter: 10500 * time.Millisecond})})
	slow.Baseline = true
	b.mustDeploy(slow)
	if !b.warned("Deployment/web took 1") {
		t.Errorf("no warning; times %v", b.times())
	}
}
