package chaos_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/test/long"
	"github.com/pintle-ci/pintle/test/workbench"
)

// TestChaosLikeHelm ends processes with SIGKILL or SIGTERM in the middle of operations, each at a request to the API
// server that is chosen at random, before it gets there or when it has been answered. Whatever was left, the next run
// succeeds without help, Helm agrees with the history, and no object is left over.
func TestChaosLikeHelm(t *testing.T) {
	kubetest.Cluster(t)
	moments, seed := long.Rounds(t, "PINTLE_CHAOS", 20, 200), long.Seed(t, "PINTLE_CHAOS_SEED")
	t.Logf("%d moments, seed %d", moments, seed)
	lengths := map[string]int{}
	for _, op := range chaosOperations {
		lengths[op] = newChaos(t, rand.New(rand.NewPCG(0, 0)), op).measure()
	}
	t.Logf("requests of each operation: %v", lengths)
	table := &chaosTable{rows: map[string]map[string]int{}}
	t.Run("moments", func(t *testing.T) {
		for i := range moments {
			r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
			op := chaosOperations[r.IntN(len(chaosOperations))]
			signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[i%2]
			at := 1 + r.IntN(lengths[op])
			t.Run(fmt.Sprintf("%d %s %s at request %d", i, signal, op, at), func(t *testing.T) {
				t.Parallel()
				newChaos(t, r, op).moment(signal, at, table)
			})
		}
	})
	t.Logf("\n%s", table)
}

var chaosOperations = []string{"install", "upgrade", "failing upgrade", "rollback", "uninstall"}

// chaos is one release, and an operation on it that is not to end well.
type chaos struct {
	*workbench.Bench
	r         *rand.Rand
	operation string
	proxy     *kubetest.Proxy
}

func newChaos(t *testing.T, r *rand.Rand, operation string) *chaos {
	t.Helper()
	c := &chaos{Bench: workbench.New(t, "secret"), r: r, operation: operation, proxy: kubetest.NewProxy(t)}
	if operation != "install" {
		c.Must(c.Pintle("install", "web", c.Charts["1.0.0"], "--wait", "--set", "extra=true"))
	}
	if operation == "rollback" {
		c.Must(c.Pintle("upgrade", "web", c.Charts["1.1.0"], "--wait"))
	}
	return c
}

// command is the operation, as a process of its own, through the proxy.
func (c *chaos) command(out *bytes.Buffer) *exec.Cmd {
	c.T.Helper()
	args := map[string][]string{
		"install":         {"upgrade", "--install", "web", c.Charts["1.0.0"], "--wait", "--rollback-on-failure", "--set", "extra=true"},
		"upgrade":         {"upgrade", "web", c.Charts["1.1.0"], "--wait", "--rollback-on-failure"},
		"failing upgrade": {"upgrade", "web", c.Charts["2.0.0"], "--wait", "--rollback-on-failure", "--set", "hook=" + c.Images["exit1"]},
		"rollback":        {"rollback", "web", "1", "--wait"},
		"uninstall":       {"uninstall", "web", "--wait"},
	}[c.operation]
	if policy := []string{"", "rollback", "leave", "finish"}[c.r.IntN(4)]; policy != "" {
		args = append(args, "--on-cancel", policy)
	}
	cmd := exec.CommandContext(c.T.Context(), "pintle", append([]string{"release"}, append(args, "-n", c.Namespace, "--kubeconfig", c.proxy.Kubeconfig)...)...)
	cmd.Env = append(os.Environ(), "BUILD_URL=", "GITLAB_CI=")
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// measure counts the requests of the whole operation.
func (c *chaos) measure() int {
	c.T.Helper()
	var mu sync.Mutex
	n := 0
	c.proxy.Break(func(next http.Handler) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		n++
		return next
	})
	var out bytes.Buffer
	_ = c.command(&out).Run() // the failing one fails
	if n == 0 {
		c.T.Fatalf("%s made no request:\n%s", c.operation, out.String())
	}
	return n
}

// moment ends the operation at a request, runs the next one and looks.
func (c *chaos) moment(signal syscall.Signal, at int, table *chaosTable) {
	c.T.Helper()
	var out bytes.Buffer
	cmd := c.command(&out)
	before := c.r.IntN(2) == 0
	var mu sync.Mutex
	n, hit := 0, make(chan struct{})
	end := func() {
		_ = cmd.Process.Signal(signal)
		close(hit)
	}
	c.proxy.Break(func(next http.Handler) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		n++
		if n != at {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if before && signal == syscall.SIGKILL {
				end()
				panic(http.ErrAbortHandler)
			}
			if before || r.URL.Query().Get("watch") != "" { // a watch does not end
				end()
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
			end()
		})
	})
	if err := cmd.Start(); err != nil {
		c.T.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the exit code tells
	}()
	c.awaitEnd(cmd, hit, ended)
	how := c.how(cmd, signal)
	c.proxy.Break(nil)
	c.next(how, out.String())
	table.count(signal.String()+" "+c.operation, how)
}

