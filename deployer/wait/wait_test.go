package wait

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

// A custom resource is not ready before its controller has said something, as long as one may be expected to.
func TestStatusStale(t *testing.T) {
	widget := func(version, text string) *unstructured.Unstructured {
		o := objecttest.Of(t, "example.com/v1", "Widget", text)
		o.SetResourceVersion(version)
		return o
	}
	for _, tt := range []struct {
		name    string
		applied *unstructured.Unstructured
		change  Action
		now     *unstructured.Unstructured
		after   time.Duration
		want    readiness.State
	}{
		{"fresh", widget("1", `{}`), Create, nil, 0, readiness.Progressing},
		{"fresh, an empty list", widget("1", `{status: {conditions: []}}`), Create, nil, 5 * time.Second, readiness.Progressing},
		{"fresh, spoken", widget("1", `{}`), Create, widget("2", `{status: {phase: x}}`), time.Second, readiness.Ready},
		{"fresh, silent", widget("1", `{}`), Create, nil, quietAfterCreation, readiness.Ready},
		{"changed, old word", widget("5", `{status: {conditions: [{type: Ready, status: "True"}]}}`), Action("change"), nil, time.Second, readiness.Progressing},
		{"changed, new word", widget("5", `{status: {conditions: [{type: Ready, status: "True"}]}}`), Action("change"), widget("6", `{status: {conditions: [{type: Ready, status: "True"}]}}`), 0, readiness.Ready},
		{"changed, silent", widget("5", `{status: {conditions: [{type: Ready, status: "True"}]}}`), Action("change"), nil, quietAfterChange, readiness.Ready},
		{"changed, counted", widget("5", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`), Action("change"), nil, 0, readiness.Ready},
		{"unchanged", widget("5", `{}`), Unchanged, nil, 0, readiness.Ready},
		{"built in", objecttest.Of(t, "networking.k8s.io/v1", "Ingress", `{}`), Create, nil, 0, readiness.Ready},
		{"silent kind", objecttest.Of(t, "security.istio.io/v1", "AuthorizationPolicy", `{}`), Create, nil, 0, readiness.Ready},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ToBeReady(tt.applied, tt.change, true, readiness.Criteria{})
			w := alone(a)
			if tt.now != nil {
				a.Object = tt.now
			}
			if got := w.evaluate(a, w.began.Add(tt.after)); got.State != tt.want {
				t.Errorf("%d %q, want %d", got.State, got.Message, tt.want)
			}
		})
	}
}

func TestClaimThatWaitsForItsPod(t *testing.T) {
	claim := objecttest.Of(t, "v1", "PersistentVolumeClaim", `{spec: {storageClassName: lazy}, status: {phase: Pending}}`)
	a := ToBeReady(claim, Create, true, readiness.Criteria{})
	w := alone(a)
	if v := w.evaluate(a, w.began); v.State != readiness.Progressing {
		t.Errorf("%v", v)
	}
	w.consumers = map[string]bool{"lazy": true}
	if v := w.evaluate(a, w.began); v.State != readiness.Ready || !strings.Contains(v.Message, "first pod") {
		t.Errorf("%v", v)
	}
}

func TestTolerated(t *testing.T) {
	pod := `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, uid: one, annotations: {pintle.dev/tolerate: %s}}
spec: {containers: [{name: web, image: web:1}]}
status:
  phase: Pending
  containerStatuses:
  - {name: web, restartCount: 3, state: {waiting: {reason: ImagePullBackOff}}}
`
	for value, fails := range map[string]bool{"CrashLoopBackOff": true, "ErrImagePull": false, `"*"`: false} {
		o := objecttest.Parse(t, strings.Replace(pod, "%s", value, 1))
		w := alone(ToBeReady(o, Create, true, readiness.Criteria{}))
		w.pods["one"] = o
		err := w.assess(w.began)
		if err == nil {
			err = w.assess(w.began.Add(time.Minute))
		}
		if (err != nil) != fails {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// An object with a limit of its own neither ends the wait of the others nor is ended by them.
func TestLateItems(t *testing.T) {
	now := time.Now()
	plain := &Item{Ref: kube.Ref{Kind: "Deployment", Name: "plain"}, expires: now, status: readiness.Status{State: readiness.Progressing, Message: "starting"}}
	patient := &Item{Ref: kube.Ref{Kind: "Widget", Name: "patient"}, expires: now.Add(time.Hour), status: readiness.Status{State: readiness.Progressing, Message: "growing"}}
	w := &Waiter{items: []*Item{plain, patient}, began: now}
	if w.late(now.Add(-time.Second)) || !w.late(now) {
		t.Error("late at the wrong time")
	}
	err := w.ended(ErrTimeout)
	if !strings.Contains(err.Error(), "Deployment/plain") || strings.Contains(err.Error(), "and 1 more") {
		t.Error(err)
	}
	plain.status = readiness.Status{State: readiness.Ready, Message: ""}
	if w.late(now) {
		t.Error("the patient one is late already")
	}
}

// alone is a waiter for one item, without watches.
func alone(a *Item) *Waiter {
	return &Waiter{
		items: []*Item{a}, gracePeriods: readiness.GracePeriods{}, events: map[string]kube.Event{}, began: time.Now(),
		pods: map[string]*unstructured.Unstructured{}, sets: map[string]*unstructured.Unstructured{},
	}
}

func TestCustomTroubleIsGivenTime(t *testing.T) {
	o := objecttest.Of(t, "bitnami.com/v1alpha1", "SealedSecret", `{status: {observedGeneration: 2, conditions: [{type: Synced, status: "False", reason: Undecryptable, message: no key could decrypt secret}]}}`)
	w := alone(ToBeReady(o, Create, true, readiness.Criteria{}))
	now := time.Now()
	for _, tt := range []struct {
		after time.Duration
		fails bool
	}{{0, false}, {29 * time.Second, false}, {31 * time.Second, true}} {
		err := w.assess(now.Add(tt.after))
		if (err != nil) != tt.fails {
			t.Errorf("after %s: %v", tt.after, err)
		}
		if err != nil && !strings.Contains(err.Error(), "no key could decrypt") {
			t.Error(err)
		}
	}
}
