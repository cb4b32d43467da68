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

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
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

// controller gives each widget that has no status the one that answer makes, until the test ends. It begins before the
// first widget does.
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

// scaledJobs defines KEDA's ScaledJob in the cluster: not its ScaledObject, for which the plans of other tests would
// look. The CRD goes with the test.
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

// setReady writes the condition Ready of the ScaledJob "one" as KEDA does, without a generation.
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

// A ScaledJob is awaited until KEDA says that it is ready, however often it has said something else before: each word
// is written when the last one was told.
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

// workload is a chart of one workload that is called db.
func workload(kind, apiVersion, spec string) *chart.Chart {
	text := "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: db}\nspec:\n" + spec +
		"  template:\n    metadata: {labels: {app: db}}\n    spec: {containers: [{name: main, image: \"{{ .Values.image }}\"}]}\n"
	return service("1.0.0", map[string]string{
		"templates/deployment.yaml": "", "templates/service.yaml": "", "templates/config.yaml": "", "templates/db.yaml": text,
	})
}

// A workload that updates on delete is waited for like any other until its first pods are up; an upgrade does not wait
// for pods that nobody deletes.
func TestOnDeleteIsAwaited(t *testing.T) {
	const strategy = "  selector: {matchLabels: {app: db}}\n  updateStrategy: {type: OnDelete}\n"
	for kind, c := range map[string]*chart.Chart{
		"DaemonSet":   workload("DaemonSet", "apps/v1", strategy),
		"StatefulSet": workload("StatefulSet", "apps/v1", strategy+"  serviceName: db\n"),
	} {
		t.Run(kind, func(t *testing.T) {
			b := newHarness(t)
			_, registry := kubetest.Cluster(t)
			_, err := b.deploy(t.Context(), b.request(c, map[string]any{"image": registry + "/absent:3"}))
			if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !strings.Contains(failed.Cause, "ImagePull") {
				t.Fatalf("an install whose image is absent: %T %v", err, err)
			}
			b.mustDeploy(b.request(c, nil))
			b.mustDeploy(b.request(c, map[string]any{"image": registry + "/absent:3"}))
			if !b.told(kind+"/db", "1 of 1 ready, 0 of 1 updated: updates on delete") {
				t.Errorf("it is not told: %+v", b.events)
			}
		})
	}
}

// A workload that shrinks is ready when the pods that it has too many are gone.
func TestShrinkingIsAwaited(t *testing.T) {
	slow := kubetest.Image(t, "slow-stop:1", kubetest.Script{StopAfter: 3 * time.Second})
	const spec = "  replicas: {{ .Values.replicas }}\n"
	const selector = spec + "  selector: {matchLabels: {app: db}}\n"
	for kind, c := range map[string]*chart.Chart{
		"StatefulSet":           workload("StatefulSet", "apps/v1", selector+"  serviceName: db\n"),
		"Deployment":            workload("Deployment", "apps/v1", selector),
		"ReplicaSet":            workload("ReplicaSet", "apps/v1", selector),
		"ReplicationController": workload("ReplicationController", "v1", spec+"  selector: {app: db}\n"),
	} {
		t.Run(kind, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(c, map[string]any{"image": slow, "replicas": 2}))
			b.mustDeploy(b.request(c, map[string]any{"image": slow, "replicas": 0}))
			pods, _, err := b.cluster.List(t.Context(), "v1", "Pod", kube.Selection{Namespace: b.namespace, Labels: "app=db"})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pods { // those of all but a StatefulSet may still terminate: their status does not count them
				if kind == "StatefulSet" || p.GetDeletionTimestamp() == nil {
					t.Errorf("pod %s is still there", p.GetName())
				}
			}
		})
	}
}

func TestStatefulSetAndClaimBecomeReady(t *testing.T) {
	b := newHarness(t)
	set := `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: "{{ .Values.image }}"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`
	extra := map[string]string{"templates/db.yaml": set}
	b.mustDeploy(b.request(service("1.0.0", extra), nil))
	crash := kubetest.Image(t, "crash-db:1", kubetest.Script{CrashAfter: time.Millisecond, Log: []string{"corrupt page 7"}})
	req := b.request(service("1.1.0", extra), map[string]any{"image": crash})
	req.Settle = 0
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.RolledBack || !strings.Contains(out.Details, "corrupt page 7") {
		t.Errorf("%v\n%s", err, out.Details)
	}
	record, objects, err := b.engine.Status(t.Context(), deployer.StatusRequest{Release: "web", Namespace: b.namespace, WaitForJobs: true})
	if err != nil || record.Version != 3 {
		t.Fatalf("%+v %v", record, err)
	}
	for _, o := range objects {
		if !o.Exists || !o.Ready {
			t.Errorf("%+v", o)
		}
	}
}
