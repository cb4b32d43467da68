package deployer_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// TestUnwrittenEndIsTakenOver lets a deploy fail and refuses the write that
// would say so: the pending revision stays, and with it the lock of a dead job,
// so that the next deploy need not wait for Helm.
func TestUnwrittenEndIsTakenOver(t *testing.T) {
	b := newBench(t)
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
	var refusing atomic.Bool
	c := kubetest.Connect(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if refusing.Load() && r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/secrets/sh.helm.release") {
				body := `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"no more"}`
				return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			}
			return next.RoundTrip(r)
		})
	})
	good := b.engine
	b.engine = deployer.New(c, deployer.Options{Holder: "unlucky"})
	refusing.Store(true)
	req := b.request(service("1.1.0", nil), map[string]any{"image": kubetest.Image(t, "unwritten:1", kubetest.Script{CrashAfter: 1})})
	req.OnFailure, req.Settle = deployer.Leave, 0
	if _, err := b.deploy(t.Context(), req); err == nil {
		t.Fatal("it did not fail")
	}
	if d := cmp.Diff("1 deployed, 2 pending-upgrade", b.history()); d != "" {
		t.Fatal(d)
	}
	b.engine = good
	b.mustDeploy(b.request(service("1.2.0", nil), map[string]any{"greeting": "three"}))
	if d := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); d != "" {
		t.Error(d)
	}
	if !b.warned("left pending-upgrade by unlucky") {
		t.Error("nobody was told")
	}
}
