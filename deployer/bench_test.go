package deployer_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/test/peer"
)

// probedService is service with a readiness probe, so that ready means ready.
func probedService() *chart.Chart {
	c := service("1.0.0", nil)
	for _, f := range c.Templates {
		if f.Name == "templates/deployment.yaml" {
			f.Data = append(f.Data, "        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}\n"...)
		}
	}
	return c
}

// BenchmarkInstall is a chart of three objects, from nothing to ready, ours and Helm's. The ratio of the two is the
// figure; either alone measures the machine.
func BenchmarkInstall(b *testing.B) {
	kubeconfig, _ := kubetest.Cluster(b)
	c := probedService()
	b.Run("pintle", func(b *testing.B) {
		namespace := kubetest.Namespace(b)
		for n := 0; b.Loop(); n++ {
			engine := deployer.New(kubetest.Connect(b, nil), deployer.Options{}) // a process has a connection of its own
			p, err := engine.Plan(b.Context(), deployer.Request{
				Release: fmt.Sprintf("bench-%d", n), Namespace: namespace, Timeout: time.Minute,
				Render: func(ctx context.Context, o render.Options) (*render.Result, error) {
					return render.Render(ctx, c, nil, o)
				},
			})
			if err == nil {
				_, err = engine.Apply(b.Context(), p, event.Span{})
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("helm", func(b *testing.B) {
		helm, dir, namespace := peer.Helm(b), write(b, c), kubetest.Namespace(b)
		for n := 0; b.Loop(); n++ {
			out, err := exec.CommandContext(b.Context(), helm, "install", fmt.Sprintf("bench-%d", n), dir, "--wait", "-n", namespace, "--kubeconfig", kubeconfig).CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				b.Fatalf("%v\n%s", exit, out)
			}
		}
	})
}
