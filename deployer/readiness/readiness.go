// Package readiness judges live Kubernetes objects: how far one is on its way to what its spec says, and when it can
// never get there. The rules are those of the kinds' own controllers, of well-known custom resources, and those that
// users write as expressions (CEL) and annotations.
//
// It is pure: it refuses to ask a cluster, to wait, and to keep what it saw; deployer/wait does these.
package readiness

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object"
)

// Status is how far an object is on its way to what its spec says.
type Status struct {
	State   State
	Message string // one line: "1 of 3 ready"
}

// State is what an object has come to.
type State int

// The states.
const (
	Progressing State = iota
	Ready
	Failed // it will never be ready
)

// Of judges one live object. It is pure: the object's own status is all it looks at. The rules are those of the kinds'
// controllers, as kstatus has them (facts/helm-format.md 4.9), and customRules for well-known custom resources; kinds
// without a rule are judged by the conditions that custom resources have in common.
func Of(o *unstructured.Unstructured, waitForJobs bool) Status {
	if o.GetDeletionTimestamp() != nil {
		return Status{Progressing, "being deleted"}
	}
	if SuspendedByFlux(o) {
		return Status{Ready, "suspended"}
	}
	if v, stale := outdated(o); stale {
		return v
	}
	switch o.GroupVersionKind().Group + "/" + o.GetKind() {
	case "apps/Deployment":
		return deploymentReady(o)
	case "apps/StatefulSet":
		return statefulSetReady(o)
	case "apps/DaemonSet":
		return daemonSetReady(o)
	case "apps/ReplicaSet", "/ReplicationController":
		return replicaSetReady(o)
	case "/Pod":
		return podReady(o)
	case "batch/Job":
		return jobReady(o, waitForJobs)
	case "/PersistentVolumeClaim":
		return claimReady(o)
	case "/Service":
		return serviceReady(o)
	case "/Namespace":
		phase := object.String(o, "status", "phase")
		return reached(phase == "Active", "phase "+phase)
	case "apiextensions.k8s.io/CustomResourceDefinition":
		return crdReady(o)
	case "apiregistration.k8s.io/APIService":
		return conditionReady(o, "Available")
	}
	if r, ok := ruleFor(o.GroupVersionKind().Group, o.GetKind()); ok {
		return r.ready(o)
	}
	return customReady(o)
}

// ObservedGeneration is the generation that an object's status speaks of. Argo Rollouts write it as text.
func ObservedGeneration(o *unstructured.Unstructured) (int64, bool) {
	field, _, _ := unstructured.NestedFieldNoCopy(o.Object, "status", "observedGeneration")
	switch n := field.(type) {
	case int64:
		return n, true
	case string:
		i, err := strconv.ParseInt(n, 10, 64)
		return i, err == nil
	}
	return 0, false
}

// outdated reports an object whose controller has not yet seen its last change.
func outdated(o *unstructured.Unstructured) (Status, bool) {
	observed, ok := ObservedGeneration(o)
	if !ok {
		switch o.GroupVersionKind().Group + "/" + o.GetKind() {
		case "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet", "/ReplicationController":
			return Status{Progressing, "not yet seen by its controller"}, true
		}
		return Status{}, false
	}
	if observed < o.GetGeneration() {
		return Status{Progressing, "the last change is not yet seen by its controller"}, true
	}
	return Status{}, false
}

func reached(done bool, message string) Status {
	if done {
		return Status{Ready, message}
	}
	return Status{Progressing, message}
}

func deploymentReady(o *unstructured.Unstructured) Status {
	if paused, _, _ := unstructured.NestedBool(o.Object, "spec", "paused"); paused {
		return pausedReady(o)
	}
	if c, ok := object.ConditionOf(o, "Progressing"); ok && c.Reason == "ProgressDeadlineExceeded" {
		return Status{Failed, "progress deadline exceeded: " + c.Message}
	}
	want := Replicas(o)
	total, updated := object.Int(o, "status", "replicas"), object.Int(o, "status", "updatedReplicas")
	available := object.Int(o, "status", "availableReplicas")
	fresh := max(0, min(updated, available-(total-updated))) // available counts old pods too: the least that can be new
	count := fmt.Sprintf("%d of %d ready", fresh, want)
	switch {
	case updated < want:
		return Status{Progressing, fmt.Sprintf("%s, %d of %d updated", count, updated, want)}
	case total > updated:
		return Status{Progressing, fmt.Sprintf("%s, %d old to stop", count, total-updated)}
	case total > want:
		return surplus(count, total, want)
	}
	return reached(available >= want, count)
}

// pausedReady judges a paused Deployment: its pods are not replaced, so nothing is to be expected of them, but what
// pods it has are still scaled.
func pausedReady(o *unstructured.Unstructured) Status {
	want, total := Replicas(o), object.Int(o, "status", "replicas")
	switch {
	case total > want:
		return surplus("paused", total, want)
	case total > 0 && total < want:
		return Status{Progressing, fmt.Sprintf("paused, %d of %d pods", total, want)}
	}
	return Status{Ready, "paused"}
}

func replicaSetReady(o *unstructured.Unstructured) Status {
	want, have, total := Replicas(o), object.Int(o, "status", "readyReplicas"), object.Int(o, "status", "replicas")
	count := fmt.Sprintf("%d of %d ready", have, want)
	if total > want {
		return surplus(count, total, want)
	}
	return reached(have >= want, count)
}

