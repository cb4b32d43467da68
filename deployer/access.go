package deployer

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// maxReviews bounds the questions about single permissions that one check asks.
// What is beyond counts as allowed: the server has the last word anyway.
const maxReviews = 64

// permit finds out, before anything is touched, whether the account may do what
// the plan needs. What is missing is an *AccessError, unless only explanations
// need it: then a warning. It takes one request for each namespace, and more
// only for cluster-scoped kinds and where the server cannot list all rules.
func (e *Engine) permit(ctx context.Context, name string, needed []Permission, span event.Span) error {
	missing := e.missing(ctx, merged(needed))
	required := slices.DeleteFunc(slices.Clone(missing), func(p Permission) bool { return p.Optional })
	if len(required) > 0 {
		return &AccessError{Release: name, Account: e.account(ctx), Missing: append(required, optionalOf(missing)...)}
	}
	if len(missing) > 0 {
		var lines []string
		for _, p := range missing {
			lines = append(lines, p.String())
		}
		span.Warn("this account may not " + strings.Join(lines, "; ") + ": what fails is explained less well")
	}
	return nil
}

// refused is the outcome of an operation that an *AccessError ends.
func refused(err error) Outcome {
	out := Outcome{Status: event.Failed, Message: err.Error()}
	if access, ok := errors.AsType[*AccessError](err); ok {
		out.Details = access.Details()
	}
	return out
}

func optionalOf(all []Permission) []Permission {
	return slices.DeleteFunc(slices.Clone(all), func(p Permission) bool { return !p.Optional })
}

// explain turns a refusal that ended a plan into the list of all that is missing.
// What the chart has is found by rendering it as a first install.
func (e *Engine) explain(ctx context.Context, req Request, refusal error) error {
	if !kube.Is(refusal, kube.Forbidden) {
		return refusal
	}
	req = req.withDefaults(e.cluster.Namespace())
	if req.Render == nil && req.Over == nil {
		req.Render = func(context.Context, render.Options) (*render.Result, error) { return nil, refusal } // a rollback
	}
	p := &Plan{Release: req.Release, Namespace: req.Namespace, Operation: Install, request: req, record: &release.Record{}}
	if result, _, err := e.render(ctx, req, decideStage(release.History{})); err == nil {
		p.record = newRecord(req, stage{revision: 1}, result)
		if sights, err := e.targetObjects(ctx, target{record: p.record, crds: result.CRDs}); err == nil {
			for _, s := range sights {
				p.Objects = append(p.Objects, Change{Action: Create, Object: kube.RefOf(s.object)})
			}
		}
	}
	missing := e.missing(ctx, merged(e.needs(ctx, p)))
	required := slices.DeleteFunc(slices.Clone(missing), func(p Permission) bool { return p.Optional })
	if len(required) == 0 {
		return refusal // quota or admission, not access
	}
	return &AccessError{Release: req.Release, Account: e.account(ctx), Missing: append(required, optionalOf(missing)...), Err: refusal}
}

// needs is what carrying a plan out takes, and what undoing it would.
func (e *Engine) needs(ctx context.Context, p *Plan) []Permission {
	out := e.baseNeeds(p.Namespace)
	if p.createNamespace {
		out = append(out, Permission{Resource: "namespaces", Verbs: []string{"create"}})
	}
	req := p.request
	undo := p.stage.deployed != nil && req.OnFailure == Rollback || p.Operation == Install && req.OnFailedInstall == Remove
	for _, c := range p.Objects {
		verbs := []string{"get"}
		switch c.Action {
		case Create:
			verbs = append(verbs, "create", "patch")
			if undo {
				verbs = append(verbs, "delete", "list", "watch") // until it is gone
			}
		case Modify, Adopt:
			verbs = append(verbs, "patch")
		case Recreate:
			verbs = append(verbs, "create", "patch", "delete")
		case Delete:
			verbs = append(verbs, "delete")
			if undo {
				verbs = append(verbs, "create", "patch")
			}
		}
		if c.Action != Delete && !req.NoWait && !passive[c.Object.Kind] {
			verbs = union(verbs, []string{"list", "watch"})
		}
		out = append(out, e.permission(ctx, c.Object, verbs)...)
	}
	if req.NoHooks {
		return out
	}
	return append(out, e.hookNeeds(ctx, p, "pre-"+string(p.Operation), "post-"+string(p.Operation))...)
}

// uninstallNeeds is what taking a release away takes.
func (e *Engine) uninstallNeeds(ctx context.Context, p *Plan) []Permission {
	out := e.baseNeeds(p.Namespace)
	verbs := []string{"get", "delete"}
	if !p.request.NoWait {
		verbs = append(verbs, "list", "watch")
	}
	for _, r := range p.stage.since {
		objects, err := parseManifest(r.Manifest)
		if err != nil {
			continue
		}
		for _, o := range objects {
			out = append(out, e.permission(ctx, refIn(o, r.Namespace), verbs)...)
		}
	}
	if p.request.NoHooks {
		return out
	}
	return append(out, e.hookNeeds(ctx, p, "pre-delete", "post-delete")...)
}

