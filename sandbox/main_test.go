package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pintle-ci/pintle/sandbox/state"
)

// envMain makes the test binary the program itself, so that its background process is the same build.
const envMain = "PINTLE_SANDBOX_TEST_MAIN"

// patience is how long a test waits for something that is to happen. It is no measure of anything.
const patience = 90 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(envMain) != "" {
		os.Exit(Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// home gives a test sandboxes of its own and checks in the end that nothing of them is left.
func home(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sbx") //nolint:usetesting // a socket's path must be short, and t.TempDir's is not
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(state.EnvHome, dir)
	t.Setenv(envMain, "1")
	t.Cleanup(func() {
		for _, pid := range processes(t, dir) {
			t.Errorf("process %s is left", pid)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("files are left: %v, %v", left, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// processes returns the living processes, this one excepted, whose environment names dir.
func processes(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, f := range files {
		env, err := os.ReadFile(f) // of a zombie it is empty
		pid := filepath.Base(filepath.Dir(f))
		if err == nil && bytes.Contains(env, []byte(state.EnvHome+"="+dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func command(t testing.TB, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), exe, args...)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// sandboxed runs the program and returns what it prints and its exit status.
func sandboxed(t testing.TB, args ...string) (string, int) {
	t.Helper()
	cmd, stdout, stderr := command(t, args...)
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Logf("%s: %v\n%s", strings.Join(args, " "), err, stderr)
		return stdout.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return stdout.String(), 0
}

// must runs the program and fails the test if that fails.
func must(t testing.TB, args ...string) string {
	t.Helper()
	out, status := sandboxed(t, args...)
	if status != 0 {
		t.Fatalf("%s: exit status %d", strings.Join(args, " "), status)
	}
	return out
}

// start starts a sandbox for the test, which stops it at its end.
func start(t testing.TB, name string) (state.Info, *kubernetes.Clientset) {
	t.Helper()
	must(t, "up", "--name", name)
	t.Cleanup(func() {
		cmd, _, stderr := command(t, "down", "--name", name)
		cmd = exec.Command(cmd.Path, cmd.Args[1:]...) // the test's context has ended
		if err := cmd.Run(); err != nil {
			t.Errorf("down: %v\n%s", err, stderr)
		}
	})
	info := running1(t, name)
	cfg, err := clientcmd.BuildConfigFromFlags("", info.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return info, client
}

func running1(t testing.TB, name string) state.Info {
	t.Helper()
	infos, err := running(name)
	if err != nil {
		t.Fatal(err)
	}
	return infos[0]
}

// eventually waits until ok says yes. What it says otherwise is shown if the time is up.
func eventually(t testing.TB, what string, ok func(context.Context) (bool, any, error)) {
	t.Helper()
	var last any
	var lastErr error
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		var done bool
		done, last, lastErr = ok(ctx)
		return done && lastErr == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: %v; last seen: %+v, %v", what, err, last, lastErr)
	}
}
