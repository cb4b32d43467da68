package chaos_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// silence is the request from which on an API server gives no answer any more.
type silence struct {
	name  string
	from  func(*http.Request) bool
	holds bool // the operation has begun by then, and holds the lock
}

func silences() []silence {
	writes := func(r *http.Request) bool {
		return r.Method != http.MethodGet && r.URL.Query().Get("dryRun") == "" && !strings.Contains(r.URL.Path, ".k8s.io/v1/selfsubject")
	}
	lock := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/leases") }
	record := func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/secrets/sh.helm.release") || strings.HasSuffix(r.URL.Path, "/secrets")
	}
	return []silence{
		{"the first request", func(*http.Request) bool { return true }, false},
		{"the lock", func(r *http.Request) bool { return writes(r) && lock(r) }, false},
		{"the first record", func(r *http.Request) bool { return writes(r) && record(r) }, true},
		{"the first object", func(r *http.Request) bool { return writes(r) && !lock(r) && !record(r) }, true},
		{"the first watch", func(r *http.Request) bool { return r.URL.Query().Get("watch") != "" }, true},
	}
}

// leaves is what a process says of what it leaves.
func leaves(operation, policy, from string) string {
	const again = `that could not be recorded \(.*\): the next run sets it right`
	switch {
	case from == "the first request" || from == "the lock":
		return `nothing was touched: .*stopped by SIGTERM`
	case from == "the first record" && operation == "uninstall":
		return `this run has deleted nothing: .*stopped by SIGTERM`
	case from == "the first record":
		return `no object was touched: .*stopped by SIGTERM`
	case operation == "uninstall" && from == "the first watch":
		return `uninstall it again` // its list may have shown that all is gone, so that it came as far as its history
	case operation == "uninstall":
		return `; uninstall it again for what is left`
	case policy != "rollback":
		return `stopped by SIGTERM; it was left as it is; ` + again
	case operation == "install":
		return `stopped by SIGTERM; what it created could not be removed: .*; ` + again
	}
	return `stopped by SIGTERM; the rollback to revision 1 failed too: .*; ` + again
}

// TestTerminatedWithoutAnAnswerLikeHelm: a process whose API server swallows every request from some moment on ends
// within 15 seconds of SIGTERM, whatever it was to do then, and says what it leaves; the next run sets that right.
func TestTerminatedWithoutAnAnswerLikeHelm(t *testing.T) {
	kubetest.Cluster(t)
	policies := []string{"rollback", "leave", "finish"}
	for i, operation := range []string{"install", "upgrade", "uninstall"} {
		for j, s := range silences() {
			chosen := policies
			if s.name != "the first watch" { // before that there is little to decide on
				chosen = policies[(i+j)%3:][:1]
			}
			for k, policy := range chosen {
				t.Run(operation+" "+policy+" from "+s.name, func(t *testing.T) {
					t.Parallel()
					c := newChaos(t, rand.New(rand.NewPCG(uint64(i), uint64(j))), operation)
					out := c.swallowed(policy, s.from)
					if want := leaves(operation, policy, s.name); !regexp.MustCompile(want).MatchString(out) {
						t.Errorf("it does not say %q:\n%s", want, out)
					}
					if s.holds && k == 0 {
						c.proxy.Break(nil)
						c.next("stopped", out)
					}
				})
			}
		}
	}
}

// swallowed runs the operation and, from a request on, gives no answer any more. It returns what the process
// workbench.Result.
func (c *chaos) swallowed(policy string, from func(*http.Request) bool) string {
	c.T.Helper()
	var once sync.Once
	silent := make(chan struct{})
	c.proxy.Break(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if from(r) {
				once.Do(func() { close(silent) })
			}
			select {
			case <-silent:
				<-r.Context().Done()
				panic(http.ErrAbortHandler)
			default:
				next.ServeHTTP(w, r)
			}
		})
	})
	var out bytes.Buffer
	cmd := c.command(&out)
	cmd.Args = append(cmd.Args, "--on-cancel", policy)
	if err := cmd.Start(); err != nil {
		c.T.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	select {
	case <-silent:
	case <-ended:
		c.T.Fatalf("it ended before:\n%s", out.String())
	}
	c.terminate(cmd, ended)
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) {
		c.T.Errorf("exit code %d:\n%s", code, out.String())
	}
	return out.String()
}

// terminate sends SIGTERM and gives the process the time that a CI does.
func (c *chaos) terminate(cmd *exec.Cmd, ended <-chan struct{}) {
	c.T.Helper()
	hit := make(chan struct{})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.T.Fatal(err)
	}
	close(hit)
	c.awaitEnd(cmd, hit, ended)
}
