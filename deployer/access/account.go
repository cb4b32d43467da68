package access

import (
	"cmp"
	"slices"
	"strings"
)

// verbOrder is the order in which people list verbs: first to look, then to write.
var verbOrder = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

// Joined is what an account needs for all of some permissions, those included that the work can do without: one for
// each kind of object in a namespace, in the order of namespaces, groups and resources.
func Joined(all []Permission) []Permission {
	var whole []Permission
	for _, p := range all {
		p.Optional = false
		whole = append(whole, p)
	}
	out := Merged(whole)
	for _, p := range out {
		slices.SortFunc(p.Verbs, func(a, b string) int { return slices.Index(verbOrder, a) - slices.Index(verbOrder, b) })
	}
	slices.SortFunc(out, func(a, b Permission) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group),
			cmp.Compare(a.Resource, b.Resource))
	})
	return out
}

// ServiceAccount is the name by which the server knows a service account.
func ServiceAccount(namespace, name string) string {
	return strings.Join([]string{"system:serviceaccount", namespace, name}, ":")
}
