package deployer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/report"
	"github.com/pintle-ci/pintle/secret"
)

// fault answers a request in the API server's place, or lets it pass and spoils the answer; n counts the requests from
// 1.
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

// faulty is one row of the table: how the connection breaks.
type faulty struct {
	fault fault
	told  string // what the reports say that it was; empty where nobody needs to know
}

func dropped(int64, http.Handler, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func answering(code int, reason string) fault {
	return func(_ int64, _ http.Handler, w http.ResponseWriter, _ *http.Request) { refuse(w, code, reason) }
}

// writes to the cluster: records and objects, no dry runs and no locks.
func writing(r *http.Request) bool {
	return (r.Method == http.MethodPut || r.Method == http.MethodPatch) && r.URL.Query().Get("dryRun") == "" && !strings.Contains(r.URL.Path, "/leases")
}

// faultTable makes every fault anew for each test.
func faultTable(t *testing.T, proxy *kubetest.Proxy) map[string]faulty {
	var silent atomic.Bool // the one watch has gone silent
	return map[string]faulty{
		"none, each 200 ms late": {fault: func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(200 * time.Millisecond):
				next.ServeHTTP(w, r)
			}
		}},
		"every fourth answer dropped half way": {fault: every(4, func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			whole := httptest.NewRecorder()
			next.ServeHTTP(whole, r)
			maps.Copy(w.Header(), whole.Header())
			w.WriteHeader(whole.Code)
			_, _ = io.CopyN(w, whole.Body, int64(whole.Body.Len()/2))
			panic(http.ErrAbortHandler)
		})},
		"GOAWAY with every fifth answer": {fault: every(5, func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close") // which HTTP/2 says with GOAWAY
			next.ServeHTTP(w, r)
		})},
		"429 with Retry-After, every fifth": {fault: every(5, func(_ int64, _ http.Handler, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, "TooManyRequests")
		})},
		"409 to every first write of an object or record": {fault: firstWrites(answering(http.StatusConflict, "Conflict"))},
		"503 to everything for 8 seconds":                 {fault: between(8*time.Second, answering(http.StatusServiceUnavailable, "ServiceUnavailable")), told: "by the fault proxy"},
		"500 to everything for 30 seconds":                {fault: between(30*time.Second, answering(http.StatusInternalServerError, "InternalError")), told: "by the fault proxy"},
		"every connection cut for 8 seconds":              {fault: between(8*time.Second, dropped), told: "cannot be reached"},
		"restart: none listens for 20 s, old watches are gone": {
			fault: restart(t, proxy, 20*time.Second), told: "connection refused",
		},
		"the watch of the Deployment goes silent": {fault: func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
			if !watches(r) || !strings.Contains(r.URL.Path, "/deployments") || !silent.CompareAndSwap(false, true) {
				next.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	}
}

