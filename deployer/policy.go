package deployer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// ImmutablePolicy says what becomes of an object whose change the server refuses because a field of it cannot be
// changed.
type ImmutablePolicy string

// The policies for immutable fields.
const (
	FailImmutable  ImmutablePolicy = "fail"            // refuse the plan
	RecreateObject ImmutablePolicy = "recreate"        // delete the object with all it owns, then create it
	OrphanRecreate ImmutablePolicy = "orphan-recreate" // delete only the object, then create it: its pods stay
)

// ImmutablePolicies are all of them, in the order of how much they touch.
func ImmutablePolicies() []ImmutablePolicy {
	return []ImmutablePolicy{FailImmutable, OrphanRecreate, RecreateObject}
}

// defaultImmutable is what happens to kinds that the request does not name. A Job has run and can run again; a
// StatefulSet's pods outlive it. Any other kind would take its pods, its data or its address with it.
var defaultImmutable = map[string]ImmutablePolicy{"Job": RecreateObject, "StatefulSet": OrphanRecreate}

// neverRecreated are kinds that take what others own with them, whatever a request says.
var neverRecreated = []string{"CustomResourceDefinition", "Namespace"}

// onImmutable is the policy for objects of a kind.
func (r Request) onImmutable(kind string) ImmutablePolicy {
	if slices.Contains(neverRecreated, kind) {
		return FailImmutable
	}
	return cmp.Or(r.OnImmutable[kind], defaultImmutable[kind], FailImmutable)
}

// Adoption says which objects that exist and are not the release's may be taken into it.
type Adoption string

// The policies of adoption.
const (
	AdoptNever   Adoption = "never"
	AdoptUnowned Adoption = "unowned" // those that no release owns
	AdoptListed  Adoption = "list"    // those that Request.AdoptList names
	AdoptAll     Adoption = "all"     // also those of other releases
)

// Adoptions are all policies of adoption.
func Adoptions() []Adoption { return []Adoption{AdoptNever, AdoptUnowned, AdoptListed, AdoptAll} }

// owner is whose an object is.
type owner struct {
	class     ownership
	release   string // of foreign
	namespace string // of foreign
}

type ownership int

const (
	ours    ownership = iota // the release's marks are on it
	unowned                  // no release's are
	foreign                  // another release's are
)

// String says it in a message about the object.
func (o owner) String() string {
	switch o.class {
	case ours:
		return "it is the release's own"
	case foreign:
		return fmt.Sprintf("it belongs to release %s in namespace %s", o.release, o.namespace)
	}
	return "it was not made by this release"
}

// adopts reports whether an object of that owner may be taken over.
func (r Request) adopts(o owner, ref kube.Ref) bool {
	switch {
	case o.class == ours || r.Adopt == AdoptAll:
		return true
	case r.Adopt == AdoptUnowned:
		return o.class == unowned
	case r.Adopt == AdoptListed:
		return slices.ContainsFunc(r.AdoptList, func(s string) bool { return namesObject(s, ref) })
	}
	return false
}

// namesObject reports whether s, Kind/name or Kind/namespace/name, is ref.
func namesObject(s string, ref kube.Ref) bool {
	return strings.EqualFold(s, ref.String()) || strings.EqualFold(s, ref.Kind+"/"+ref.Namespace+"/"+ref.Name)
}

// CheckObjectName reports what is wrong with an object's name in a list: Kind/name or Kind/namespace/name.
func CheckObjectName(s string) error {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return fmt.Errorf("%q names no object; write Kind/name or Kind/namespace/name: ConfigMap/settings", s)
	}
	return nil
}

// checkPolicies reports a policy that does not exist.
func (r Request) checkPolicies() error {
	for kind, p := range r.OnImmutable {
		if !slices.Contains(ImmutablePolicies(), p) {
			return fmt.Errorf("release %s: on immutable fields of %s %q is unknown; write fail, recreate or orphan-recreate",
				r.Release, kind, p)
		}
	}
	if r.OnConflict != "" && !slices.Contains(ConflictPolicies(), r.OnConflict) {
		return fmt.Errorf("release %s: on conflict %q is unknown; write fail, keep or force", r.Release, r.OnConflict)
	}
	if r.Adopt != "" && !slices.Contains(Adoptions(), r.Adopt) {
		return fmt.Errorf("release %s: adopt %q is unknown; write never, unowned, list or all", r.Release, r.Adopt)
	}
	if !slices.Contains([]CRDPolicy{"", ApplyCRDs, CreateCRDs, SkipCRDs}, r.CRDs) {
		return fmt.Errorf("release %s: CRDs %q is unknown; write apply, create or skip", r.Release, r.CRDs)
	}
	for _, s := range r.AdoptList {
		if err := CheckObjectName(s); err != nil {
			return fmt.Errorf("release %s: adopt: %w", r.Release, err)
		}
	}
	return nil
}
