package deployer_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

// faults breaks one request in six: refused, lost on the way there, or lost on the way back, when the server has
// already acted. Between from and until, everything is refused, as by a server that restarts.
type faults struct {
	next        http.RoundTripper
	mu          sync.Mutex
	random      *rand.Rand
	from, until time.Time
	broken      int
}

func (f *faults) draw() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.After(f.from) && now.Before(f.until) {
		return 1
	}
	n := f.random.IntN(24)
	if n < 4 {
		f.broken++
	}
	return n
}

func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := func(code int, header string) (*http.Response, error) {
		h := http.Header{}
		if header != "" {
			h.Set("Retry-After", header)
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}
	switch f.draw() {
	case 0:
		return answer(http.StatusTooManyRequests, "0")
	case 1:
		return nil, io.ErrUnexpectedEOF
	case 2:
		return answer(http.StatusServiceUnavailable, "")
	case 3:
		resp, err := f.next.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, errors.Join(io.ErrUnexpectedEOF, err)
	}
	return f.next.RoundTrip(r)
}

// TestFaultsDoNotShow deploys, upgrades, fails and rolls back over a connection that keeps breaking, and expects what a
// good connection would have given.
func TestFaultsDoNotShow(t *testing.T) {
	b := newHarness(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	f := &faults{random: rand.New(rand.NewPCG(seed, 1))}
	b.cluster = kubetest.Connect(t, func(next http.RoundTripper) http.RoundTripper { f.next = next; return f })
	b.engine = deployer.New(b.cluster, deployer.Options{Holder: "unlucky"})
	extra := map[string]string{"templates/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"}
	bad := kubetest.Image(t, "crash:1", kubetest.Script{CrashAfter: time.Millisecond})

	b.mustDeploy(b.request(service("1.0.0", extra), nil))
	b.mustDeploy(b.request(service("1.1.0", nil), map[string]any{"greeting": "two"}))
	req := b.request(service("1.2.0", extra), map[string]any{"image": bad})
	req.Settle = 0
	p, err := b.engine.Plan(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.from = time.Now().Add(500 * time.Millisecond)
	f.until = f.from.Add(2 * time.Second) // the server is away in the middle of it
	f.mu.Unlock()
	_, err = b.apply(t.Context(), p)
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !failed.RolledBack {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff("1 superseded, 2 superseded, 3 failed, 4 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	if b.exists("v1", "ConfigMap", "more") || b.greeting() != "two" {
		t.Error("the state before is not back")
	}
	if out, err := b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{}); err != nil {
		t.Errorf("%+v %v", out, err)
	}
	if b.exists("apps/v1", "Deployment", "web") || b.exists("coordination.k8s.io/v1", "Lease", "pintle-lock-web") || b.history() != "" {
		t.Error("something is left")
	}
	if f.broken == 0 {
		t.Error("nothing broke: the test shows nothing")
	}
	t.Logf("%d requests broken", f.broken)
}

// TestRecordThatCannotBeWrittenIsAnError refuses the write that would mark the revision deployed.
func TestRecordThatCannotBeWrittenIsAnError(t *testing.T) {
	b := newHarness(t)
	b.cluster = kubetest.Connect(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/secrets/sh.helm.release") {
				body := `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"no more secrets"}`
				return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			}
			return next.RoundTrip(r)
		})
	})
	b.engine = deployer.New(b.cluster, deployer.Options{})
	_, err := b.deploy(t.Context(), b.request(service("1.0.0", nil), nil))
	if !kube.Is(err, kube.Forbidden) || !strings.Contains(err.Error(), "revision 1 of web") {
		t.Errorf("%v", err)
	}
}

// tripwire calls trip once: before the first write of an object or record goes out, or when the first watch is open.
type tripwire struct {
	next    http.RoundTripper
	onWatch bool
	once    sync.Once
	trip    func()
}

func (w *tripwire) RoundTrip(r *http.Request) (*http.Response, error) {
	if !w.onWatch && writing(r) {
		w.once.Do(w.trip)
	}
	resp, err := w.next.RoundTrip(r)
	if w.onWatch && watches(r) {
		w.once.Do(w.trip)
	}
	return resp, err
}

// TestAPIServerRestart upgrades through a real API server that is killed, or told to end, when the first object is
// written or awaited, and is there again some seconds later: a whole kube-apiserver on the same etcd.
func TestAPIServerRestart(t *testing.T) {
	kubetest.Cluster(t)
	for name, c := range map[string]struct {
		signal  syscall.Signal
		onWatch bool
		script  kubetest.Script
		end     string
	}{
		"terminated before a write": {syscall.SIGTERM, false, kubetest.Script{ReadyAfter: 2 * time.Second}, "deployed"},
		"killed in the watch":       {syscall.SIGKILL, true, kubetest.Script{CrashAfter: time.Millisecond}, "rolled back"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
			server := kubetest.NewAPIServer(t)
			var down sync.WaitGroup
			defer down.Wait()
			wire := &tripwire{onWatch: c.onWatch, trip: func() {
				server.End(c.signal)
				down.Go(func() {
					select {
					case <-t.Context().Done():
					case <-time.After(4 * time.Second):
						server.Start()
					}
				})
			}}
			client, err := kube.Connect(kube.Config{
				Kubeconfig: server.Kubeconfig, Namespace: b.namespace,
				Wrap: func(next http.RoundTripper) http.RoundTripper { wire.next = next; return wire },
			})
			if err != nil {
				t.Fatal(err)
			}
			b.engine = deployer.New(client, deployer.Options{Holder: "unlucky"})
			req := b.request(service("1.1.0", nil), map[string]any{"greeting": "two", "image": kubetest.Image(t, "restart-"+strings.ReplaceAll(name, " ", "-")+":2", c.script)})
			req.Timeout, req.Settle = 4*time.Minute, 0
			p, err := b.engine.Plan(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			r := b.applyReported(p)
			if failed, ok := errors.AsType[*deployer.FailedError](r.err); r.err != nil && (!ok || !failed.RolledBack) {
				t.Errorf("%+v: %v", r.outcome, r.err)
			}
			b.endedAs(c.end, r.outcome)
			b.tell(r, c.end, "connection refused")
		})
	}
}
