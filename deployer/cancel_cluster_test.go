package deployer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

// TestOnCancel interrupts an upgrade, and a first install, while it waits for its Deployment, under each policy.
func TestOnCancel(t *testing.T) {
	never := kubetest.Script{NeverReady: true}
	slow := kubetest.Script{ReadyAfter: 2 * time.Second}
	for name, tt := range map[string]struct {
		policy   deployer.Policy
		script   kubetest.Script
		install  bool
		status   event.Status
		history  string
		greeting string
	}{
		"rollback":         {deployer.Rollback, never, false, event.Interrupted, "1 superseded, 2 failed, 3 deployed", "one"},
		"leave":            {deployer.Leave, never, false, event.Interrupted, "1 deployed, 2 failed", "two"},
		"finish in time":   {deployer.Finish, slow, false, event.Passed, "1 superseded, 2 deployed", "two"},
		"finish too late":  {deployer.Finish, never, false, event.Interrupted, "1 deployed, 2 failed", "two"},
		"as after failure": {"", never, false, event.Interrupted, "1 deployed, 2 failed", "two"},
		"install":          {deployer.Rollback, never, true, event.Interrupted, "", ""},
		"install, left":    {deployer.Leave, never, true, event.Interrupted, "1 failed", "two"},
		"install, finish":  {deployer.Finish, slow, true, event.Passed, "1 deployed", "two"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			if !tt.install {
				b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
			}
			req := b.request(service("1.1.0", nil), map[string]any{
				"greeting": "two", "image": kubetest.Image(t, "cancelled:"+b.namespace, tt.script),
			})
			req.OnCancel, req.OnFailure, req.OnFailedInstall = tt.policy, deployer.Leave, deployer.Leave
			out, err := b.interrupted(req)
			if out.Status != tt.status || (err == nil) != (tt.status == event.Passed) {
				t.Errorf("%+v: %v", out, err)
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if d := cmp.Diff(tt.history, b.history()); d != "" {
				t.Error(d)
			}
			if tt.greeting == "" {
				if b.exists("v1", "ConfigMap", "web") {
					t.Error("the install was not removed")
				}
			} else if got := b.greeting(); got != tt.greeting {
				t.Errorf("greeting %q", got)
			}
			if b.exists("coordination.k8s.io/v1", "Lease", "pintle-lock-web") {
				t.Error("the lock was not given back")
			}
		})
	}
}

// interrupted deploys and cancels once the Deployment is awaited.
func (b *harness) interrupted(req deployer.Request) (out deployer.Outcome, err error) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	p, err := b.engine.Plan(ctx, req)
	if err != nil {
		b.t.Fatal(err)
	}
	log := event.NewLog(nil, func(e event.Event) {
		if e.Object == "Deployment/web" && e.Status == event.Waiting {
			cancel()
		}
	})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		out, err = b.engine.Apply(ctx, p, s)
		return event.Result{}
	})
	return out, err
}

func TestCancelRollsBackWithinItsBound(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	before := b.image()
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	ctx, cancel := context.WithCancel(t.Context())
	p, err := b.engine.Plan(ctx, b.request(service("1.1.0", nil), map[string]any{"image": never}))
	if err != nil {
		t.Fatal(err)
	}
	var out deployer.Outcome
	log := event.NewLog(nil, func(e event.Event) {
		if e.Object == "Deployment/web" && e.Status == event.Waiting && strings.Contains(e.Message, "pod") {
			cancel()
		}
	})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		out, err = b.engine.Apply(ctx, p, s)
		return event.Result{}
	})
	if !errors.Is(err, context.Canceled) || out.Status != event.Interrupted {
		t.Fatalf("%+v %v", out, err)
	}
	if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !failed.RolledBack {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	if got := b.image(); got != before {
		t.Errorf("image %s, want %s", got, before)
	}
}
