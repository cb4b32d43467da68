// Package kubetest gives tests a real cluster: the one that `pintle sandbox run` started around the test command, a
// namespace of their own in it, and images whose containers behave as the test says. It refuses to touch any cluster
// that is not a sandbox.
package kubetest

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// RegistryVariable is set by the sandbox, and only by it, to its registry's host:port.
const RegistryVariable = "PINTLE_SANDBOX_REGISTRY"

// Cluster returns the sandbox that the environment names, and skips the test when there is none.
func Cluster(t testing.TB) (kubeconfig, registry string) {
	t.Helper()
	registry, kubeconfig = os.Getenv(RegistryVariable), os.Getenv("KUBECONFIG")
	if registry == "" || kubeconfig == "" {
		t.Skip("no cluster: run the tests with `pintle sandbox run -- go test ...`, as `make test` does")
	}
	return kubeconfig, registry
}

// Connect returns a connection to the sandbox; wrap may be nil.
func Connect(t testing.TB, wrap func(http.RoundTripper) http.RoundTripper) *kube.Client {
	t.Helper()
	kubeconfig, _ := Cluster(t)
	c, err := kube.Connect(kube.Config{Kubeconfig: kubeconfig, Wrap: wrap})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Namespace makes a fresh namespace and deletes it when the test ends. A failed test shows first what is in it.
func Namespace(t testing.TB) string {
	t.Helper()
	c := Connect(t, nil)
	var made struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	ns := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"generateName": "test-"}}
	if err := c.Do(t.Context(), http.MethodPost, "/api/v1/namespaces", ns, &made); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if t.Failed() {
			showObserved(ctx, t, c, made.Metadata.Name)
		}
		if err := c.Delete(ctx, kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: made.Metadata.Name}, "", kube.Background); err != nil {
			t.Error(err)
		}
	})
	return made.Metadata.Name
}

// Script is how the containers of an image behave. The zero Script is ready at once and runs for ever.
type Script struct {
	ReadyAfter time.Duration
	NeverReady bool
	CrashAfter time.Duration // exits with ExitCode, which is then 1 if 0
	ExitAfter  time.Duration // exits with ExitCode
	ExitCode   int
	StopAfter  time.Duration // exits so long after it was told to stop
	Log        []string      // lines printed at the start
}

func (s Script) labels() map[string]string {
	const prefix = "pintle.sandbox/"
	l := map[string]string{}
	for key, d := range map[string]time.Duration{"ready-after": s.ReadyAfter, "crash-after": s.CrashAfter, "exit-after": s.ExitAfter, "stop-after": s.StopAfter} {
		if d > 0 {
			l[prefix+key] = d.String()
		}
	}
	if s.NeverReady {
		l[prefix+"never-ready"] = "true"
	}
	if s.ExitCode != 0 {
		l[prefix+"exit-code"] = strconv.Itoa(s.ExitCode)
	}
	if len(s.Log) > 0 {
		l[prefix+"log"] = strings.Join(s.Log, "\n")
	}
	return l
}

// Image pushes an image that behaves as s says to the sandbox's registry, as nameAndTag, and returns the reference to
// put into a pod.
func Image(t testing.TB, nameAndTag string, s Script) string {
	t.Helper()
	_, registry := Cluster(t)
	ref, err := name.NewTag(registry+"/"+nameAndTag, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		Architecture: runtime.GOARCH, OS: "linux",
		Config: v1.Config{Labels: s.labels()}, RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return ref.Name()
}
