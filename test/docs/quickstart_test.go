package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// TestQuickstart runs the page's commands as they are written: it starts a
// sandbox, in a folder of its own, and stops it at the end.
func TestQuickstart(t *testing.T) {
	kubetest.Cluster(t) // where that is, there is also a program that starts one
	t.Parallel()
	home := t.TempDir()
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() { // where the page did not come to its end
		down := exec.CommandContext(ctx, sandbox(t), "down")
		down.Env = append(os.Environ(), "PINTLE_SANDBOX_HOME="+home)
		if out, err := down.CombinedOutput(); err != nil {
			t.Errorf("stop the sandbox: %v\n%s", err, out)
		}
	})
	play(t, filepath.Join(root, "docs/quickstart.md"), "", "PINTLE_SANDBOX_HOME="+home, "KUBECONFIG="+filepath.Join(home, "none"), "PINTLE_SANDBOX="+sandbox(t))
}

// sandbox is the program of the sandbox, which must be named: it does not lie
// beside the program that is tested.
func sandbox(t *testing.T) string {
	t.Helper()
	path := os.Getenv("PINTLE_SANDBOX")
	if path == "" {
		t.Skip("$PINTLE_SANDBOX does not name the sandbox: `pintle sandbox run` sets it")
	}
	return path
}