func statefulSetReady(o *unstructured.Unstructured) Status {
	want, have, total := Replicas(o), object.Int(o, "status", "readyReplicas"), object.Int(o, "status", "replicas")
	if onDelete(o) {
		return onDeleteReady(want, total, have, object.Int(o, "status", "updatedReplicas"))
	}
	count := fmt.Sprintf("%d of %d ready", have, want)
	switch {
	case total > want: // those that terminate count, too
		return surplus(count, total, want)
	case have < want:
		return Status{Progressing, count}
	}
	partition := object.Int(o, "spec", "updateStrategy", "rollingUpdate", "partition")
	if updated := object.Int(o, "status", "updatedReplicas"); partition > 0 && updated < want-partition {
		return Status{Progressing, fmt.Sprintf("%s, %d of %d updated", count, updated, want-partition)}
	}
	current, update := object.String(o, "status", "currentRevision"), object.String(o, "status", "updateRevision")
	if partition == 0 && want > 0 && current != update {
		return Status{Progressing,
			fmt.Sprintf("%s, %d of %d updated", count, object.Int(o, "status", "updatedReplicas"), want)}
	}
	return Status{Ready, count}
}

func daemonSetReady(o *unstructured.Unstructured) Status {
	want, have := replicasOf(o), object.Int(o, "status", "numberAvailable")
	updated := object.Int(o, "status", "updatedNumberScheduled")
	if onDelete(o) {
		return onDeleteReady(want, object.Int(o, "status", "currentNumberScheduled"), have, updated)
	}
	count := fmt.Sprintf("%d of %d ready", have, want)
	if updated < want {
		return Status{Progressing, fmt.Sprintf("%s, %d of %d updated", count, updated, want)}
	}
	return reached(have >= want, count)
}

func podReady(o *unstructured.Unstructured) Status {
	switch phase := object.String(o, "status", "phase"); phase {
	case "Succeeded":
		return Status{Ready, "succeeded"}
	case "Failed":
		reason, message := object.String(o, "status", "reason"), object.String(o, "status", "message")
		return Status{Failed, strings.TrimSuffix("failed: "+reason+" "+message, ":  ")}
	}
	c, _ := object.ConditionOf(o, "Ready")
	return reached(c.Status == "True", "phase "+object.String(o, "status", "phase"))
}

func jobReady(o *unstructured.Unstructured, wait bool) Status {
	for _, name := range []string{"Failed", "FailureTarget"} {
		if c, ok := object.ConditionOf(o, name); ok && c.Status == "True" {
			return Status{Failed, strings.TrimSpace("the job failed: " + c.Reason + ": " + c.Message)}
		}
	}
	if c, ok := object.ConditionOf(o, "Complete"); ok && c.Status == "True" {
		return Status{Ready, "complete"}
	}
	if suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend"); suspended {
		return Status{Ready, "suspended"}
	}
	message := fmt.Sprintf("%d active, %d failed", object.Int(o, "status", "active"), object.Int(o, "status", "failed"))
	if wait {
		return Status{Progressing, message}
	}
	return reached(object.String(o, "status", "startTime") != "", message)
}

func claimReady(o *unstructured.Unstructured) Status {
	phase := object.String(o, "status", "phase")
	if phase == "Lost" {
		return Status{Failed, "its volume is lost"}
	}
	return reached(phase == "Bound", "phase "+phase)
}

// serviceReady does not wait for a load balancer's address: clusters without one never give it, and Helm 4 does not
// wait either.
func serviceReady(o *unstructured.Unstructured) Status {
	if object.String(o, "spec", "type") != "LoadBalancer" {
		return Status{Ready, ""}
	}
	return reached(object.String(o, "spec", "clusterIP") != "", "no cluster address yet")
}

func crdReady(o *unstructured.Unstructured) Status {
	if c, ok := object.ConditionOf(o, "NamesAccepted"); ok && c.Status == "False" {
		return Status{Failed, "names not accepted: " + c.Message}
	}
	return conditionReady(o, "Established")
}

func conditionReady(o *unstructured.Unstructured, name string) Status {
	c, ok := object.ConditionOf(o, name)
	if !ok {
		return Status{Progressing, "condition " + name + " is not set"}
	}
	if c.Observed > 0 && c.Observed < o.GetGeneration() {
		return Status{Progressing, "the last change is not yet seen by its controller"}
	}
	return reached(c.Status == "True", strings.TrimSuffix(name+"="+c.Status+": "+c.Message, ": "))
}

// customReady judges by the conditions Stalled, Reconciling and Ready. A resource without any is ready: many never get
// a status.
func customReady(o *unstructured.Unstructured) Status {
	if c, ok := object.ConditionOf(o, "Stalled"); ok && c.Status == "True" {
		return Status{Failed, "stalled: " + c.Message}
	}
	if c, ok := object.ConditionOf(o, "Reconciling"); ok && c.Status == "True" {
		return Status{Progressing, "reconciling: " + c.Message}
	}
	if _, ok := object.ConditionOf(o, "Ready"); ok {
		return conditionReady(o, "Ready")
	}
	return Status{Ready, ""}
}

// Replicas is spec.replicas, which defaults to 1.
func Replicas(o *unstructured.Unstructured) int64 {
	if n, ok, err := unstructured.NestedInt64(o.Object, "spec", "replicas"); ok && err == nil {
		return n
	}
	return 1
}
