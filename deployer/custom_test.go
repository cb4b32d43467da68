package deployer_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/event"
)

// gadgets defines a kind with a status of the test's own group in the cluster.
func (b *harness) gadgets() (group string) {
	b.t.Helper()
	group = b.namespace + ".example.com"
	names := strings.NewReplacer("GROUP", group, "KIND", "widget", "storage: true\n", "storage: true\n    subresources: {status: {}}\n")
	c := service("1.0.0", map[string]string{"crds/widget.yaml": names.Replace(crd)})
	b.mustDeploy(b.request(c, nil))
	b.t.Cleanup(func() {
		ref := kube.Ref{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: "widgets." + group}
		if err := b.cluster.Delete(context.WithoutCancel(b.t.Context()), ref, "", kube.Background); err != nil {
			b.t.Error(err)
		}
	})
	return group
}

func widget(group, annotations string) map[string]string {
	return map[string]string{"templates/widget.yaml": "apiVersion: " + group + "/v1\nkind: Widget\nmetadata: {name: one, annotations: {" + annotations + "}}\nspec: {size: 3}\n"}
}

// controller gives each widget that has no status the one that answer makes,
// until the test ends. It begins before the first widget does.
func (b *harness) controller(group string, answer map[string]any) {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.t.Context())
	synced, done := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(synced) }) // a watch that was cut lists again
	go func() {
		defer close(done)
		_ = b.cluster.Watch(ctx, group+"/v1", "Widget", kube.Selection{Namespace: b.namespace}, func(n kube.Notice) {
			if n.Change == kube.Synced {
				first()
			}
			if n.Change != kube.Seen || n.Object.Object["status"] != nil {
				return
			}
			n.Object.Object["status"] = answer
			path := "/apis/" + group + "/v1/namespaces/" + b.namespace + "/widgets/" + n.Object.GetName() + "/status"
			if err := b.cluster.Do(ctx, http.MethodPut, path, n.Object.Object, nil); err != nil && ctx.Err() == nil {
				b.t.Errorf("write a status: %v", err)
			}
		})
	}()
	b.t.Cleanup(func() { stop(); <-done })
	select {
	case <-synced:
	case <-ctx.Done():
	}
}

// told reports whether an event about an object had a message like this.
func (b *harness) told(object, message string) bool {
	return slices.ContainsFunc(b.events, func(e event.Event) bool {
		return e.Kind == event.Object && e.Object == object && strings.Contains(e.Message, message)
	})
}

func (b *harness) judged(req deployer.Request, group, ready, failed string) deployer.Request {
	b.t.Helper()
	c := readiness.Criteria{}
	for text, into := range map[string]**readiness.Expression{ready: &c.Ready, failed: &c.Failed} {
		if text == "" {
			continue
		}
		e, err := readiness.Compile(text)
		if err != nil {
			b.t.Fatal(err)
		}
		*into = e
	}
	req.Readiness = map[string]readiness.Criteria{group + "/Widget": c}
	return req
}

func TestFreshResourceWaitsForItsController(t *testing.T) {
	b := newHarness(t)
	group := b.gadgets()
	b.controller(group, map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "True"}}})
	b.mustDeploy(b.request(service("1.1.0", widget(group, "")), nil))
	if !b.told("Widget/one", "Ready=True") {
		t.Errorf("ready before its controller said so: %+v", b.events)
	}
}

func TestSilentControllerIsNotAwaitedForEver(t *testing.T) {
	b := newHarness(t)
	group := b.gadgets()
	b.mustDeploy(b.request(service("1.1.0", widget(group, "")), nil))
	for _, want := range []string{"has written no status yet", "no controller has written a status within"} {
		if !b.told("Widget/one", want) {
			t.Errorf("%q is not told: %+v", want, b.events)
		}
	}
}

func TestExpressionsDecide(t *testing.T) {
	b := newHarness(t)
	group := b.gadgets()
	b.controller(group, map[string]any{"phase": "Broken", "message": "no disk"})
	req := b.judged(b.request(service("1.1.0", widget(group, "")), nil), group, "status.phase == 'Up'", "status.phase == 'Broken'")
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.RolledBack || !strings.Contains(failed.Cause, "Widget/one: failed, as status.phase == 'Broken'; phase Broken: no disk") {
		t.Fatalf("%+v %v", out, err)
	}
	req = b.judged(b.request(service("1.2.0", widget(group, "")), nil), group, "status.phase == 'Broken'", "")
	b.mustDeploy(req)
	if !b.told("Widget/one", "phase Broken") {
		t.Errorf("%+v", b.events)
	}
}

func TestAnnotationsChangeTheWait(t *testing.T) {
	b := newHarness(t)
	group := b.gadgets()
	never := func(annotations string) deployer.Request {
		return b.judged(b.request(service("1.1.0", widget(group, annotations)), nil), group, "status.phase == 'Up'", "")
	}
	b.mustDeploy(never("pintle.dev/wait: ignore"))

	_, err := b.deploy(t.Context(), never("pintle.dev/wait-timeout: 1s"))
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !strings.Contains(failed.Cause, "not ready after 1s") {
		t.Errorf("shorter: %v", err)
	}

	req := never("pintle.dev/wait-timeout: 3s")
	req.Timeout = time.Second
	_, err = b.deploy(t.Context(), req)
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !strings.Contains(failed.Cause, "not ready after 3s") {
		t.Errorf("longer: %v", err)
	}

	_, err = b.engine.Plan(t.Context(), never("pintle.dev/wait: sometimes"))
	if refused, ok := errors.AsType[*plan.RejectedError](err); !ok || !strings.Contains(refused.Error(), "Widget one") && !strings.Contains(refused.Error(), "Widget/one") {
		t.Errorf("unknown: %T %v", err, err)
	}
}
