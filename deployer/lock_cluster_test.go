package deployer_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

// TestUnwrittenEndIsTakenOver lets a deploy fail and refuses the write that would say so: the pending revision stays,
// and with it the lock of a dead job, so that the next deploy need not wait for Helm.
func TestUnwrittenEndIsTakenOver(t *testing.T) {
	b := newHarness(t)
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

// lockOf writes a lock by hand.
func (b *harness) lockOf(spec map[string]any) {
	b.t.Helper()
	lease := map[string]any{
		"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": map[string]any{"name": "pintle-lock-web"}, "spec": spec,
	}
	if err := b.cluster.Do(b.t.Context(), http.MethodPost, "/apis/coordination.k8s.io/v1/namespaces/"+b.namespace+"/leases", lease, nil); err != nil {
		b.t.Fatal(err)
	}
}

// TestLockThatNobodyRenewsIsTaken: a lock is dead when it does not change, whatever its times say; also for a job that
// has less time to wait than it takes to know.
func TestLockThatNobodyRenewsIsTaken(t *testing.T) {
	const micro = "2006-01-02T15:04:05.000000Z07:00"
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(micro)
	for name, spec := range map[string]map[string]any{
		"renewed tomorrow": {"holderIdentity": "a ghost", "leaseDurationSeconds": 15, "acquireTime": tomorrow, "renewTime": tomorrow},
		"for 68 years":     {"holderIdentity": "a ghost", "leaseDurationSeconds": 1<<31 - 1, "renewTime": "2026-01-01T00:00:00.000000Z"},
		"without times":    {"holderIdentity": "a ghost"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.lockOf(spec)
			req := b.request(service("1.0.0", nil), nil)
			req.LockTimeout = time.Second
			b.mustDeploy(req)
		})
	}
}

// TestLockThatNobodyRenewsIsRecovered from, and a dry run says so.
func TestLockThatNobodyRenewsIsRecovered(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.lockOf(map[string]any{"holderIdentity": "a ghost", "renewTime": "2999-01-01T00:00:00.000000Z"})
	out, err := b.recover(deployer.RecoverRequest{DryRun: true})
	if err != nil || out.Message != "would take the lock over from a ghost" {
		t.Errorf("%v: %+v", err, out)
	}
	if out, err = b.recover(deployer.RecoverRequest{}); err != nil || !strings.Contains(out.Message, "took the lock over from a ghost") {
		t.Errorf("%v: %+v", err, out)
	}
}

// quota sets a quota on what the namespace may hold, and waits until it counts.
func (b *harness) quota(resource string, n int) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	hard := map[string]any{resource: strconv.Itoa(n)}
	quota := map[string]any{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": map[string]any{"name": "few"}, "spec": map[string]any{"hard": hard}}
	if err := b.cluster.Do(ctx, http.MethodPost, "/api/v1/namespaces/"+b.namespace+"/resourcequotas", quota, nil); err != nil {
		b.t.Fatal(err)
	}
	err := b.cluster.Watch(ctx, "v1", "ResourceQuota", kube.Selection{Namespace: b.namespace}, func(n kube.Notice) {
		if n.Object == nil {
			return
		}
		if _, counts, _ := unstructured.NestedString(n.Object.Object, "status", "used", resource); counts {
			cancel()
		}
	})
	if errors.Is(err, context.DeadlineExceeded) {
		b.t.Fatal("the quota is not counted")
	}
}

// TestQuotaIsNoMissingPermission: a quota on the lock or on the record ends a deploy before it has touched anything,
// and it says so.
func TestQuotaIsNoMissingPermission(t *testing.T) {
	for resource, says := range map[string]string{
		"count/leases.coordination.k8s.io": "nothing was touched: lock release web: ",
		"count/secrets":                    "no object was touched: record revision 1 of web: ",
	} {
		t.Run(resource, func(t *testing.T) {
			b := newHarness(t)
			b.quota(resource, 0)
			_, err := b.deploy(t.Context(), b.request(service("1.0.0", nil), nil))
			if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "exceeded quota: few") {
				t.Fatal(err)
			}
			if !deployer.Untouched(err) {
				t.Error("it counts as touched")
			}
			if b.warned("this account may not") {
				t.Error("it reads as a missing permission")
			}
			if b.exists("v1", "ConfigMap", "web") || b.exists("v1", "Service", "web") {
				t.Error("it was touched")
			}
		})
	}
}

// TestLockedReleaseUnderAQuota: the quota is used up by the very lock that a dead job has left.
func TestLockedReleaseUnderAQuota(t *testing.T) {
	b := newHarness(t)
	b.quota("count/leases.coordination.k8s.io", 1)
	b.lockOf(map[string]any{"holderIdentity": "a ghost", "leaseDurationSeconds": 15, "renewTime": "1970-01-01T00:00:00.000000Z"})
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
}

func TestTwoJobsAreSerialised(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	var jobs sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		jobs.Go(func() {
			engine := deployer.New(b.cluster, deployer.Options{Holder: "job " + string(rune('A'+i))})
			p, err := engine.Plan(t.Context(), b.request(service("1.1.0", nil), map[string]any{"greeting": strings.Repeat("x", i+1)}))
			if err == nil {
				_, err = engine.Apply(t.Context(), p, event.Span{})
			}
			errs[i] = err
		})
	}
	jobs.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("1 superseded, 2 superseded, 3 superseded, 4 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	if b.exists("coordination.k8s.io/v1", "Lease", "pintle-lock-web") {
		t.Error("the lock was not given back")
	}
}
