// Package workbench is what tests of whole processes share: a namespace of the sandbox, a chart that can be made to
// fail, and three tools that work on its releases. It refuses to judge an operation: the tests do.
package workbench

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/cmd"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/test/peer"
)

// Bench is a namespace of the sandbox, a chart in three versions, and the three tools that work on its releases.
type Bench struct {
	T                    *testing.T
	Namespace            string
	Driver               string            // "secret" or "configmap"
	Charts               map[string]string // version -> folder
	Images               map[string]string // how it behaves -> reference
	kubeconfig, helmHome string
}

// Revision is a line of a release's history, as JSON has it.
type Revision struct {
	Revision    int       `json:"revision"`
	Updated     time.Time `json:"updated,omitzero"`
	Status      string    `json:"status"`
	Chart       string    `json:"chart"`
	AppVersion  string    `json:"app_version"`
	Description string    `json:"description"`
}

// New makes a namespace in which the tools keep records by a driver, "secret" or "configmap". It skips the test where
// there is no cluster.
func New(t *testing.T, driver string) *Bench {
	t.Helper()
	kubeconfig, _ := kubetest.Cluster(t)
	b := &Bench{T: t, kubeconfig: kubeconfig, Driver: driver, Charts: map[string]string{}, helmHome: t.TempDir(), Namespace: kubetest.Namespace(t)}
	b.Images = map[string]string{
		"ready": kubetest.Image(t, "walk/ready:1", kubetest.Script{}),
		"never": kubetest.Image(t, "walk/never:1", kubetest.Script{NeverReady: true}),
		"exit0": kubetest.Image(t, "walk/exit0:1", kubetest.Script{ExitAfter: 1, Log: []string{"all is well"}}),
		"exit1": kubetest.Image(t, "walk/exit1:1", kubetest.Script{ExitAfter: 1, ExitCode: 1, Log: []string{"all is lost"}}),
	}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0"} {
		b.Charts[version] = b.writeChart(version)
	}
	return b
}

// Result is what a command printed and how it ended.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Pintle runs "pintle release ARGS" in this process.
func (b *Bench) Pintle(args ...string) Result {
	b.T.Helper()
	var out, err bytes.Buffer
	all := slices.Concat([]string{"pintle", "release"}, args, []string{"-n", b.Namespace, "--kubeconfig", b.kubeconfig, "--driver", b.Driver})
	code := cmd.Run(b.T.Context(), all, strings.NewReader(""), &out, &err, os.Getenv)
	return Result{out.String(), err.String(), code}
}

// Helm4 runs Helm 4.
func (b *Bench) Helm4(args ...string) Result {
	b.T.Helper()
	return b.helm(peer.Helm(b.T), args)
}

// Helm3 runs Helm 3.
func (b *Bench) Helm3(args ...string) Result {
	b.T.Helper()
	return b.helm(peer.Helm3(b.T), args)
}

// helm runs the Helm at a path.
func (b *Bench) helm(path string, args []string) Result {
	b.T.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(b.T.Context()), path, slices.Concat(args, []string{"-n", b.Namespace, "--kubeconfig", b.kubeconfig})...)
	cmd.Env = append(os.Environ(), "HELM_DRIVER="+b.Driver, "HELM_CACHE_HOME="+b.helmHome, "HELM_CONFIG_HOME="+b.helmHome, "HELM_DATA_HOME="+b.helmHome)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return Result{out.String(), stderr.String(), exit.ExitCode()}
	}
	if err != nil {
		b.T.Fatal(err)
	}
	return Result{out.String(), stderr.String(), 0}
}

// Must fails the test unless a command has ended well, and returns what it printed.
func (b *Bench) Must(r Result) string {
	b.T.Helper()
	if r.Code != 0 {
		b.T.Fatalf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}
