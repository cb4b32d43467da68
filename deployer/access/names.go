package access

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
)

// CheckName says why an object cannot have its name, where the server cannot be asked: its kind comes with a CRD, or
// the account may not create it in the namespace in which it is checked. Where a kind's rule depends on the server's
// version, it is the wider one.
func CheckName(o *unstructured.Unstructured) error {
	if problems := nameProblems(o); len(problems) > 0 {
		return fmt.Errorf("the name %q cannot be: %s", o.GetName(), strings.Join(problems, "; "))
	}
	return nil
}

// nameProblems holds a name against the rule of its kind (Kubernetes' validation of each). Kinds that are not known,
// custom ones among them, have DNS subdomains.
func nameProblems(o *unstructured.Unstructured) []string {
	name := o.GetName()
	switch o.GroupVersionKind().Group + "/" + o.GetKind() {
	case "/Service", "/Namespace":
		return validation.IsDNS1123Label(name)
	case "rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/ClusterRole",
		"rbac.authorization.k8s.io/RoleBinding", "rbac.authorization.k8s.io/ClusterRoleBinding":
		return pathProblems(name)
	}
	return validation.IsDNS1123Subdomain(name)
}

// CheckPath says why no object of any kind can have a name or be in a namespace: the request would not even ask for it,
// but for something else.
func CheckPath(o *unstructured.Unstructured) error {
	if problems := validation.IsDNS1123Label(o.GetNamespace()); o.GetNamespace() != "" && len(problems) > 0 {
		return fmt.Errorf("the namespace %q cannot be: %s", o.GetNamespace(), problems[0])
	}
	if problems := pathProblems(o.GetName()); len(problems) > 0 {
		return fmt.Errorf("the name %q cannot be: %s", o.GetName(), problems[0])
	}
	return nil
}

func pathProblems(name string) []string {
	if name == "." || name == ".." || strings.ContainsAny(name, "/%") {
		return []string{"it must be fit for a path: neither . nor .., and without / and %"}
	}
	return nil
}