// awaitEnd waits for the process, 15 seconds from the signal on: then a CI kills.
func (c *chaos) awaitEnd(cmd *exec.Cmd, hit, ended <-chan struct{}) {
	c.T.Helper()
	select {
	case <-ended:
		return
	case <-hit:
	}
	select {
	case <-ended:
	case <-time.After(15 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
		c.T.Errorf("it did not end within 15 s of the signal")
	}
}

func (c *chaos) how(cmd *exec.Cmd, signal syscall.Signal) string {
	switch code := cmd.ProcessState.ExitCode(); {
	case code == -1:
		return "killed"
	case code == 128+int(signal):
		return "stopped"
	case code == 0:
		return "finished"
	default:
		return "failed"
	}
}

// next is what runs after: it must succeed without help and set all right.
func (c *chaos) next(how, out string) {
	c.T.Helper()
	defer func() {
		if c.T.Failed() {
			c.T.Logf("the first run %s:\n%s", how, out)
		}
	}()
	if c.r.IntN(4) == 0 {
		if s := c.Pintle("recover", "web"); s.Code != 0 && !strings.Contains(s.Stderr, "no such release") {
			c.T.Fatalf("recover: exit code %d\n%s%s", s.Code, s.Stdout, s.Stderr)
		}
	}
	if c.operation == "uninstall" && c.r.IntN(2) == 0 {
		c.Must(c.Pintle("uninstall", "web", "--wait", "--ignore-not-found"))
		c.gone(false) // killed at its very end, it leaves a lock that the next operation takes
	} else {
		c.Must(c.Pintle("upgrade", "--install", "web", c.Charts["1.1.0"], "--wait"))
		c.agrees()
		c.Must(c.Pintle("uninstall", "web", "--wait"))
		c.gone(true)
	}
}

// gone checks that nothing is left of the release.
func (c *chaos) gone(lock bool) {
	c.T.Helper()
	if live := c.LiveObjects(); len(live) > 0 {
		c.T.Errorf("left over: %v", slices.Sorted(maps.Keys(live)))
	}
	c.noneLeft("batch/v1", "Job")
	if lock {
		c.noneLeft("coordination.k8s.io/v1", "Lease")
	}
}

func (c *chaos) noneLeft(apiVersion, kind string) {
	c.T.Helper()
	objects, _, err := kubetest.Connect(c.T, nil).List(c.T.Context(), apiVersion, kind, kube.Selection{Namespace: c.Namespace})
	if err != nil {
		c.T.Fatal(err)
	}
	for _, o := range objects {
		c.T.Errorf("left over: %s", kube.RefOf(o))
	}
}

// agrees holds history and objects against each other, and Helm against us.
func (c *chaos) agrees() {
	c.T.Helper()
	var ours, helms []workbench.Revision
	c.rows(&ours, c.Must(c.Pintle("history", "web", "-o", "json")))
	c.rows(&helms, c.Must(c.Helm4("history", "web", "-o", "json")))
	if !slices.Equal(ours, helms) {
		c.T.Errorf("histories differ:\n%v\n%v", ours, helms)
	}
	for i, row := range ours {
		deployed := row.Status == "deployed"
		if row.Revision != ours[0].Revision+i || deployed != (i == len(ours)-1) || strings.HasPrefix(row.Status, "pending") {
			c.T.Errorf("history: %v", ours)
			break
		}
	}
	if ours, helms := c.Must(c.Pintle("get", "manifest", "web")), c.Must(c.Helm4("get", "manifest", "web")); ours != helms {
		c.T.Errorf("manifests differ:\n%s\n%s", ours, helms)
	}
	if list := c.Must(c.Helm4("list", "-o", "json")); !strings.Contains(list, `"status":"deployed"`) {
		c.T.Errorf("helm list: %s", list)
	}
	for key := range c.CheckObjects(c.Must(c.Pintle("get", "manifest", "web")), true) {
		c.T.Fatalf("%s is left in the cluster and in no manifest", key)
	}
	c.noneLeft("batch/v1", "Job")
}

func (c *chaos) rows(out *[]workbench.Revision, text string) {
	c.T.Helper()
	if err := json.Unmarshal([]byte(text), out); err != nil {
		c.T.Fatal(errors.Join(err, errors.New(text)))
	}
	for i := range *out {
		(*out)[i].Updated = time.Time{}
	}
}

// chaosTable counts how the operations ended.
type chaosTable struct {
	mu   sync.Mutex
	rows map[string]map[string]int
}

func (t *chaosTable) count(what, how string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows[what] == nil {
		t.rows[what] = map[string]int{}
	}
	t.rows[what][how]++
}

// String is a table in Markdown.
func (t *chaosTable) String() string {
	ways := []string{"killed", "stopped", "finished", "failed"}
	s := "| operation | moments | " + strings.Join(ways, " | ") + " |\n|---|---|---|---|---|---|\n"
	for _, what := range slices.Sorted(maps.Keys(t.rows)) {
		sum, cells := 0, ""
		for _, way := range ways {
			sum += t.rows[what][way]
			cells += fmt.Sprintf(" %d |", t.rows[what][way])
		}
		s += fmt.Sprintf("| %s | %d |%s\n", what, sum, cells)
	}
	return s
}
