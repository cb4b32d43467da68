package release

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Waves is Helm's order of kinds (facts/helm-format.md 4.5), cut into waves: the kinds of a wave do not need each
// other, so they are applied together; a wave may need the ones before it. Kinds that stand nowhere come last, because
// they are mostly custom resources.
var Waves = [][]string{
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

// unknownWave is that of kinds which Waves does not name: before the webhooks, which might already guard them.
const unknownWave = 4

// Wave is the wave of a kind.
func Wave(kind string) int {
	for i, kinds := range Waves {
		if slices.Contains(kinds, kind) {
			return i
		}
	}
	return unknownWave
}

// ByInstallOrder sorts objects as they will be applied; equal ones stay as rendered.
func ByInstallOrder(a, b *unstructured.Unstructured) int {
	return cmp.Compare(Wave(a.GetKind()), Wave(b.GetKind()))
}
