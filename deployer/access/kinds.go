package access

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// Grants reports whether an object gives permissions. The server lets only those make it who hold them, or who have the
// verbs escalate, for roles, and bind, for bindings.
func Grants(ref kube.Ref) bool {
	group := schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind).Group
	return group == "rbac.authorization.k8s.io" &&
		slices.Contains([]string{"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}, ref.Kind)
}

// ForKindOf is what to ask about an object whose kind is defined by one of some objects; nothing where none does.
func ForKindOf(objects []*unstructured.Unstructured, ref kube.Ref, verbs []string) []Permission {
	want := schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind)
	for _, o := range objects {
		field := func(path ...string) string {
			text, _, _ := unstructured.NestedString(o.Object, append([]string{"spec"}, path...)...)
			return text
		}
		if o.GetKind() != "CustomResourceDefinition" || field("group") != want.Group || field("names", "kind") != want.Kind {
			continue
		}
		p := Permission{Namespace: ref.Namespace, Group: want.Group, Resource: field("names", "plural"), Verbs: verbs,
			Names: []string{ref.Name}}
		if field("scope") == "Cluster" {
			p.Namespace = ""
		}
		return []Permission{p}
	}
	return nil
}

// NewNamespace is what making a namespace takes.
func NewNamespace() Permission {
	return Permission{Resource: "namespaces", Verbs: []string{"create"}, For: []string{"namespaces that are not there"}}
}
