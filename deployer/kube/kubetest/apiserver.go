package kubetest

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// APIServer is one more API server of the sandbox, a process of its own, which can be killed and started again. It ends
// with the test.
type APIServer struct {
	Kubeconfig string // of a connection to it

	t      testing.TB
	binary string
	listen string // host:port; at first with port 0
	cmd    *exec.Cmd
}

// NewAPIServer starts it.
func NewAPIServer(t testing.TB) *APIServer {
	t.Helper()
	Cluster(t)
	binary := os.Getenv("PINTLE_SANDBOX") // which pintle sandbox run sets
	if binary == "" {
		t.Skip("no other API server: run the tests with `pintle sandbox run -- go test ...`, as `make test` does")
	}
	s := &APIServer{t: t, binary: binary, listen: "127.0.0.1:0"}
	t.Cleanup(func() { s.End(syscall.SIGKILL) })
	s.Start()
	return s
}

// Start starts it, under the address that it had before, and waits until it answers.
func (s *APIServer) Start() {
	if err := s.start(); err != nil {
		s.t.Errorf("start another API server: %v", err)
	}
}

func (s *APIServer) start() error {
	s.cmd = exec.CommandContext(s.t.Context(), s.binary, "apiserver", "--listen", s.listen)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	line, _ := bufio.NewReader(out).ReadString('\n') // it says one when it answers
	s.Kubeconfig = strings.TrimSpace(strings.TrimPrefix(line, "export KUBECONFIG="))
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return err
	}
	s.listen = strings.TrimPrefix(config.Host, "https://")
	return nil
}

// End ends it by a signal, and waits until it is gone.
func (s *APIServer) End(signal syscall.Signal) {
	if s.cmd.Process != nil { // it was started
		_ = s.cmd.Process.Signal(signal) // it may be gone already
		_ = s.cmd.Wait()
	}
}
