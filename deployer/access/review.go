package access

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
)

// concurrency bounds the questions that are under way at once.
const concurrency = 16

// maxReviews bounds the questions about single permissions that one check asks. What is beyond counts as allowed: the
// server has the last word anyway.
const maxReviews = 64

// Reviewer asks one server what an account may do there. What is the same for all releases of a namespace it asks once.
type Reviewer struct {
	cluster *kube.Client
	rules   kube.Cache[ruleSet]
}

// NewReviewer makes a Reviewer for the account of a connection.
func NewReviewer(cluster *kube.Client) *Reviewer { return &Reviewer{cluster: cluster} }

// Check finds out, before anything is touched, whether the account may do what a release needs. What is missing is an
// *Error, unless only explanations need it: then it is the warning. It takes one request for each namespace, and more
// only for cluster-scoped kinds and where the server cannot list all rules.
func (r *Reviewer) Check(ctx context.Context, release string, needed []Permission) (warning string, err error) {
	missing := r.missing(ctx, Merged(needed))
	if len(requiredOf(missing)) > 0 {
		return "", r.lack(ctx, release, missing, nil)
	}
	if len(missing) == 0 {
		return "", nil
	}
	var lines []string
	for _, p := range missing {
		lines = append(lines, p.String())
	}
	return "this account may not " + strings.Join(lines, "; ") + ": what fails is explained less well", nil
}

// Explain turns the server's refusal of one request into the *Error of all that is missing. Where nothing is, as with
// quota or admission, it is the refusal itself.
func (r *Reviewer) Explain(ctx context.Context, release string, needed []Permission, refusal error) error {
	missing := r.missing(ctx, Merged(needed))
	if len(requiredOf(missing)) == 0 {
		return refusal
	}
	return r.lack(ctx, release, missing, refusal)
}

func (r *Reviewer) lack(ctx context.Context, release string, missing []Permission, refusal error) *Error {
	return &Error{Release: release, Account: r.account(ctx), Missing: append(requiredOf(missing), optionalOf(missing)...),
		Err: refusal}
}

// Base are what every release needs: its records, the lock, and what explains a failure.
func Base(namespace string, driver release.Driver) []Permission {
	records := "secrets"
	if driver == release.ConfigMaps {
		records = "configmaps"
	}
	need := func(group, resource, what string, verbs ...string) Permission {
		return Permission{Namespace: namespace, Group: group, Resource: resource, Verbs: verbs, For: []string{what}}
	}
	out := []Permission{need("", records, "records of releases", "get", "list", "create", "update", "delete")}
	for _, p := range []Permission{
		need("coordination.k8s.io", "leases", "locks of releases", "get", "create", "update", "delete"),
		need("", "events", "waiting and explanations", "list", "watch"),
		need("", "pods", "waiting and explanations", "get", "list", "watch"),
		need("", "pods/log", "explanations", "get"),
		need("apps", "replicasets", "waiting and explanations", "list", "watch"),
	} {
		p.Optional = true
		out = append(out, p)
	}
	return out
}

// ForObject is what to ask about an object; nothing for a kind that the cluster does not know yet.
func (r *Reviewer) ForObject(ctx context.Context, ref kube.Ref, verbs []string) []Permission {
	res, err := r.cluster.Resource(ctx, ref.APIVersion, ref.Kind)
	if err != nil {
		return nil
	}
	p := Permission{Namespace: ref.Namespace, Group: res.Group, Resource: res.Plural, Verbs: verbs,
		Names: []string{ref.Name}}
	if !res.Namespaced {
		p.Namespace = ""
	}
	return []Permission{p}
}

// missing asks the server which of the permissions the account lacks. What it cannot find out counts as allowed.
func (r *Reviewer) missing(ctx context.Context, needed []Permission) []Permission {
	byNamespace := map[string][]Permission{}
	for _, p := range needed {
		byNamespace[p.Namespace] = append(byNamespace[p.Namespace], p)
	}
	var mu sync.Mutex
	var out, open []Permission
	var namespaces []string
	for ns := range byNamespace {
		namespaces = append(namespaces, ns)
	}
	forEach(namespaces, func(ns string) {
		var lack []Permission
		whole := false
		if ns == "" {
			lack = byNamespace[ns]
		} else if set, err := r.enough(ctx, ns, byNamespace[ns]); err == nil {
			lack, whole = lacking(set.rules, byNamespace[ns]), set.complete
		}
		mu.Lock()
		defer mu.Unlock()
		if whole {
			out = append(out, lack...)
		} else {
			open = append(open, lack...)
		}
	})
	out = append(out, r.denied(ctx, open)...)
	slices.SortFunc(out, func(a, b Permission) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group),
			cmp.Compare(a.Resource, b.Resource))
	})
	return out
}