// firstWrites is the fault for the first write of each object.
func firstWrites(f fault) fault {
	var mu sync.Mutex
	seen := map[string]bool{}
	return func(n int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		first := writing(r) && !seen[r.URL.Path]
		seen[r.URL.Path] = seen[r.URL.Path] || first
		mu.Unlock()
		if first {
			f(n, next, w, r)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// restart takes the server away when the first object is written; when it is there again, its watch cache is new and
// knows no version from before.
func restart(t *testing.T, proxy *kubetest.Proxy, away time.Duration) fault {
	var once sync.Once
	var down sync.WaitGroup
	var back atomic.Int64 // watches that have been told so
	t.Cleanup(down.Wait)
	return func(_ int64, next http.Handler, w http.ResponseWriter, r *http.Request) {
		if writing(r) {
			once.Do(func() {
				back.Store(1)
				down.Go(func() { proxy.Restart(t, away) })
			})
		}
		if n := back.Load(); n > 0 && n < 4 && watches(r) && back.CompareAndSwap(n, n+1) {
			refuse(w, http.StatusGone, "Expired")
			return
		}
		next.ServeHTTP(w, r)
	}
}

// TestFaultProxy upgrades through a proxy that breaks the connection in one way, once to a version that becomes ready
// and once to one that crashes, and expects what a good connection would have given, and a report that says what
// happened.
func TestFaultProxy(t *testing.T) {
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("faults", func(t *testing.T) {
		for name, row := range faultTable(t, nil) {
			for end, script := range map[string]kubetest.Script{"deployed": {ReadyAfter: 2 * time.Second}, "rolled back": {CrashAfter: time.Millisecond}} {
				t.Run(name+", "+end, func(t *testing.T) {
					b := newHarness(t)
					requests, r := b.upgradeThrough(name, kubetest.Image(t, strings.ReplaceAll(end, " ", "-")+":2", script))
					b.endedAs(end, r.outcome)
					b.tell(r, end, row.told)
					mu.Lock()
					defer mu.Unlock()
					rows[name+end] = fmt.Sprintf("| %s | %d | %s |", name, requests, b.history())
				})
			}
		}
	})
	table := "| fault | requests | revisions |\n|---|---|---|\n"
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		table += rows[name] + "\n"
	}
	t.Logf("\n%s", table)
}

// upgradeThrough upgrades a release over a connection with a fault.
func (b *harness) upgradeThrough(name, image string) (requests int64, r reported) {
	b.t.Helper()
	proxy := kubetest.NewProxy(b.t)
	f := faultTable(b.t, proxy)[name].fault
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
	c, err := kube.Connect(kube.Config{Kubeconfig: proxy.Kubeconfig, Namespace: b.namespace})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := c.Ping(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.engine = deployer.New(c, deployer.Options{Holder: "unlucky"})
	req := b.request(service("1.1.0", nil), map[string]any{"greeting": "two", "image": image})
	req.Timeout, req.Settle = 4*time.Minute, 0
	p, err := b.engine.Plan(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	var n atomic.Int64
	proxy.Break(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(n.Add(1), next, w, r) })
	})
	r = b.applyReported(p)
	if failed, ok := errors.AsType[*deployer.FailedError](r.err); r.err != nil && (!ok || !failed.RolledBack) {
		b.t.Errorf("%+v: %v", r.outcome, r.err)
	}
	return n.Load(), r
}

// endedAs checks the release.
func (b *harness) endedAs(end string, out deployer.Outcome) {
	b.t.Helper()
	history, greeting := "1 superseded, 2 deployed", "two"
	if end == "rolled back" {
		history, greeting = "1 superseded, 2 failed, 3 deployed", "one"
		if !strings.Contains(out.Details, "exited with code 1") {
			b.t.Errorf("the evidence does not say why:\n%s", out.Details)
		}
	}
	if d := cmp.Diff(history, b.history()); d != "" || b.greeting() != greeting {
		b.t.Errorf("%s, greeting %s", d, b.greeting())
	}
	if b.exists("coordination.k8s.io/v1", "Lease", "pintle-lock-web") {
		b.t.Error("the lock is left")
	}
}

// TestJobsAtOnce lets jobs, processes of their own, deploy one release at the same time, the first time too: one after
// the other, and none is lost.
func TestJobsAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		deployed int // before
		jobs     int
	}{"two": {1, 2}, "ten": {1, 10}, "five install": {0, 5}} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			if c.deployed > 0 {
				b.mustDeploy(b.request(service("1.0.0", nil), nil))
			}
			var all sync.WaitGroup
			for i := range c.jobs {
				all.Go(func() {
					job := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOneOfManyJobs$", "-test.v")
					job.Env = append(os.Environ(), "PINTLE_JOB_NAMESPACE="+b.namespace, fmt.Sprintf("PINTLE_JOB=%d", i))
					if out, err := job.CombinedOutput(); err != nil {
						t.Errorf("job %d: %v\n%s", i, err, out)
					}
				})
			}
			all.Wait()
			last := c.deployed + c.jobs
			var want []string
			for i := 1; i < last; i++ {
				want = append(want, fmt.Sprintf("%d superseded", i))
			}
			if d := cmp.Diff(strings.Join(append(want, fmt.Sprintf("%d deployed", last)), ", "), b.history()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestOneOfManyJobs is a process of TestJobsAtOnce.
func TestOneOfManyJobs(t *testing.T) {
	namespace, job := os.Getenv("PINTLE_JOB_NAMESPACE"), os.Getenv("PINTLE_JOB")
	if namespace == "" {
		t.Skip("run by TestJobsAtOnce")
	}
	c := kubetest.Connect(t, nil)
	b := &harness{t: t, cluster: c, namespace: namespace, engine: deployer.New(c, deployer.Options{Holder: "job " + job})}
	req := b.request(service("1.1.0", nil), map[string]any{"greeting": job})
	req.HistoryLimit, req.Revise, req.LockTimeout = -1, true, 5*time.Minute
	b.mustDeploy(req)
}

// reported is what a job comes to that applies a plan, and its reports as the files that people and CI servers read.
type reported struct {
	outcome     deployer.Outcome
	err         error
	code        int
	junit, html string
}

// applyReported applies a plan as the pipeline does and writes every report.
func (b *harness) applyReported(p *deployer.Prepared) (r reported) {
	b.t.Helper()
	var events []event.Event
	log := event.NewLog(nil, func(e event.Event) { events = append(events, e) })
	r.code = pipeline.Operate(b.t.Context(), log, &config.Resolved{}, "deploy", []config.Unit{{Name: "web"}},
		func(config.Unit) *secret.Set { return secret.NewSet() },
		func(ctx context.Context, _ config.Unit, span event.Span) (deployer.Outcome, error) {
			r.outcome, r.err = b.engine.Apply(ctx, p, span)
			return r.outcome, r.err
		})
	dir := b.t.TempDir()
	if err := report.WriteAll(dir, report.Fold(events)); err != nil {
		b.t.Fatal(err)
	}
	for name, into := range map[string]*string{report.JUnitFile: &r.junit, report.HTMLFile: &r.html} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.t.Fatal(err)
		}
		*into = string(text)
	}
	return r
}

