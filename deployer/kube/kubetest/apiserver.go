package kubetest

import (
	"bufio"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// APIServer is one more API server of the sandbox, a process of its own, which
// can be killed and started again. It ends with the test.
type APIServer struct {
	Kubeconfig string // of a connection to it

	t      testing.TB
	binary string
	listen string // empty until it has an address
	cmd    *exec.Cmd
}

// NewAPIServer starts it.
func NewAPIServer(t testing.TB) *APIServer {
	t.Helper()
	Cluster(t)
	binary := os.Getenv("PINTLE_SANDBOX") // which pintle sandbox run sets
	if binary == "" {
		t.Fatal("$PINTLE_SANDBOX names no sandbox")
	}
	s := &APIServer{t: t, binary: binary, Kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	t.Cleanup(func() { s.End(syscall.SIGKILL) })
	s.Start()
	return s
}

// Start starts it, under the address that it had before, and waits until it answers.
func (s *APIServer) Start() {
	args := []string{"apiserver", "--kubeconfig", s.Kubeconfig}
	if s.listen != "" {
		args = append(args, "--listen", s.listen)
	}
	s.cmd = exec.CommandContext(s.t.Context(), s.binary, args...)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Error(err)
		return
	}
	if !bufio.NewScanner(out).Scan() { // a line when it answers
		s.t.Error("the other API server did not start")
		return
	}
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		s.t.Error(err)
		return
	}
	if address, err := url.Parse(config.Host); err == nil {
		s.listen = address.Host
	}
}

// End ends it by a signal, and waits until it is gone.
func (s *APIServer) End(signal syscall.Signal) {
	_ = s.cmd.Process.Signal(signal) // it may be gone already
	_ = s.cmd.Wait()
}
