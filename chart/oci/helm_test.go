package oci

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/registry/registrytest"
	"github.com/pintle-ci/pintle/test/peer"
)

// TestHelm exchanges charts with Helm itself.
func TestHelm(t *testing.T) {
	helm := peer.Helm(t)
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), helm, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=", "DOCKER_CONFIG="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	s := registrytest.New(t)
	created := time.Unix(1700000000, 0)
	tgz := packaged(t, "1.2.3+b.1")

	ours := mustPush(t, s, "1.2.3+b.1")
	run("pull", s.Ref("shop/charts/cart"), "--version", "1.2.3+b.1", "--plain-http")
	files, err := filepath.Glob(filepath.Join(dir, "cart-*.tgz"))
	if err != nil || len(files) != 1 {
		t.Fatalf("helm pulled %v, %v", files, err)
	}
	if got, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(got, tgz) {
		t.Errorf("helm pulled %d other bytes, %v", len(got), err)
	}
	run("pull", s.Ref("shop/charts/cart"), "--version", "^1.2", "--plain-http")

	if err := os.Chtimes(files[0], created, created); err != nil {
		t.Fatal(err)
	}
	out := run("push", files[0], s.Ref("helm"), "--plain-http")
	if !strings.Contains(out, ours.Digest) {
		t.Errorf("helm's manifest differs from ours, %s:\n%s", ours.Digest, out)
	}
	got, pulled, err := Pull(t.Context(), s.Ref("helm/cart"), PullOptions{Access: quick, Version: "~1.2"})
	if err != nil || !bytes.Equal(got, tgz) || pulled.Version != "1.2.3+b.1" {
		t.Errorf("we pull %d bytes, %+v, %v", len(got), pulled, err)
	}
	again, err := Push(t.Context(), s.Ref("helm"), tgz, PushOptions{Access: quick})
	if err != nil || !again.AlreadyPublished {
		t.Errorf("what helm pushed is not recognised: %+v, %v", again, err)
	}
}
