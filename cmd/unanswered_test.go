package cmd

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// TestTerminatedWithoutAnAnswer: a process whose API server swallows every
// request, from the first one on or from the moment it waits for its objects,
// ends within 15 seconds of SIGTERM, whatever it was to do then, and says so.
func TestTerminatedWithoutAnAnswer(t *testing.T) {
	kubetest.Cluster(t)
	for _, policy := range []string{"rollback", "leave", "finish"} {
		for _, operation := range []string{"install", "upgrade", "uninstall"} {
			for name, from := range map[string]func(*http.Request) bool{
				"the first request": func(*http.Request) bool { return true },
				"the first write":   func(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodPost },
				"the first watch":   func(r *http.Request) bool { return r.URL.Query().Get("watch") != "" },
			} {
				t.Run(operation+" "+policy+" from "+name, func(t *testing.T) {
					t.Parallel()
					newChaos(t, rand.New(rand.NewPCG(1, 1)), operation).swallowed(policy, from)
				})
			}
		}
	}
}

// swallowed runs the operation and, from a request on, gives no answer any more.
func (c *chaos) swallowed(policy string, from func(*http.Request) bool) {
	c.t.Helper()
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
		c.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	select {
	case <-silent:
	case <-ended:
		c.t.Fatalf("it ended before:\n%s", out.String())
	}
	c.terminate(cmd, ended)
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) || !strings.Contains(out.String(), "stopped by SIGTERM") {
		c.t.Errorf("exit code %d:\n%s", code, out.String())
	}
	c.t.Log(out.String())
}

// terminate sends SIGTERM and gives the process the time that a CI does.
func (c *chaos) terminate(cmd *exec.Cmd, ended <-chan struct{}) {
	c.t.Helper()
	hit := make(chan struct{})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	close(hit)
	c.awaitEnd(cmd, hit, ended)
}
