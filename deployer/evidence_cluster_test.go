package deployer_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// The bundle is handed over while the failed revision's pods are still there, with their logs, and without the
// release's secrets.
func TestEvidenceIsSealedBeforeTheRollback(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	crash := kubetest.Image(t, "sealed:1", kubetest.Script{CrashAfter: 20 * time.Millisecond, ExitCode: 7, Log: []string{"token is s3cr3t-value", "panic: no database"}})
	extra := map[string]string{"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {token: s3cr3t-value}\n"}
	req := b.request(service("1.1.0", extra), map[string]any{"image": crash})
	req.Settle = 0
	var archive []byte
	history := ""
	req.Evidence = func(a []byte) error { archive, history = a, b.history(); return nil }
	if _, err := b.deploy(t.Context(), req); err == nil {
		t.Fatal("it should have failed")
	}
	if strings.Contains(history, "3") {
		t.Errorf("the rollback had begun: %s", history)
	}
	text, names := contents(t, archive)
	for _, want := range []string{"index.txt", "evidence.txt", "plan.txt", "events.txt", "failed/" + b.namespace + "/Deployment-web.yaml", "/main.log", "/pod.yaml", "nodes/", "objects/" + b.namespace + "/Secret-db.yaml"} {
		if !strings.Contains(names, want) {
			t.Errorf("no %s among\n%s", want, names)
		}
	}
	if !strings.Contains(text, "panic: no database") || !strings.Contains(text, "exited with code 7") {
		t.Error("the cause is not in the bundle")
	}
	if strings.Contains(text, "s3cr3t-value") || strings.Contains(text, "czNjcjN0LXZhbHVl") {
		t.Error("a secret is in the bundle")
	}
}

func TestEvidenceThatCannotBeKeptIsAWarning(t *testing.T) {
	b := newHarness(t)
	req := b.request(service("1.0.0", nil), map[string]any{"image": kubetest.Image(t, "unkept:1", kubetest.Script{NeverReady: true})})
	req.Timeout = 2 * time.Second
	req.Evidence = func([]byte) error { return errors.New("disk full") }
	if _, err := b.deploy(t.Context(), req); err == nil {
		t.Fatal("it should have failed")
	}
	for _, e := range b.events {
		if strings.Contains(e.Message, "could not be kept: disk full") {
			return
		}
	}
	t.Errorf("%+v", b.events)
}

// contents is all text of a bundle, and its names.
func contents(t *testing.T, archive []byte) (text, names string) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return text, names
		}
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		text, names = text+string(part), names+h.Name+"\n"
	}
}
