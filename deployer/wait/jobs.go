package wait

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/sleep"
)

// What runs is made again only when nothing of it runs any more: two runs of a migration at once are what nobody wants.
// For a Job there is a second reason. Kubernetes' Job controller counts the pods that it expects to see by the Job's
// name (pkg/controller/job, expectations). A Job that is deleted before its controller has seen the pod that it made
// leaves that count behind, and a Job made under its name within milliseconds gets no pod for five minutes.
//
// The one state of a running Job in which the API shows that nothing is expected is that of a suspended one: the
// condition Suspended is set only by a sync for which all pods have been seen, and none is made after it.

const (
	stopPatience  = 10 * time.Second // for the controller's word that it suspends a Job
	stuckPatience = 10 * time.Second // for the first pod of a Job that its controller has seen
	forgetPause   = time.Second      // from the end of a Job to the next, where the controller may expect pods of it
	maxRemade     = 3                // times that one Job is made again
)

// IsJob reports whether an object is a Job of Kubernetes.
func IsJob(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Job" && o.GroupVersionKind().Group == "batch"
}

// builtinJob reports a Job that Kubernetes' own controller runs.
func builtinJob(o *unstructured.Unstructured) bool {
	by := object.String(o, "spec", "managedBy")
	return IsJob(o) && (by == "" || by == "kubernetes.io/job-controller")
}

// jobEnded reports whether a Job's pods have all ended, whatever came of them.
func jobEnded(o *unstructured.Unstructured) bool {
	for _, name := range []string{"Complete", "Failed"} {
		if c, ok := object.ConditionOf(o, name); ok && c.Status == "True" {
			return object.Int(o, "status", "terminating") == 0
		}
	}
	return false
}

// jobStopped reports whether a suspended Job has no pod left, nor will have.
func jobStopped(o *unstructured.Unstructured) bool {
	return suspendedByController(o) &&
		object.Int(o, "status", "active") == 0 && object.Int(o, "status", "terminating") == 0
}

func suspendedByController(o *unstructured.Unstructured) bool {
	c, ok := object.ConditionOf(o, "Suspended")
	return ok && c.Status == "True"
}

// Clear deletes an object so that another one can be made under its name, and waits until it and what it runs are gone,
// as far as it says so itself: the pods of a Job are awaited before the next is made, see AwaitFormer. Waits are told
// where something runs. An object that is not there any more is no error.
func (w *Waiter) Clear(ctx context.Context, o *unstructured.Unstructured) error {
	quiet, err := w.stop(ctx, o)
	if err != nil {
		return err
	}
	cascade := kube.Background
	if !quiet {
		cascade = kube.Foreground
	}
	err = w.Cluster.Delete(ctx, kube.RefOf(o), string(o.GetUID()), cascade)
	if kube.Is(err, kube.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if ended := quiet && o.GetKind() != "Pod" || object.String(o, "status", "phase") == "Succeeded"; ended {
		w = &Waiter{Cluster: w.Cluster, Expires: w.Expires}
	}
	if err := w.Await(ctx, []*Item{ToBeGone(o)}); err != nil {
		return err
	}
	if builtinJob(o) && !quiet {
		sleep.For(ctx, forgetPause)
	}
	return nil
}

// stop suspends a Job that runs and waits until its controller has stopped it. It reports whether nothing is to be
// expected of the object once it is deleted: of a Job that its controller did not stop, and of other kinds that make
// pods or may do so, something is.
func (w *Waiter) stop(ctx context.Context, o *unstructured.Unstructured) (bool, error) {
	switch {
	case !IsJob(o):
		podless := readiness.TemplateLabels(o) == nil && !readiness.IsCustom(o.GroupVersionKind().Group)
		return podless || o.GetKind() == "Pod", nil
	case jobEnded(o) || jobStopped(o):
		return true, nil
	case !builtinJob(o) || o.GetDeletionTimestamp() != nil:
		return false, nil
	}
	if err := Suspend(ctx, w.Cluster, o, true); err != nil {
		return false, context.Cause(ctx) // whoever may not change it may yet delete it
	}
	quiet := false
	item := ToBeGone(o)
	began := time.Now()
	item.evaluate = func(live *unstructured.Unstructured) readiness.Status {
		quiet = live == nil || live.GetUID() != o.GetUID() || jobEnded(live) || jobStopped(live)
		switch {
		case quiet:
			return readiness.Status{State: readiness.Ready, Message: "stopped"}
		case !suspendedByController(live) && time.Since(began) >= stopPatience:
			return readiness.Status{State: readiness.Ready, Message: "its controller does not stop it"}
		}
		return readiness.Status{State: readiness.Progressing, Message: fmt.Sprintf("being stopped: %d active, %d terminating",
			object.Int(live, "status", "active"), object.Int(live, "status", "terminating"))}
	}
	return quiet, w.Await(ctx, []*Item{item})
}

// Suspend sets spec.suspend of this very Job.
func Suspend(ctx context.Context, c *kube.Client, o *unstructured.Unstructured, on bool) error {
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/uid", "value": string(o.GetUID())},
		{"op": "add", "path": "/spec/suspend", "value": on},
	})
	if err != nil {
		return err
	}
	return c.JSONPatch(ctx, kube.RefOf(o), patch)
}

