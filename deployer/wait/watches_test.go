package wait

import (
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

// What only explains is asked for when a workload is silent, not while it rolls out in plain sight; in the end always.
func TestWhenAWaitAsksWhy(t *testing.T) {
	a := ToBeReady(objecttest.Parse(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3}}"), Create, true, readiness.Criteria{})
	w := alone(a)
	a.seenAt = w.began
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
		a.seenAt = w.began.Add(tt.heard)
		if got := w.needsDiagnosis(w.began.Add(tt.after)); got != tt.want {
			t.Errorf("%s after its begin, %s after its last notice: %t", tt.after, tt.after-tt.heard, got)
		}
	}
	a.take(notice{"objects", kube.Notice{Change: kube.Seen, Object: a.Object}})
	if time.Since(a.seenAt) > time.Minute {
		t.Error("a notice is not heard")
	}
	a.seenAt, a.status.State, a.readySince = w.began, readiness.Ready, w.began
	if w.needsDiagnosis(w.began.Add(3 * time.Second)) {
		t.Error("it asks why something ready is not")
	}
	w.Logs = NewLogs(nil, w.Span, nil)
	if !w.needsDiagnosis(w.began) {
		t.Error("logs are to be told, and nobody looks for the pods")
	}
}
