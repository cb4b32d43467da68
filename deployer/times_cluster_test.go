package deployer_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// times are those that the newest record carries.
func (b *harness) times() map[string][]float64 {
	b.t.Helper()
	h, err := release.NewStorage(b.cluster, b.namespace, "").History(b.t.Context(), "web")
	if err != nil {
		b.t.Fatal(err)
	}
	var times map[string][]float64
	if last := h.Last(); last != nil && last.Annotations["pintle.dev/times"] != "" {
		if err := json.Unmarshal([]byte(last.Annotations["pintle.dev/times"]), &times); err != nil {
			b.t.Fatal(err)
		}
	}
	return times
}

func (b *harness) warned(text string) bool {
	return slices.ContainsFunc(b.events, func(e event.Event) bool {
		return e.Kind == event.Warning && strings.Contains(e.Message, text)
	})
}

// Times are kept of what a deploy changed, also over a rollback and what Helm writes; one that changes nothing writes
// nothing.
func TestTimesToReadyAreKeptByHelm(t *testing.T) {
	b := newHarness(t)
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
	b.helm("rollback", "web", "2", "--wait")
	if got := b.times(); got != nil {
		t.Errorf("Helm's record has times: %v", got)
	}
	b.mustDeploy(req("1.3.0", "b", 1))
	if got := b.times(); len(got["Deployment/web"]) != 1 { // the other went when Helm superseded its record
		t.Errorf("after what Helm did: %v", got)
	}
	b.mustDeploy(req("1.4.0", "b", 2))
	if got := b.times(); len(got["Deployment/web"]) != 2 {
		t.Errorf("%v", got)
	}
}

func TestSlowRolloutIsAWarning(t *testing.T) {
	b := newHarness(t)
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
