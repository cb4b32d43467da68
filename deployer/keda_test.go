package deployer_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/event"
)

// scaledJobs defines KEDA's ScaledJob in the cluster: not its ScaledObject, for
// which the plans of other tests would look. The CRD goes with the test.
func (b *harness) scaledJobs() {
	b.t.Helper()
	names := strings.NewReplacer("GROUP", "keda.sh", "Widget", "ScaledJob", "KIND", "scaledjob", "name: v1\n", "name: v1alpha1\n",
		"storage: true\n", "storage: true\n    subresources: {status: {}}\n")
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(b.t.Context()), time.Minute)
		defer cancel()
		ref := kube.Ref{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: "scaledjobs.keda.sh"}
		err := b.cluster.Delete(ctx, ref, "", kube.Background)
		for ; err == nil; _, err = b.cluster.Get(ctx, ref) {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
		if !kube.Is(err, kube.NotFound) {
			b.t.Error(err)
		}
	})
	b.mustDeploy(b.request(service("1.0.0", map[string]string{"crds/scaledjob.yaml": names.Replace(crd)}), nil))
}

// setReady writes the condition Ready of the ScaledJob "one" as KEDA does, without
// a generation.
func (b *harness) setReady(status string) {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: "keda.sh/v1alpha1", Kind: "ScaledJob", Namespace: b.namespace, Name: "one"})
	if err != nil {
		b.t.Error(err)
		return
	}
	o.Object["status"] = map[string]any{"conditions": []any{
		map[string]any{"type": "Ready", "status": status}, map[string]any{"type": "Active", "status": "Unknown"},
	}}
	path := "/apis/keda.sh/v1alpha1/namespaces/" + b.namespace + "/scaledjobs/one/status"
	if err := b.cluster.Do(b.t.Context(), http.MethodPut, path, o.Object, nil); err != nil {
		b.t.Errorf("write a status: %v", err)
	}
}

// A ScaledJob is awaited until KEDA says that it is ready, however often it has
// said something else before: each word is written when the last one was told.
func TestScaledJobWaitsForItsOperator(t *testing.T) {
	b := newHarness(t)
	b.scaledJobs()
	chart := service("1.1.0", map[string]string{
		"templates/job.yaml": "apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: one}\nspec: {maxReplicaCount: 3}\n",
	})
	p, err := b.engine.Plan(t.Context(), b.request(chart, nil))
	if err != nil {
		t.Fatal(err)
	}
	var operator sync.WaitGroup
	var told []string
	log := event.NewLog(nil, func(e event.Event) {
		if e.Kind != event.Object || e.Object != "ScaledJob/one" {
			return
		}
		told = append(told, string(e.Status)+" "+e.Message)
		switch {
		case strings.Contains(e.Message, "Ready is not set"):
			operator.Go(func() { b.setReady("Unknown") })
		case strings.Contains(e.Message, "Ready=Unknown"):
			operator.Go(func() { b.setReady("False") })
		case strings.Contains(e.Message, "Ready=False"):
			operator.Go(func() { b.setReady("True") })
		}
	})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		out, err := b.engine.Apply(t.Context(), p, s)
		if err != nil {
			t.Errorf("%v\n%s", err, out.Details)
		}
		return event.Result{Status: out.Status}
	})
	operator.Wait()
	if said := strings.Join(told, "\n"); len(told) < 4 || !strings.Contains(said, "Ready=Unknown") || !strings.Contains(said, "Ready=False") || !strings.HasPrefix(told[len(told)-1], string(event.Passed)) {
		t.Errorf("told:\n%s", said)
	}
}
