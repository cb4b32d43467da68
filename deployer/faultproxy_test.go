package deployer_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// fault answers a request in the API server's place, or lets it pass and spoils
// the answer; n counts the requests from 1.
type fault func(n int64, next http.Handler, w http.ResponseWriter, r *http.Request)

// refuse answers as an API server that cannot.
func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":"by the fault proxy"}`, code, reason)
}

func watches(r *http.Request) bool { return r.URL.Query().Get("watch") == "true" }

// between is the fault for all requests in a span of time from the first on.
func between(span time.Duration, f fault) fault {
	var once sync.Once
	var until time.Time
	return func(n int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
		once.Do(func() { until = time.Now().Add(span) })
		if time.Now().Before(until) {
			f(n, next, w, r)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// every is the fault for one request in k, watches not counted.
func every(k int64, f fault) fault {
	return func(n int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
		if n%k == 0 && !watches(r) {
			f(n, next, w, r)
			return
		}
		next.ServeHTTP(w, r)
	}
}

func faultTable() map[string]fault {
	var silent atomic.Bool // the one watch has gone silent
	answer := func(code int, reason string) fault {
		return func(_ int64, _ http.Handler, w http.ResponseWriter, _ *http.Request) { refuse(w, code, reason) }
	}
	return map[string]fault{
		"latency of 200 ms": func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(200 * time.Millisecond):
				next.ServeHTTP(w, r)
			}
		},
		"dropped in mid-response": every(4, func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			whole := httptest.NewRecorder()
			next.ServeHTTP(whole, r)
			maps.Copy(w.Header(), whole.Header())
			w.WriteHeader(whole.Code)
			_, _ = io.CopyN(w, whole.Body, int64(whole.Body.Len()/2))
			panic(http.ErrAbortHandler)
		}),
		"GOAWAY": every(5, func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close") // which HTTP/2 says with GOAWAY
			next.ServeHTTP(w, r)
		}),
		"429 with Retry-After": every(5, func(_ int64, _ http.Handler, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, "TooManyRequests")
		}),
		"503 for eight seconds": between(8*time.Second, answer(http.StatusServiceUnavailable, "ServiceUnavailable")),
		"no server for eight seconds": between(8*time.Second, func(int64, http.Handler, http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}),
		"a watch that goes silent": func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			if !watches(r) || !strings.Contains(r.URL.Path, "/deployments") || !silent.CompareAndSwap(false, true) {
				next.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	}
}

// TestFaultProxy upgrades through a proxy that breaks the connection in one way,
// and expects what a good connection would have given.
func TestFaultProxy(t *testing.T) {
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("faults", func(t *testing.T) {
		for name, f := range faultTable() {
			t.Run(name, func(t *testing.T) {
				b := newBench(t)
				proxy := kubetest.NewProxy(t)
				var n atomic.Int64
				b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
				c, err := kube.Connect(kube.Config{Kubeconfig: proxy.Kubeconfig, Namespace: b.namespace})
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Ping(t.Context()); err != nil {
					t.Fatal(err)
				}
				b.engine = deployer.New(c, deployer.Options{Holder: "unlucky"})
				proxy.Break(func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(n.Add(1), next, w, r) })
				})
				slow := kubetest.Image(t, "slow:2", kubetest.Script{ReadyAfter: 2 * time.Second})
				req := b.request(service("1.1.0", nil), map[string]any{"greeting": "two", "image": slow})
				req.Timeout = 2 * time.Minute
				out := b.mustDeploy(req)
				if d := cmp.Diff("1 superseded, 2 deployed", b.history()); d != "" || b.greeting() != "two" {
					t.Errorf("%s, greeting %s", d, b.greeting())
				}
				mu.Lock()
				defer mu.Unlock()
				rows[name] = fmt.Sprintf("| %s | %d | %s |", name, n.Load(), out.Message)
			})
		}
	})
	table := "| fault | requests | outcome |\n|---|---|---|\n"
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		table += rows[name] + "\n"
	}
	t.Logf("\n%s", table)
}

// TestJobsAtOnce lets jobs deploy one release at the same time: one after the
// other, and none is lost.
func TestJobsAtOnce(t *testing.T) {
	for _, jobs := range []int{2, 10} {
		t.Run(fmt.Sprint(jobs), func(t *testing.T) {
			b := newBench(t)
			b.mustDeploy(b.request(service("1.0.0", nil), nil))
			var all sync.WaitGroup
			for i := range jobs {
				all.Go(func() {
					engine := deployer.New(kubetest.Connect(t, nil), deployer.Options{Holder: fmt.Sprintf("job %d", i)})
					req := b.request(service("1.1.0", nil), map[string]any{"greeting": fmt.Sprint(i)})
					req.HistoryLimit, req.Revise, req.LockTimeout = -1, true, 2*time.Minute
					p, err := engine.Plan(t.Context(), req)
					if err != nil {
						t.Errorf("job %d: %v", i, err)
						return
					}
					if out, err := engine.Apply(t.Context(), p, event.Span{}); err != nil {
						t.Errorf("job %d: %+v: %v", i, out, err)
					}
				})
			}
			all.Wait()
			var want []string
			for i := range jobs {
				want = append(want, fmt.Sprintf("%d superseded", i+1))
			}
			if d := cmp.Diff(strings.Join(append(want, fmt.Sprintf("%d deployed", jobs+1)), ", "), b.history()); d != "" {
				t.Error(d)
			}
		})
	}
}
