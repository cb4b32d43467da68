// Package installorder is the order in which the kinds of a release are installed:
// Helm's, one kind after the other, and ours, in waves whose kinds need not wait for
// each other. It refuses to know objects: it orders names of kinds.
package installorder

import "strings"

// Waves is the number of waves.
const Waves = 6

// otherWave is that of kinds without a row, mostly custom resources: before the
// webhooks, which might already guard them.
const otherWave = 4

type row struct {
	kind string
	wave int
}

// rows are in Helm's order (facts/helm-format.md 4.5). The kinds of a wave do not need
// each other, so they are applied together; a wave may need those before it.
var rows = []row{
	{"PriorityClass", 0}, {"Namespace", 0},
	{"NetworkPolicy", 1}, {"ResourceQuota", 1}, {"LimitRange", 1}, {"PodSecurityPolicy", 1}, {"PodDisruptionBudget", 1}, {"ServiceAccount", 1},
	{"Secret", 2}, {"SecretList", 2}, {"ConfigMap", 1}, {"StorageClass", 0}, {"PersistentVolume", 1}, {"PersistentVolumeClaim", 2},
	{"CustomResourceDefinition", 1}, {"ClusterRole", 1}, {"ClusterRoleList", 1}, {"ClusterRoleBinding", 2}, {"ClusterRoleBindingList", 2},
	{"Role", 1}, {"RoleList", 1}, {"RoleBinding", 2}, {"RoleBindingList", 2}, {"Service", 2},
	{"DaemonSet", 3}, {"Pod", 3}, {"ReplicationController", 3}, {"ReplicaSet", 3}, {"Deployment", 3},
	{"HorizontalPodAutoscaler", 4}, {"StatefulSet", 3}, {"Job", 3}, {"CronJob", 3}, {"IngressClass", 0}, {"Ingress", 4}, {"APIService", 4},
	{"MutatingWebhookConfiguration", 5}, {"ValidatingWebhookConfiguration", 5},
}

// byKind is where each kind stands in rows.
var byKind = func() map[string]int {
	out := make(map[string]int, len(rows))
	for i, r := range rows {
		out[r.kind] = i
	}
	return out
}()

// Compare orders kinds as Helm installs them: known ones first, then the others by name.
func Compare(a, b string) int {
	i, aKnown := byKind[a]
	j, bKnown := byKind[b]
	switch {
	case aKnown && bKnown:
		return i - j
	case aKnown:
		return -1
	case bKnown:
		return 1
	}
	return strings.Compare(a, b)
}

// Wave is the wave of a kind, from 0.
func Wave(kind string) int {
	if i, known := byKind[kind]; known {
		return rows[i].wave
	}
	return otherWave
}