// AwaitFormer waits until no pod runs that an earlier Job of the name has made: pods outlive a Job that was deleted, by
// us or by others, for as long as they take to terminate. next is the Job to be made; other kinds have no such pods.
func (w *Waiter) AwaitFormer(ctx context.Context, next *unstructured.Unstructured) error {
	if !IsJob(next) {
		return nil
	}
	pods, err := w.formerPods(ctx, next)
	if kube.Is(err, kube.Forbidden) {
		w.Span.Warn(fmt.Sprintf("%s: whether pods of an earlier one still run is not known: %v", kube.RefOf(next), err))
		return nil
	}
	if err != nil || len(pods) == 0 {
		return err
	}
	var items []*Item
	for _, p := range pods {
		items = append(items, toHaveEnded(p, kube.RefOf(next).String()))
	}
	return w.Await(ctx, items)
}

// formerPods are the pods of a Job's name that have not ended, and whose Job is not there any more.
func (w *Waiter) formerPods(
	ctx context.Context, next *unstructured.Unstructured,
) ([]*unstructured.Unstructured, error) {
	ref := kube.RefOf(next)
	labels := "job-name=" + ref.Name
	if manual, _, _ := unstructured.NestedBool(next.Object, "spec", "manualSelector"); manual {
		labels = readiness.CommonSelector([]map[string]string{readiness.PodSelector(next)})
	}
	found, _, err := w.Cluster.List(ctx, "v1", "Pod", kube.Selection{Namespace: ref.Namespace, Labels: labels})
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	for _, p := range found {
		if podEnded(p) || !ofJob(p, ref.Name) {
			continue
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, nil
	}
	live, err := w.Cluster.Get(ctx, ref)
	if err != nil && !kube.Is(err, kube.NotFound) {
		return nil, err
	}
	if live == nil {
		return out, nil
	}
	former := out[:0]
	for _, p := range out {
		if !object.Controlled(p, string(live.GetUID())) {
			former = append(former, p)
		}
	}
	return former, nil
}

// ofJob reports whether a pod's controller is a Job of that name.
func ofJob(pod *unstructured.Unstructured, name string) bool {
	for _, ref := range pod.GetOwnerReferences() {
		if ref.Controller != nil && *ref.Controller {
			return ref.Kind == "Job" && ref.Name == name && strings.HasPrefix(ref.APIVersion, "batch/")
		}
	}
	return false
}

// podEnded reports whether all containers of a pod have ended for good.
func podEnded(pod *unstructured.Unstructured) bool {
	phase := object.String(pod, "status", "phase")
	return phase == "Succeeded" || phase == "Failed"
}

// toHaveEnded expects a pod of an earlier run of owner to end or to disappear.
func toHaveEnded(pod *unstructured.Unstructured, owner string) *Item {
	a := ToBeGone(pod)
	gone := a.evaluate
	a.evaluate = func(o *unstructured.Unstructured) readiness.Status {
		v := gone(o)
		if v.State == readiness.Progressing && podEnded(o) {
			return readiness.Status{State: readiness.Ready, Message: "ended"}
		}
		if v.State == readiness.Progressing {
			v.Message = "of an earlier " + owner + ", which must not run twice at once: " + v.Message
		}
		return v
	}
	return a
}
