package deployer_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// tripwire calls trip once: before the first write of an object or record goes
// out, or when the first watch is open.
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

// TestAPIServerRestart upgrades through a real API server that is killed, or told
// to end, when the first object is written or awaited, and is there again some
// seconds later: a whole kube-apiserver on the same etcd.
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