// baseNeeds are the records, the lock, and what explains a failure.
func (e *Engine) baseNeeds(namespace string) []Permission {
	records := "secrets"
	if e.options.Driver == release.ConfigMaps {
		records = "configmaps"
	}
	look := []string{"list", "watch"}
	return []Permission{
		{Namespace: namespace, Resource: records, Verbs: []string{"get", "list", "create", "update", "delete"}},
		{Namespace: namespace, Group: "coordination.k8s.io", Resource: "leases", Verbs: []string{"get", "create", "update", "delete"}, Optional: true},
		{Namespace: namespace, Resource: "events", Verbs: look, Optional: true},
		{Namespace: namespace, Resource: "pods", Verbs: look, Optional: true},
		{Namespace: namespace, Resource: "pods/log", Verbs: []string{"get"}, Optional: true},
		{Namespace: namespace, Group: "apps", Resource: "replicasets", Verbs: look, Optional: true},
	}
}

func (e *Engine) hookNeeds(ctx context.Context, p *Plan, events ...string) []Permission {
	var out []Permission
	for _, name := range events {
		for _, h := range hooksFor(p.record.Hooks, name) {
			objects, err := hookObjects(h)
			if err != nil {
				continue
			}
			for _, o := range objects {
				out = append(out, e.permission(ctx, refIn(o, p.Namespace), []string{"get", "create", "patch", "delete", "list", "watch"})...)
			}
		}
	}
	return out
}

// passive are the kinds that are ready as soon as they exist.
var passive = map[string]bool{
	"ConfigMap": true, "Secret": true, "ServiceAccount": true, "Role": true, "RoleBinding": true, "ClusterRole": true,
	"ClusterRoleBinding": true, "NetworkPolicy": true, "PriorityClass": true, "StorageClass": true, "LimitRange": true,
	"Ingress": true, "ValidatingWebhookConfiguration": true, "MutatingWebhookConfiguration": true,
}

// permission is what to ask about an object; nothing for a kind that the cluster
// does not know yet.
func (e *Engine) permission(ctx context.Context, ref kube.Ref, verbs []string) []Permission {
	res, err := e.cluster.Resource(ctx, ref.APIVersion, ref.Kind)
	if err != nil {
		return nil
	}
	p := Permission{Namespace: ref.Namespace, Group: res.Group, Resource: res.Plural, Verbs: verbs, Names: []string{ref.Name}}
	if !res.Namespaced {
		p.Namespace = ""
	}
	return []Permission{p}
}

// missing asks the server which of the permissions the account lacks. What it
// cannot find out counts as allowed.
func (e *Engine) missing(ctx context.Context, needed []Permission) []Permission {
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
	each(namespaces, func(ns string) {
		var lack []Permission
		whole := false
		if ns == "" {
			lack = byNamespace[ns]
		} else if r, err := e.enough(ctx, ns, byNamespace[ns]); err == nil {
			lack, whole = lacking(r.rules, byNamespace[ns]), r.complete
		}
		mu.Lock()
		defer mu.Unlock()
		if whole {
			out = append(out, lack...)
		} else {
			open = append(open, lack...)
		}
	})
	out = append(out, e.refused(ctx, open)...)
	slices.SortFunc(out, func(a, b Permission) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource))
	})
	return out
}

// review is what an account may do in a namespace.
type review struct {
	rules    []accessRule
	complete bool // false when the server cannot tell everything
}

// enough is the review of a namespace that allows what is needed, or else one
// asked for now: what was not allowed before may be since.
func (e *Engine) enough(ctx context.Context, namespace string, needed []Permission) (review, error) {
	r, old, err := e.review(ctx, namespace)
	if old && len(lacking(r.rules, needed)) > 0 {
		e.reviews.forget(namespace)
		r, _, err = e.review(ctx, namespace)
	}
	return r, err
}

// review asks what the account may do in a namespace; old says that it was asked before.
func (e *Engine) review(ctx context.Context, namespace string) (r review, old bool, err error) {
	return e.reviews.get(ctx, namespace, func(ctx context.Context) (review, bool, error) {
		body := map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": map[string]any{"namespace": namespace}}
		var answer struct {
			Status struct {
				ResourceRules []accessRule `json:"resourceRules"`
				Incomplete    bool         `json:"incomplete"`
			} `json:"status"`
		}
		err := e.cluster.Do(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", body, &answer)
		return review{answer.Status.ResourceRules, !answer.Status.Incomplete}, !answer.Status.Incomplete, err
	})
}

// refused asks about single permissions, at most maxReviews of them.
func (e *Engine) refused(ctx context.Context, open []Permission) []Permission {
	if len(open) == 0 || e.may(ctx, Permission{Group: "*", Resource: "*"}, "*") {
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
	each(questions, func(q question) {
		if !e.may(ctx, open[q.i], open[q.i].Verbs[q.v]) {
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

// may asks one question; no answer counts as yes.
func (e *Engine) may(ctx context.Context, p Permission, verb string) bool {
	resource, sub, _ := strings.Cut(p.Resource, "/")
	attributes := map[string]any{"namespace": p.Namespace, "verb": verb, "group": p.Group, "resource": resource, "subresource": sub}
	if len(p.Names) == 1 && verb != "create" {
		attributes["name"] = p.Names[0]
	}
	body := map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": map[string]any{"resourceAttributes": attributes}}
	var answer unstructured.Unstructured
	if err := e.cluster.Do(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body, &answer.Object); err != nil {
		return true
	}
	allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed")
	return allowed
}

// account is the name under which the server knows us; empty when it does not say.
func (e *Engine) account(ctx context.Context) string {
	body := map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
	var answer unstructured.Unstructured
	if err := e.cluster.Do(ctx, http.MethodPost, "/apis/authentication.k8s.io/v1/selfsubjectreviews", body, &answer.Object); err != nil {
		return ""
	}
	name, _, _ := unstructured.NestedString(answer.Object, "status", "userInfo", "username")
	return name
}
