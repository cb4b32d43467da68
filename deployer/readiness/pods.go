package readiness

import (
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

const revisionNote = "deployment.kubernetes.io/revision"

// PodsOf are the pods that show how a workload's present revision fares. Pods of older revisions say nothing about what
// was just applied.
func PodsOf(
	owner *unstructured.Unstructured, pods, replicaSets map[string]*unstructured.Unstructured,
) []*unstructured.Unstructured {
	if _, stale := outdated(owner); stale {
		return nil // its status still speaks of the revision before
	}
	uid := string(owner.GetUID())
	var belongs func(pod *unstructured.Unstructured) bool
	switch owner.GetKind() {
	case "Pod":
		belongs = func(p *unstructured.Unstructured) bool { return string(p.GetUID()) == uid }
	case "Deployment":
		set := currentReplicaSet(owner, replicaSets)
		belongs = func(p *unstructured.Unstructured) bool { return set != "" && object.Controlled(p, set) }
	case "StatefulSet":
		revision := object.String(owner, "status", "updateRevision")
		belongs = func(p *unstructured.Unstructured) bool {
			return object.Controlled(p, uid) && p.GetLabels()["controller-revision-hash"] == revision
		}
	case "DaemonSet":
		generation := owner.GetAnnotations()["deprecated.daemonset.template.generation"]
		belongs = func(p *unstructured.Unstructured) bool {
			return object.Controlled(p, uid) && p.GetLabels()["pod-template-generation"] == generation
		}
	default:
		belongs = func(p *unstructured.Unstructured) bool { return object.Controlled(p, uid) }
	}
	var out []*unstructured.Unstructured
	for _, p := range pods {
		if p.GetNamespace() == owner.GetNamespace() && p.GetDeletionTimestamp() == nil && belongs(p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out
}

// StuckPods are pods of earlier revisions that a StatefulSet will never replace: it waits for them to become ready
// first, which they cannot. Kubernetes leaves deleting them to its users ("forced rollback" in its documentation).
// Those that are to stay of their revision are left alone: of a set that updates on delete, and below a partition,
// where deleting one only brings it back.
func StuckPods(
	owner *unstructured.Unstructured, pods map[string]*unstructured.Unstructured,
) []*unstructured.Unstructured {
	_, stale := outdated(owner)
	if stale || owner.GetKind() != "StatefulSet" || onDelete(owner) {
		return nil
	}
	partition := object.Int(owner, "spec", "updateStrategy", "rollingUpdate", "partition")
	var out []*unstructured.Unstructured
	for _, p := range pods {
		old := p.GetLabels()["controller-revision-hash"] != object.String(owner, "status", "updateRevision")
		if !old || ordinal(p) < partition || IsPodReady(p) || p.GetDeletionTimestamp() != nil ||
			!object.Controlled(p, string(owner.GetUID())) {
			continue
		}
		for _, t := range PodTroubles(p, false) {
			if _, fatal := fatalReasons[t.Reason]; fatal {
				out = append(out, p)
				break
			}
		}
	}
	return out
}

// ordinal is the number at the end of the name of a StatefulSet's pod.
func ordinal(pod *unstructured.Unstructured) int64 {
	name := pod.GetName()
	n, err := strconv.ParseInt(name[strings.LastIndex(name, "-")+1:], 10, 32)
	if err != nil {
		return 0
	}
	return n
}

// currentReplicaSet is the uid of the Deployment's newest ReplicaSet, or empty while there is none.
func currentReplicaSet(deployment *unstructured.Unstructured, sets map[string]*unstructured.Unstructured) string {
	revision := deployment.GetAnnotations()[revisionNote]
	for uid, s := range sets {
		if object.Controlled(s, string(deployment.GetUID())) && s.GetAnnotations()[revisionNote] == revision {
			return uid
		}
	}
	return ""
}

// PodReason says in a few words why a pod is not ready.
func PodReason(pod *unstructured.Unstructured) string {
	if ts := PodTroubles(pod, false); len(ts) > 0 {
		return ts[0].Cause
	}
	if c, ok := object.ConditionOf(pod, "PodScheduled"); ok && c.Status == "False" {
		return strings.TrimSuffix(c.Reason+": "+text.Brief(c.Message), ": ")
	}
	list, _, _ := unstructured.NestedSlice(pod.Object, "status", "containerStatuses")
	for _, item := range list {
		m, _ := item.(map[string]any)
		if reason, _, _ := unstructured.NestedString(m, "state", "waiting", "reason"); reason != "" {
			return reason
		}
		if isReady, _ := m["ready"].(bool); !isReady {
			name, _ := m["name"].(string)
			return "container " + name + " is not ready"
		}
	}
	return object.String(pod, "status", "phase")
}

// IsPodReady reports the pod's own Ready condition.
func IsPodReady(pod *unstructured.Unstructured) bool {
	c, _ := object.ConditionOf(pod, "Ready")
	return c.Status == "True"
}
