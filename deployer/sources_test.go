package deployer

import (
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
)

// What only explains is asked for when a workload is silent, not while it rolls
// out in plain sight; in the end always.
func TestWhenAWaitAsksWhy(t *testing.T) {
	a := toBeReady(obj(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3}}"), Create, true, readiness.Criteria{})
	w := alone(a)
	a.heard = w.began
	for _, tt := range []struct {
		after, heard time.Duration
		want         bool
	}{
		{time.Second, 0, false},
		{2 * time.Second, 0, true},
		{2 * time.Second, 500 * time.Millisecond, false},
		{9 * time.Second, 8 * time.Second, false},
		{10 * time.Second, 9900 * time.Millisecond, true},
	} {
		a.heard = w.began.Add(tt.heard)
		if got := w.puzzling(w.began.Add(tt.after)); got != tt.want {
			t.Errorf("%s after its begin, %s after its last notice: %t", tt.after, tt.after-tt.heard, got)
		}
	}
	a.take(notice{"objects", kube.Notice{Change: kube.Seen, Object: a.object}})
	if time.Since(a.heard) > time.Minute {
		t.Error("a notice is not heard")
	}
	a.heard, a.verdict.State, a.since = w.began, readiness.Ready, w.began
	if w.puzzling(w.began.Add(3 * time.Second)) {
		t.Error("it asks why something ready is not")
	}
	w.logs = newFollower(nil, w.span, nil)
	if !w.puzzling(w.began) {
		t.Error("logs are to be told, and nobody looks for the pods")
	}
}
