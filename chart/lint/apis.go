package lint

import (
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/kubeschema"
)

// removedAPI is an API version that Kubernetes gave up, from its deprecation
// guide. Releases are minor versions of Kubernetes 1.
type removedAPI struct {
	apiVersion  string
	kinds       []string // nil means all
	deprecated  int
	removed     int
	replacement string
}

var removedAPIs = []removedAPI{
	{"extensions/v1beta1", []string{"Deployment", "DaemonSet", "ReplicaSet"}, 9, 16, "apps/v1"},
	{"extensions/v1beta1", []string{"NetworkPolicy"}, 9, 16, "networking.k8s.io/v1"},
	{"extensions/v1beta1", []string{"PodSecurityPolicy"}, 10, 16, "Pod Security Admission"},
	{"extensions/v1beta1", []string{"Ingress"}, 14, 22, "networking.k8s.io/v1"},
	{"apps/v1beta1", nil, 9, 16, "apps/v1"},
	{"apps/v1beta2", nil, 9, 16, "apps/v1"},
	{"admissionregistration.k8s.io/v1beta1", []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}, 16, 22, "admissionregistration.k8s.io/v1"},
	{"apiextensions.k8s.io/v1beta1", nil, 16, 22, "apiextensions.k8s.io/v1"},
	{"apiregistration.k8s.io/v1beta1", nil, 19, 22, "apiregistration.k8s.io/v1"},
	{"certificates.k8s.io/v1beta1", []string{"CertificateSigningRequest"}, 19, 22, "certificates.k8s.io/v1"},
	{"coordination.k8s.io/v1beta1", []string{"Lease"}, 19, 22, "coordination.k8s.io/v1"},
	{"networking.k8s.io/v1beta1", []string{"Ingress", "IngressClass"}, 19, 22, "networking.k8s.io/v1"},
	{"rbac.authorization.k8s.io/v1alpha1", nil, 17, 22, "rbac.authorization.k8s.io/v1"},
	{"rbac.authorization.k8s.io/v1beta1", nil, 17, 22, "rbac.authorization.k8s.io/v1"},
	{"scheduling.k8s.io/v1beta1", []string{"PriorityClass"}, 14, 22, "scheduling.k8s.io/v1"},
	{"storage.k8s.io/v1beta1", []string{"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"}, 19, 22, "storage.k8s.io/v1"},
	{"batch/v2alpha1", []string{"CronJob"}, 8, 21, "batch/v1"},
	{"batch/v1beta1", []string{"CronJob"}, 21, 25, "batch/v1"},
	{"discovery.k8s.io/v1beta1", []string{"EndpointSlice"}, 21, 25, "discovery.k8s.io/v1"},
	{"events.k8s.io/v1beta1", nil, 19, 25, "events.k8s.io/v1"},
	{"autoscaling/v2beta1", nil, 22, 25, "autoscaling/v2"},
	{"autoscaling/v2beta2", nil, 23, 26, "autoscaling/v2"},
	{"policy/v1beta1", []string{"PodDisruptionBudget"}, 21, 25, "policy/v1"},
	{"policy/v1beta1", []string{"PodSecurityPolicy"}, 21, 25, "Pod Security Admission"},
	{"node.k8s.io/v1beta1", []string{"RuntimeClass"}, 20, 25, "node.k8s.io/v1"},
	{"flowcontrol.apiserver.k8s.io/v1beta1", nil, 23, 26, "flowcontrol.apiserver.k8s.io/v1"},
	{"flowcontrol.apiserver.k8s.io/v1beta2", nil, 26, 29, "flowcontrol.apiserver.k8s.io/v1"},
	{"flowcontrol.apiserver.k8s.io/v1beta3", nil, 29, 32, "flowcontrol.apiserver.k8s.io/v1"},
	{"storage.k8s.io/v1beta1", []string{"CSIStorageCapacity"}, 24, 27, "storage.k8s.io/v1"},
}

// api judges the object's API version for the cluster's Kubernetes.
func (l *linter) api(o *object) {
	minor, ok := kubeschema.Minor(l.opts.KubeVersion)
	if !ok {
		minor = 1 << 30 // later than all
	}
	line := o.line("apiVersion")
	for _, api := range removedAPIs {
		if api.apiVersion != o.apiVersion || api.kinds != nil && !slices.Contains(api.kinds, o.kind) {
			continue
		}
		switch {
		case minor >= api.removed:
			l.add("api/removed", o.file, line, "%s: %s was removed in Kubernetes 1.%d; use %s", o, api.apiVersion, api.removed, api.replacement)
		case minor >= api.deprecated:
			l.add("api/deprecated", o.file, line, "%s: %s will be removed in Kubernetes 1.%d; use %s", o, api.apiVersion, api.removed, api.replacement)
		}
		return
	}
	switch {
	case l.schema == nil || !l.schema.Exact:
	case l.schema.Kind(o.apiVersion, o.kind) == nil:
		l.unknownKind(o, line)
	case l.schema.Version != "":
		l.leaving(o, line)
	}
}

// unknownKind judges a kind that the schema has not. That of a group which no
// Kubernetes knows is a custom resource; only a cluster can say whether it is
// served.
func (l *linter) unknownKind(o *object, line int) {
	where, ofCluster := "Kubernetes "+l.schema.Version, l.schema.Version == ""
	if ofCluster {
		where = "the cluster"
	}
	elsewhere, err := kubeschema.Serving(o.apiVersion, o.kind)
	if err != nil || !ofCluster && !l.schema.HasGroup(o.apiVersion) && len(elsewhere) == 0 {
		return
	}
	hint := ""
	if versions := l.schema.Versions(o.apiVersion, o.kind); len(versions) > 0 {
		hint = "; it serves " + strings.Join(versions, ", ")
	} else if near := kubeschema.Nearest(o.kind, l.schema.Kinds(o.apiVersion)); near != "" {
		hint = ": did you mean " + near + "?"
	} else if len(elsewhere) > 0 {
		hint = "; these do: " + strings.Join(elsewhere, ", ")
	}
	l.add("api/unknown", o.file, line, "%s: %s does not serve %s of %s%s", o, where, o.kind, o.apiVersion, hint)
}

// leaving finds kinds that the newest Kubernetes known serves no more.
func (l *linter) leaving(o *object, line int) {
	versions, err := kubeschema.Versions()
	if err != nil || l.schema.Version == versions[len(versions)-1] {
		return
	}
	if serving, err := kubeschema.Serving(o.apiVersion, o.kind); err == nil && len(serving) > 0 && serving[len(serving)-1] != versions[len(versions)-1] {
		l.add("api/deprecated", o.file, line, "%s: Kubernetes %s is the last to serve %s of %s", o, serving[len(serving)-1], o.kind, o.apiVersion)
	}
}
