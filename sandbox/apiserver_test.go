package main

import (
	"bufio"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// TestAnotherAPIServer kills one, starts it again under its address, and takes the sandbox away from under it.
func TestAnotherAPIServer(t *testing.T) {
	home(t)
	info, _ := start(t, "a")
	t.Setenv("KUBECONFIG", info.Kubeconfig)
	first, file := serve(t)
	cfg, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Host == info.Server {
		t.Fatal("it is the first API server")
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() error {
		_, err := client.CoreV1().Nodes().Get(t.Context(), "sandbox", metav1.GetOptions{})
		return err
	}
	if err := ask(); err != nil {
		t.Error(err)
	}
	checkKubeconfig(t, file)
	_ = first.Process.Kill()
	_ = first.Wait()
	if err := ask(); err == nil {
		t.Error("it answers although it is dead")
	}
	second, _ := serve(t, "--listen", strings.TrimPrefix(cfg.Host, "https://"))
	if err := ask(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(info.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	exit := &exec.ExitError{}
	if err := second.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("without its sandbox it ends with %v, want exit status 1", err)
	}
	if _, status := sandboxed(t, "apiserver"); status != 1 {
		t.Errorf("without a sandbox: exit status %d, want 1", status)
	}
}

// serve starts another API server, waits until it says that it answers, and returns its kubeconfig.
func serve(t *testing.T, args ...string) (cmd *exec.Cmd, kubeconfig string) {
	t.Helper()
	cmd, _, stderr := command(t, append([]string{"apiserver"}, args...)...)
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	kubeconfig, ok := strings.CutPrefix(lines.Text(), "export KUBECONFIG=")
	if !ok {
		t.Fatalf("it does not say that it answers: %s", stderr)
	}
	return cmd, kubeconfig
}
