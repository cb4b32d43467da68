package main

import (
	"bufio"
	"errors"
	"os/exec"
	"path/filepath"
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
	file := filepath.Join(t.TempDir(), "kubeconfig")
	first := serve(t, "--kubeconfig", file)
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
	second := serve(t, "--kubeconfig", file, "--listen", strings.TrimPrefix(cfg.Host, "https://"))
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
	if _, status := sandboxed(t, "apiserver", "--kubeconfig", file); status != 1 {
		t.Errorf("without a sandbox: exit status %d, want 1", status)
	}
	if _, status := sandboxed(t, "apiserver"); status != 3 {
		t.Errorf("without --kubeconfig: exit status %d, want 3", status)
	}
}

// serve starts another API server and waits until it says that it answers.
func serve(t *testing.T, args ...string) *exec.Cmd {
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
	if lines := bufio.NewScanner(out); !lines.Scan() || !strings.HasPrefix(lines.Text(), "export KUBECONFIG=") {
		t.Fatalf("it does not say that it answers: %s", stderr)
	}
	return cmd
}
