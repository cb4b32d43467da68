// Package access tells what an account must be allowed to do in a cluster, asks the server what of it is missing, and
// writes the roles that would allow it. It asks by dry runs, too, whether the server would take or delete an object.
//
// It refuses to know plans and releases (deployer says what they need), and to change anything: every question is a
// review or a dry run.
package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Permission is what an account must be allowed to do with one kind of object.
type Permission struct {
	Namespace string // empty for cluster-scoped kinds
	Group     string
	Resource  string // plural, with a subresource: "pods/log"
	Verbs     []string
	Names     []string // of the objects; empty where they are not known before
	Optional  bool     // without it the work goes on, and explains less
	For       []string // what needs it, in words
}

// String is "create and patch deployments.apps in shop".
func (p Permission) String() string {
	s := strings.Join(p.Verbs, ", ") + " " + p.Resource
	if p.Group != "" {
		s += "." + p.Group
	}
	if p.Namespace != "" {
		s += " in " + p.Namespace
	}
	return s
}

// Error is an operation that the account may not carry out, found before anything was touched.
type Error struct {
	Release string
	Account string       // as the server names it; may be empty
	Missing []Permission // what the work needs, then what only its explanations need
	Err     error        // the refusal that led to the question; may be nil
}

// Error is one line: the first thing that is missing, and how many more there are.
func (e *Error) Error() string {
	s := fmt.Sprintf("release %s: %s may not %s", e.Release, cmp.Or(e.Account, "this account"), e.Missing[0])
	if n := len(e.Missing) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s + "; the roles below would allow it"
}

// Unwrap gives the refusal.
func (e *Error) Unwrap() error { return e.Err }

// Details is YAML to apply: see Roles.
func (e *Error) Details() string { return Roles("pintle-"+e.Release, e.Account, e.Missing) }

// Roles is YAML to apply: a Role for each namespace, a ClusterRole, and their bindings to the account, unless that is
// empty. All have the same name.
func Roles(name, account string, permissions []Permission) string {
	byNamespace := map[string][]Permission{}
	var namespaces []string
	for _, p := range permissions {
		if byNamespace[p.Namespace] == nil {
			namespaces = append(namespaces, p.Namespace)
		}
		byNamespace[p.Namespace] = append(byNamespace[p.Namespace], p)
	}
	slices.Sort(namespaces)
	var docs []string
	for _, ns := range namespaces {
		for _, o := range roleObjects(name, ns, account, byNamespace[ns]) {
			text, err := yaml.Marshal(o)
			if err != nil {
				return err.Error()
			}
			docs = append(docs, string(text))
		}
	}
	return strings.Join(docs, "---\n")
}

// roleObjects are a role with the permissions and, when the account is known, its binding.
func roleObjects(name, namespace, account string, permissions []Permission) []map[string]any {
	kind, metadata := "Role", map[string]any{"name": name, "namespace": namespace}
	if namespace == "" {
		kind, metadata = "ClusterRole", map[string]any{"name": name}
	}
	var rules []any
	for _, p := range permissions {
		rules = append(rules,
			map[string]any{"apiGroups": []string{p.Group}, "resources": []string{p.Resource}, "verbs": p.Verbs})
	}
	const api = "rbac.authorization.k8s.io"
	role := map[string]any{"apiVersion": api + "/v1", "kind": kind, "metadata": metadata, "rules": rules}
	if account == "" {
		return []map[string]any{role}
	}
	subject := map[string]any{"kind": "User", "name": account, "apiGroup": api}
	if rest, ok := strings.CutPrefix(account, "system:serviceaccount:"); ok {
		ns, sa, _ := strings.Cut(rest, ":")
		subject = map[string]any{"kind": "ServiceAccount", "name": sa, "namespace": ns}
	}
	return []map[string]any{role, {
		"apiVersion": api + "/v1", "kind": kind + "Binding", "metadata": metadata,
		"roleRef": map[string]any{"apiGroup": api, "kind": kind, "name": name}, "subjects": []any{subject},
	}}
}

// rule is one line of a rules review.
type rule struct {
	Verbs         []string `json:"verbs"`
	APIGroups     []string `json:"apiGroups"`
	Resources     []string `json:"resources"`
	ResourceNames []string `json:"resourceNames"`
}

// allows reports whether the rule lets the account do verb with all of p.
func (r rule) allows(p Permission, verb string) bool {
	if !has(r.Verbs, verb) || !has(r.APIGroups, p.Group) || !r.covers(p.Resource) {
		return false
	}
	if len(r.ResourceNames) == 0 {
		return true
	}
	if verb == "create" || len(p.Names) == 0 || len(p.Names) > 1 && (verb == "list" || verb == "watch") {
		return false
	}
	return !slices.ContainsFunc(p.Names, func(name string) bool { return !slices.Contains(r.ResourceNames, name) })
}

func (r rule) covers(resource string) bool {
	_, sub, _ := strings.Cut(resource, "/")
	return has(r.Resources, resource) || sub != "" && slices.Contains(r.Resources, "*/"+sub)
}

func has(list []string, s string) bool { return slices.Contains(list, s) || slices.Contains(list, "*") }

// optionalOf are the permissions without which the work goes on.
func optionalOf(all []Permission) []Permission {
	return slices.DeleteFunc(slices.Clone(all), func(p Permission) bool { return !p.Optional })
}

// requiredOf are the permissions without which it does not.
func requiredOf(all []Permission) []Permission {
	return slices.DeleteFunc(slices.Clone(all), func(p Permission) bool { return p.Optional })
}

// lacking are the verbs of each permission that no rule allows.
func lacking(rules []rule, needed []Permission) []Permission {
	var out []Permission
	for _, p := range needed {
		p.Verbs = slices.DeleteFunc(slices.Clone(p.Verbs), func(verb string) bool {
			return slices.ContainsFunc(rules, func(r rule) bool { return r.allows(p, verb) })
		})
		if len(p.Verbs) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// Merged joins permissions on the same kind of object, in order.
func Merged(all []Permission) []Permission {
	var out []Permission
	for _, p := range all {
		i := slices.IndexFunc(out, func(o Permission) bool {
			return o.Namespace == p.Namespace && o.Group == p.Group && o.Resource == p.Resource && o.Optional == p.Optional
		})
		if i < 0 {
			out = append(out, p)
			continue
		}
		out[i].Verbs, out[i].For = Union(out[i].Verbs, p.Verbs), Union(out[i].For, p.For)
		if len(out[i].Names) == 0 || len(p.Names) == 0 {
			out[i].Names = nil // some are not known
		} else {
			out[i].Names = Union(out[i].Names, p.Names)
		}
	}
	return out
}

// Union is a and what of b is not in it, in order.
func Union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
