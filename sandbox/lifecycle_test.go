package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pintle-ci/pintle/sandbox/state"
)

func TestUpAndDown(t *testing.T) {
	dir := home(t)
	copied := filepath.Join(t.TempDir(), "kubeconfig")
	first := must(t, "up", "--name", "a", "--kubeconfig", copied)
	if !strings.Contains(first, "export KUBECONFIG="+copied) || !strings.Contains(first, "export PINTLE_SANDBOX_REGISTRY=127.0.0.1:") {
		t.Errorf("up prints:\n%s", first)
	}
	if second := must(t, "up", "--name=a"); second != first {
		t.Errorf("a second up prints something else:\n%s", second)
	}
	info := running1(t, "a")
	for _, file := range []string{copied, info.Kubeconfig} {
		checkKubeconfig(t, file)
	}
	if _, status := sandboxed(t, "up", "--name", "a", "--strict-images"); status == 0 {
		t.Error("up with other settings found the sandbox good enough")
	}
	must(t, "down", "--name", "a")
	if _, err := os.Stat(copied); err == nil {
		t.Error("the copy of the kubeconfig is left")
	}
	if pids := processes(t, dir); len(pids) > 0 {
		t.Errorf("processes are left: %v", pids)
	}
	must(t, "down", "--name", "a")
	if _, status := sandboxed(t, "status", "--name", "a"); status != 1 {
		t.Errorf("status of a sandbox that is down: %d, want 1", status)
	}
}

// checkKubeconfig checks that a kubeconfig is private, verifies the server and has a token nobody can guess.
func checkKubeconfig(t *testing.T, file string) {
	t.Helper()
	stat, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if stat.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %o", file, stat.Mode().Perm())
	}
	kc, err := clientcmd.LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range kc.Clusters {
		if c.InsecureSkipTLSVerify || len(c.CertificateAuthorityData) == 0 || !strings.HasPrefix(c.Server, "https://127.0.0.1:") {
			t.Errorf("%s: cluster %+v", file, c)
		}
	}
	for _, a := range kc.AuthInfos {
		if len(a.Token) != 64 {
			t.Errorf("%s: token of %d characters", file, len(a.Token))
		}
	}
}

func TestTwoSideBySide(t *testing.T) {
	home(t)
	a, clientA := start(t, "a")
	b, clientB := start(t, "b")
	if a.Server == b.Server || a.Registry == b.Registry || a.PID == b.PID {
		t.Errorf("the sandboxes share something: %+v, %+v", a, b)
	}
	for name, client := range map[string]*kubernetes.Clientset{"a": clientA, "b": clientB} {
		if _, err := client.CoreV1().Nodes().Get(t.Context(), "sandbox", metav1.GetOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out := must(t, "status"); strings.Count(out, "https://127.0.0.1:") != 2 {
		t.Errorf("status prints:\n%s", out)
	}
}

func TestKillLeavesNothingRunning(t *testing.T) {
	dir := home(t)
	before, _ := start(t, "a")
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of all processes", func(context.Context) (bool, any, error) {
		pids := processes(t, dir)
		_, err := running("a")
		return len(pids) == 0 && err != nil, pids, nil
	})
	after, client := start(t, "a")
	if after.PID == before.PID {
		t.Error("the dead sandbox was found again")
	}
	if _, err := client.CoreV1().Nodes().Get(t.Context(), "sandbox", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	home(t)
	script := `test -s "$KUBECONFIG" && test -n "$PINTLE_SANDBOX_REGISTRY" && "$0" image web:1.0 >&2 && exit 7`
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, status := sandboxed(t, "run", "--", "sh", "-c", script, exe); status != 7 {
		t.Errorf("exit status %d, want the command's 7", status)
	}
	if _, status := sandboxed(t, "run", "no-such-command"); status != 3 {
		t.Errorf("exit status of a command that does not exist: %d, want 3", status)
	}
}

func TestRunForwardsSignals(t *testing.T) {
	home(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "run", "sh", "-c", `trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done`)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the command prints %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || exit.ExitCode() != 9 {
		t.Errorf("end = %v, want the command's exit status 9", exit)
	}
}

// TestInterruptDuringStart interrupts an up in its middle: whatever had started goes away.
func TestInterruptDuringStart(t *testing.T) {
	for _, args := range [][]string{{"up", "--foreground"}, {"up"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			dir := home(t)
			cmd, _, _ := command(t, args...)
			cmd.Stderr = nil
			steps, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewScanner(steps)
			for in.Scan() && !strings.Contains(in.Text(), "kube-apiserver") {
				continue
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			for in.Scan() {
				t.Log(in.Text())
			}
			exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
			if !ok || exit.ExitCode() != 130 {
				t.Errorf("end = %v, want exit status 130", exit)
			}
			eventually(t, "the end of all processes", func(context.Context) (bool, any, error) {
				pids := processes(t, dir)
				return len(pids) == 0, pids, nil
			})
		})
	}
}

func TestUsage(t *testing.T) {
	t.Setenv(state.EnvHome, t.TempDir())
	t.Setenv(envMain, "1")
	for _, args := range [][]string{
		{"up", "--name", "Not/A/Name"}, {"up", "extra"}, {"run"}, {"image"}, {"image", "a:1", "--exit-code", "3"},
		{"up", "--no-such-flag"}, {"status", "-o", "xml"}, {"frobnicate"}, {"supervise"},
	} {
		if _, status := sandboxed(t, args...); status != 3 {
			t.Errorf("%v: exit status %d, want 3", args, status)
		}
	}
	if _, status := sandboxed(t, "image", "web:1.0"); status != 1 {
		t.Errorf("image without a sandbox: exit status %d, want 1", status)
	}
}
