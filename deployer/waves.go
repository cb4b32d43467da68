package deployer

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// installOrder is Helm's order of kinds (facts/helm-format.md 4.5), cut into
// waves: the kinds of a wave do not need each other, so they are applied
// together; a wave may need the ones before it. Kinds that stand nowhere come
// last, because they are mostly custom resources.
var installOrder = [][]string{
	{"PriorityClass", "Namespace", "StorageClass", "IngressClass"},
	{
		"NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget", "ServiceAccount",
		"ConfigMap", "PersistentVolume", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "Role", "RoleList",
	},
	{"Secret", "SecretList", "PersistentVolumeClaim", "ClusterRoleBinding", "ClusterRoleBindingList", "RoleBinding", "RoleBindingList", "Service"},
	{"DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "Job", "CronJob"},
	{"HorizontalPodAutoscaler", "Ingress", "APIService"},
	{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"},
}

// unknownWave is that of kinds which installOrder does not name: before the
// webhooks, which might already guard them.
const unknownWave = 4

// rank is the wave of a kind.
func rank(kind string) int {
	for i, kinds := range installOrder {
		if slices.Contains(kinds, kind) {
			return i
		}
	}
	return unknownWave
}

// waves groups changes by wave, in order, and keeps their order within one.
func waves(changes []Change) [][]*Change {
	out := make([][]*Change, len(installOrder))
	for i := range changes {
		r := rank(changes[i].Object.Kind)
		out[r] = append(out[r], &changes[i])
	}
	return slices.DeleteFunc(out, func(w []*Change) bool { return len(w) == 0 })
}

// uninstallWaves groups objects by wave, last one first.
func uninstallWaves(objects []*unstructured.Unstructured) [][]*unstructured.Unstructured {
	out := make([][]*unstructured.Unstructured, len(installOrder))
	for _, o := range objects {
		r := len(installOrder) - 1 - rank(o.GetKind())
		out[r] = append(out[r], o)
	}
	return slices.DeleteFunc(out, func(w []*unstructured.Unstructured) bool { return len(w) == 0 })
}

// byInstallOrder sorts objects as they will be applied; equal ones stay as rendered.
func byInstallOrder(a, b *unstructured.Unstructured) int {
	return cmp.Compare(rank(a.GetKind()), rank(b.GetKind()))
}
