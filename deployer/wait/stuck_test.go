package wait

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

func TestStuckJobs(t *testing.T) {
	const seen = `startTime: "2026-01-01T00:00:00Z", ready: 0, terminating: 0, uncountedTerminatedPods: {}`
	for text, want := range map[string]bool{
		`{status: {` + seen + `}}`: true,
		`{spec: {parallelism: 1, completions: 1}, status: {` + seen + `}}`: true,
		`{}`:                                     false,
		`{status: {` + seen + `, active: 1}}`:    false,
		`{status: {` + seen + `, failed: 1}}`:    false,
		`{status: {` + seen + `, succeeded: 1}}`: false,
		`{status: {` + seen + `, conditions: [{type: Suspended, status: "True"}]}}`: false,
		`{spec: {suspend: true}, status: {` + seen + `}}`:                           false,
		`{spec: {parallelism: 0}, status: {` + seen + `}}`:                          false,
		`{spec: {completions: 0}, status: {` + seen + `}}`:                          false,
		`{spec: {managedBy: example.com/queue}, status: {` + seen + `}}`:            false,
	} {
		if got := stuck(objecttest.Of(t, "batch/v1", "Job", text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// TestStuckJobIsMadeAgain brings Jobs into the state in which their controller makes no pods, by deleting and making
// many of them at once without a wait, and awaits one of them.
func TestStuckJobIsMadeAgain(t *testing.T) {
	t.Parallel()
	c := kubetest.Connect(t, nil)
	namespace := kubetest.Namespace(t)
	quick := kubetest.Image(t, "stuck:1", kubetest.Script{ExitAfter: 10 * time.Millisecond})
	apply := func(name string) (*unstructured.Unstructured, error) {
		o := objecttest.Parse(t, fmt.Sprintf("apiVersion: batch/v1\nkind: Job\nmetadata: {name: %s, namespace: %s}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: %q}]}}}\n", name, namespace, quick))
		return c.Apply(t.Context(), o, kube.ApplyOptions{Manager: "test"})
	}
	found := stuckOne(t, c, namespace, apply)
	if found == nil {
		t.Skip("no Job got stuck: this machine is too quick or too slow for the race")
	}
	item := ToFinish(found)
	item.Remake = func(context.Context) (*unstructured.Unstructured, error) { return apply(found.GetName()) }
	var told []string
	log := event.NewLog(nil, func(e event.Event) { told = append(told, e.Message) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	log.Step("web", "deploy", func(s event.Span) event.Result {
		if err := (&Waiter{Cluster: c, Span: s}).Await(ctx, []*Item{item}); err != nil {
			t.Error(err)
		}
		return event.Result{}
	})
	if item.Object.GetUID() == found.GetUID() || !strings.Contains(strings.Join(told, "\n"), "deleted and made again") {
		t.Errorf("it was not made again: %q", told)
	}
}

// stuckOne makes Jobs and makes them again at various moments, until one of them is stuck; nil when none is in five
// rounds.
func stuckOne(t *testing.T, c *kube.Client, namespace string, apply func(name string) (*unstructured.Unstructured, error)) *unstructured.Unstructured {
	t.Helper()
	for round := range 5 {
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				name := fmt.Sprintf("race-%d-%d", round, i)
				made, err := apply(name)
				if err == nil {
					err = c.Delete(t.Context(), kube.RefOf(made), "", kube.Background)
				}
				if err == nil {
					_, err = apply(name)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if o := firstStuck(t, c, namespace); o != nil {
			return o
		}
	}
	return nil
}

// firstStuck waits until every Job has ended or stays stuck, and returns one of the latter.
func firstStuck(t *testing.T, c *kube.Client, namespace string) *unstructured.Unstructured {
	t.Helper()
	open := map[string]*unstructured.Unstructured{}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	listed := false
	_ = c.Watch(ctx, "batch/v1", "Job", kube.Selection{Namespace: namespace}, func(n kube.Notice) {
		switch {
		case n.Change == kube.Synced:
			listed = true
		case n.Change == kube.Gone || jobEnded(n.Object):
			delete(open, n.Object.GetName())
		default:
			open[n.Object.GetName()] = n.Object
		}
		if listed && len(open) == 0 {
			cancel()
		}
	})
	for _, o := range open {
		if stuck(o) {
			return o
		}
	}
	return nil
}