// ruleSet is what an account may do in a namespace.
type ruleSet struct {
	rules    []rule
	complete bool // false when the server cannot tell everything
}

// enough is the review of a namespace that allows what is needed, or else one asked for now: what was not allowed
// before may be since.
func (r *Reviewer) enough(ctx context.Context, namespace string, needed []Permission) (ruleSet, error) {
	set, old, err := r.review(ctx, namespace)
	if old && len(lacking(set.rules, needed)) > 0 {
		r.rules.Forget(namespace)
		set, _, err = r.review(ctx, namespace)
	}
	return set, err
}

// review asks what the account may do in a namespace; old says that it was asked before.
func (r *Reviewer) review(ctx context.Context, namespace string) (set ruleSet, old bool, err error) {
	return r.rules.Get(ctx, namespace, func(ctx context.Context) (ruleSet, bool, error) {
		body := map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
			"spec": map[string]any{"namespace": namespace}}
		var answer struct {
			Status struct {
				ResourceRules []rule `json:"resourceRules"`
				Incomplete    bool   `json:"incomplete"`
			} `json:"status"`
		}
		err := r.cluster.Do(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", body, &answer)
		return ruleSet{answer.Status.ResourceRules, !answer.Status.Incomplete}, !answer.Status.Incomplete, err
	})
}

// denied asks about single permissions, at most maxReviews of them.
func (r *Reviewer) denied(ctx context.Context, open []Permission) []Permission {
	if len(open) == 0 || r.May(ctx, Permission{Group: "*", Resource: "*"}, "*") {
		return nil
	}
	type question struct{ i, v int }
	var questions []question
	for i, p := range open {
		for v := range p.Verbs {
			if len(questions) < maxReviews {
				questions = append(questions, question{i, v})
			}
		}
	}
	var mu sync.Mutex
	no := map[question]bool{}
	forEach(questions, func(q question) {
		if !r.May(ctx, open[q.i], open[q.i].Verbs[q.v]) {
			mu.Lock()
			defer mu.Unlock()
			no[q] = true
		}
	})
	var out []Permission
	for i, p := range open {
		var verbs []string
		for v, verb := range p.Verbs {
			if no[question{i, v}] {
				verbs = append(verbs, verb)
			}
		}
		if p.Verbs = verbs; len(verbs) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// May asks one question; no answer counts as yes.
func (r *Reviewer) May(ctx context.Context, p Permission, verb string) bool {
	resource, sub, _ := strings.Cut(p.Resource, "/")
	attributes := map[string]any{"namespace": p.Namespace, "verb": verb, "group": p.Group, "resource": resource,
		"subresource": sub}
	if len(p.Names) == 1 && verb != "create" {
		attributes["name"] = p.Names[0]
	}
	body := map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"spec": map[string]any{"resourceAttributes": attributes}}
	var answer unstructured.Unstructured
	if err := r.cluster.Do(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body,
		&answer.Object); err != nil {
		return true
	}
	allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed")
	return allowed
}

// account is the name under which the server knows us; empty when it does not say.
func (r *Reviewer) account(ctx context.Context) string {
	body := map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
	var answer unstructured.Unstructured
	if err := r.cluster.Do(ctx, http.MethodPost, "/apis/authentication.k8s.io/v1/selfsubjectreviews", body,
		&answer.Object); err != nil {
		return ""
	}
	name, _, _ := unstructured.NestedString(answer.Object, "status", "userInfo", "username")
	return name
}

// forEach calls fn for all items, a few at a time, and returns when the last call has.
func forEach[T any](items []T, fn func(T)) {
	var g errgroup.Group
	g.SetLimit(concurrency)
	for _, item := range items {
		g.Go(func() error { fn(item); return nil })
	}
	_ = g.Wait() // fn cannot fail
}