// tell checks that every report says how the deploy ended and, where told is not empty, of the outage in between: how
// long it took, and what it was.
func (b *harness) tell(r reported, end, told string) {
	b.t.Helper()
	const crash = `Deployment/web: container main exited with code 1`
	code, junit, html := exitcode.OK, []string{`<testsuites [^>]*failures="0"`}, []string{`</span> Passed</p>`, `revision 2 deployed`}
	if end == "rolled back" {
		code = exitcode.RolledBack
		junit = []string{
			`(?s)<testcase [^>]*name="deploy"[^>]*>\s*<failure message="` + crash + `[^"]*; rolled back to revision 1"`,
			`<failure message="container main exited with code 1`, // of the Deployment itself
		}
		html = []string{`</span> Rolled back</p>`, crash + `[^<]*; rolled back to revision 1</p>`}
	}
	if told != "" {
		warning := `the API server did not answer for [0-9]+s: [^\n<]*` + told
		junit, html = append(junit, `warning: `+warning), append(html, warning)
	}
	if r.code != code {
		b.t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, want := range []struct {
		name, text string
		patterns   []string
	}{{"JUnit", r.junit, junit}, {"HTML", r.html, html}} {
		for _, pattern := range want.patterns {
			if !regexp.MustCompile(pattern).MatchString(want.text) {
				b.t.Errorf("%s does not say %q:\n%s", want.name, pattern, want.text)
			}
		}
		if end == "deployed" && strings.Contains(want.text, "<failure ") {
			b.t.Errorf("%s tells a failure:\n%s", want.name, want.text)
		}
	}
}
