package deployer

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// verdict is how far an object is on its way to what its spec says.
type verdict struct {
	state   state
	message string // one line: "1 of 3 ready"
}

type state int

const (
	progressing state = iota
	ready
	dead // it will never be ready
)

// readiness judges one live object. It is pure: the object's own status is all
// it looks at. The rules are those of the kinds' controllers, as kstatus has
// them (facts/helm-format.md 4.9), and customRules for well-known custom
// resources; kinds without a rule are judged by the conditions that custom
// resources have in common.
func readiness(o *unstructured.Unstructured, waitForJobs bool) verdict {
	if o.GetDeletionTimestamp() != nil {
		return verdict{progressing, "being deleted"}
	}
	if suspended(o) {
		return verdict{ready, "suspended"}
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
		phase := str(o, "status", "phase")
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

// observedGeneration is the generation that an object's status speaks of. Argo
// Rollouts write it as text.
func observedGeneration(o *unstructured.Unstructured) (int64, bool) {
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
func outdated(o *unstructured.Unstructured) (verdict, bool) {
	observed, ok := observedGeneration(o)
	if !ok {
		switch o.GroupVersionKind().Group + "/" + o.GetKind() {
		case "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet", "/ReplicationController":
			return verdict{progressing, "not yet seen by its controller"}, true
		}
		return verdict{}, false
	}
	if observed < o.GetGeneration() {
		return verdict{progressing, "the last change is not yet seen by its controller"}, true
	}
	return verdict{}, false
}

func reached(done bool, message string) verdict {
	if done {
		return verdict{ready, message}
	}
	return verdict{progressing, message}
}

func deploymentReady(o *unstructured.Unstructured) verdict {
	if paused, _, _ := unstructured.NestedBool(o.Object, "spec", "paused"); paused {
		return pausedReady(o)
	}
	if c, ok := condition(o, "Progressing"); ok && c.reason == "ProgressDeadlineExceeded" {
		return verdict{dead, "progress deadline exceeded: " + c.message}
	}
	want := wanted(o)
	total, updated := number(o, "status", "replicas"), number(o, "status", "updatedReplicas")
	available := number(o, "status", "availableReplicas")
	fresh := max(0, min(updated, available-(total-updated))) // available counts old pods too: the least that can be new
	count := fmt.Sprintf("%d of %d ready", fresh, want)
	switch {
	case updated < want:
		return verdict{progressing, fmt.Sprintf("%s, %d of %d updated", count, updated, want)}
	case total > updated:
		return verdict{progressing, fmt.Sprintf("%s, %d old to stop", count, total-updated)}
	case total > want:
		return surplus(count, total, want)
	}
	return reached(available >= want, count)
}

// pausedReady judges a paused Deployment: its pods are not replaced, so nothing
// is to be expected of them, but what pods it has are still scaled.
func pausedReady(o *unstructured.Unstructured) verdict {
	want, total := wanted(o), number(o, "status", "replicas")
	switch {
	case total > want:
		return surplus("paused", total, want)
	case total > 0 && total < want:
		return verdict{progressing, fmt.Sprintf("paused, %d of %d pods", total, want)}
	}
	return verdict{ready, "paused"}
}

func replicaSetReady(o *unstructured.Unstructured) verdict {
	want, have, total := wanted(o), number(o, "status", "readyReplicas"), number(o, "status", "replicas")
	count := fmt.Sprintf("%d of %d ready", have, want)
	if total > want {
		return surplus(count, total, want)
	}
	return reached(have >= want, count)
}

func statefulSetReady(o *unstructured.Unstructured) verdict {
	want, have, total := wanted(o), number(o, "status", "readyReplicas"), number(o, "status", "replicas")
	if onDelete(o) {
		return onDeleteReady(want, total, have, number(o, "status", "updatedReplicas"))
	}
	count := fmt.Sprintf("%d of %d ready", have, want)
	switch {
	case total > want: // those that terminate count, too
		return surplus(count, total, want)
	case have < want:
		return verdict{progressing, count}
	}
	partition := number(o, "spec", "updateStrategy", "rollingUpdate", "partition")
	if updated := number(o, "status", "updatedReplicas"); partition > 0 && updated < want-partition {
		return verdict{progressing, fmt.Sprintf("%s, %d of %d updated", count, updated, want-partition)}
	}
	current, update := str(o, "status", "currentRevision"), str(o, "status", "updateRevision")
	if partition == 0 && want > 0 && current != update {
		return verdict{progressing, fmt.Sprintf("%s, %d of %d updated", count, number(o, "status", "updatedReplicas"), want)}
	}
	return verdict{ready, count}
}

func daemonSetReady(o *unstructured.Unstructured) verdict {
	want, have := wantedPods(o), number(o, "status", "numberAvailable")
	updated := number(o, "status", "updatedNumberScheduled")
	if onDelete(o) {
		return onDeleteReady(want, number(o, "status", "currentNumberScheduled"), have, updated)
	}
	count := fmt.Sprintf("%d of %d ready", have, want)
	if updated < want {
		return verdict{progressing, fmt.Sprintf("%s, %d of %d updated", count, updated, want)}
	}
	return reached(have >= want, count)
}

func podReady(o *unstructured.Unstructured) verdict {
	switch phase := str(o, "status", "phase"); phase {
	case "Succeeded":
		return verdict{ready, "succeeded"}
	case "Failed":
		return verdict{dead, strings.TrimSuffix("failed: "+str(o, "status", "reason")+" "+str(o, "status", "message"), ":  ")}
	}
	c, _ := condition(o, "Ready")
	return reached(c.status == "True", "phase "+str(o, "status", "phase"))
}

func jobReady(o *unstructured.Unstructured, wait bool) verdict {
	for _, name := range []string{"Failed", "FailureTarget"} {
		if c, ok := condition(o, name); ok && c.status == "True" {
			return verdict{dead, strings.TrimSpace("the job failed: " + c.reason + ": " + c.message)}
		}
	}
	if c, ok := condition(o, "Complete"); ok && c.status == "True" {
		return verdict{ready, "complete"}
	}
	if suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend"); suspended {
		return verdict{ready, "suspended"}
	}
	message := fmt.Sprintf("%d active, %d failed", number(o, "status", "active"), number(o, "status", "failed"))
	if wait {
		return verdict{progressing, message}
	}
	return reached(str(o, "status", "startTime") != "", message)
}

func claimReady(o *unstructured.Unstructured) verdict {
	phase := str(o, "status", "phase")
	if phase == "Lost" {
		return verdict{dead, "its volume is lost"}
	}
	return reached(phase == "Bound", "phase "+phase)
}

// serviceReady does not wait for a load balancer's address: clusters without
// one never give it, and Helm 4 does not wait either.
func serviceReady(o *unstructured.Unstructured) verdict {
	if str(o, "spec", "type") != "LoadBalancer" {
		return verdict{ready, ""}
	}
	return reached(str(o, "spec", "clusterIP") != "", "no cluster address yet")
}

func crdReady(o *unstructured.Unstructured) verdict {
	if c, ok := condition(o, "NamesAccepted"); ok && c.status == "False" {
		return verdict{dead, "names not accepted: " + c.message}
	}
	return conditionReady(o, "Established")
}

func conditionReady(o *unstructured.Unstructured, name string) verdict {
	c, ok := condition(o, name)
	if !ok {
		return verdict{progressing, "condition " + name + " is not set"}
	}
	if c.observed > 0 && c.observed < o.GetGeneration() {
		return verdict{progressing, "the last change is not yet seen by its controller"}
	}
	return reached(c.status == "True", strings.TrimSuffix(name+"="+c.status+": "+c.message, ": "))
}

// customReady judges by the conditions Stalled, Reconciling and Ready. A
// resource without any is ready: many never get a status.
func customReady(o *unstructured.Unstructured) verdict {
	if c, ok := condition(o, "Stalled"); ok && c.status == "True" {
		return verdict{dead, "stalled: " + c.message}
	}
	if c, ok := condition(o, "Reconciling"); ok && c.status == "True" {
		return verdict{progressing, "reconciling: " + c.message}
	}
	if _, ok := condition(o, "Ready"); ok {
		return conditionReady(o, "Ready")
	}
	return verdict{ready, ""}
}

type conditionStatus struct {
	status, reason, message string
	observed                int64 // the generation that it speaks of; 0 when it does not say
}

func condition(o *unstructured.Unstructured, name string) (conditionStatus, bool) {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	return conditionIn(list, name)
}

func conditionIn(list []any, name string) (conditionStatus, bool) {
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok || m["type"] != name {
			continue
		}
		field := func(k string) string { s, _ := m[k].(string); return strings.Join(strings.Fields(s), " ") }
		observed, _ := m["observedGeneration"].(int64)
		return conditionStatus{field("status"), field("reason"), field("message"), observed}, true
	}
	return conditionStatus{}, false
}

// wanted is spec.replicas, which defaults to 1.
func wanted(o *unstructured.Unstructured) int64 {
	if n, ok, err := unstructured.NestedInt64(o.Object, "spec", "replicas"); ok && err == nil {
		return n
	}
	return 1
}

func number(o *unstructured.Unstructured, path ...string) int64 {
	n, _, _ := unstructured.NestedInt64(o.Object, path...)
	return n
}

func str(o *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}
