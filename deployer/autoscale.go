package deployer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/internal/object"
)

// scaler is one object that sets the replicas of another.
type scaler struct {
	ref    kube.Ref
	target kube.Ref // without a version
}

// scalerOf reads whom an autoscaler scales; ok is false for any other object.
func scalerOf(o *unstructured.Unstructured) (s scaler, ok bool) {
	group, _, _ := strings.Cut(o.GetAPIVersion(), "/")
	switch {
	case o.GetKind() == "HorizontalPodAutoscaler" && group == "autoscaling":
	case o.GetKind() == "ScaledObject" && group == "keda.sh":
	default:
		return scaler{}, false
	}
	kind := object.String(o, "spec", "scaleTargetRef", "kind")
	if kind == "" { // KEDA's default
		kind = "Deployment"
	}
	target := kube.Ref{Kind: kind, Namespace: o.GetNamespace(), Name: object.String(o, "spec", "scaleTargetRef", "name")}
	return scaler{ref: kube.RefOf(o), target: target}, target.Name != ""
}

// keepScaled leaves the replicas of objects that an autoscaler sets as they are: the live number goes into the target,
// for a field that an apply no longer has would fall back to its default. Only objects whose replicas the plan would
// change, or which conflict there, are asked about. Autoscalers that go with this revision do not count.
func (e *Engine) keepScaled(ctx context.Context, req Request, states []objectState) error {
	var rescaled []*objectState
	namespaces := map[string]bool{}
	for i := range states {
		if s := &states[i]; s.rescaled() {
			rescaled = append(rescaled, s)
			namespaces[s.object.GetNamespace()] = true
		}
	}
	if len(rescaled) == 0 {
		return nil
	}
	scalers, err := e.scalers(ctx, req, states, namespaces)
	if err != nil {
		return err
	}
	for _, s := range rescaled {
		i := slices.IndexFunc(scalers, func(c scaler) bool {
			return c.target.Kind == s.object.GetKind() && c.target.Name == s.object.GetName() &&
				c.target.Namespace == s.object.GetNamespace()
		})
		if i < 0 {
			continue
		}
		if err := e.keepReplicas(ctx, req, s, scalers[i]); err != nil {
			return err
		}
	}
	return nil
}

// rescaled reports whether the plan would change how many replicas the object has, or may not because somebody else
// sets them.
func (s *objectState) rescaled() bool {
	if s.live == nil {
		return false
	}
	now, has := s.live.Object["spec"].(map[string]any)
	if !has || now["replicas"] == nil {
		return false
	}
	if s.result != nil {
		next, _ := s.result.Object["spec"].(map[string]any)
		return next["replicas"] != now["replicas"]
	}
	return kube.Is(s.err, kube.Conflict) && slices.Contains(kube.Fields(s.err), "spec.replicas")
}

// scalers are the autoscalers of the target, and those in namespaces that will outlive this revision.
func (e *Engine) scalers(
	ctx context.Context, req Request, states []objectState, namespaces map[string]bool,
) ([]scaler, error) {
	var out []scaler
	wanted := map[string]bool{}
	for _, s := range states {
		wanted[kube.RefOf(s.object).Key()] = true
		if c, ok := scalerOf(s.object); ok {
			out = append(out, c)
		}
	}
	for _, kind := range [][2]string{{"autoscaling/v2", "HorizontalPodAutoscaler"}, {"keda.sh/v1alpha1", "ScaledObject"}} {
		res, ok := e.cluster.Served(ctx, kind[0], kind[1])
		if !ok {
			continue
		}
		for namespace := range namespaces {
			list, _, err := e.cluster.List(ctx, res.APIVersion(), kind[1], kube.Selection{Namespace: namespace})
			if kube.Is(err, kube.Forbidden) { // who may not see autoscalers is taken to have none
				continue
			}
			if err != nil {
				return nil, err
			}
			for _, o := range list {
				c, ok := scalerOf(o)
				mine, _ := isOwned(o, req.Release, req.Namespace)
				if ok && (wanted[c.ref.Key()] || !mine) {
					out = append(out, c)
				}
			}
		}
	}
	return out, nil
}

// keepReplicas puts the live number of replicas into the target and asks the server again.
func (e *Engine) keepReplicas(ctx context.Context, req Request, s *objectState, by scaler) error {
	replicas, _, err := unstructured.NestedFieldNoCopy(s.live.Object, "spec", "replicas")
	if err != nil {
		return fmt.Errorf("read the replicas of %s: %w", kube.RefOf(s.live).Long(), err)
	}
	if err := unstructured.SetNestedField(s.object.Object, replicas, "spec", "replicas"); err != nil {
		return fmt.Errorf("keep the replicas of %s: %w", kube.RefOf(s.object).Long(), err)
	}
	s.scaledBy = by.ref.String()
	s.result, s.err = e.dryRun(ctx, req, s.object, false)
	return kube.FatalOnly(s.err)
}

// applyScaled applies an object whose replicas an autoscaler sets, with the number that it has set by now. That number
// is never taken over, whatever the policy for other fields is.
func (r *operation) applyScaled(ctx context.Context, c *plan.Change) (*unstructured.Unstructured, error) {
	options := r.plan.request.applyOptions()
	force := options.Force
	options.Force = false
	for attempt := 0; ; attempt++ {
		out, err := r.engine.applyObject(ctx, c.Desired, options)
		fields := kube.Fields(err)
		onlyReplicas := len(fields) == 1 && fields[0] == "spec.replicas"
		if !kube.Is(err, kube.Conflict) || attempt == 5 || !onlyReplicas && !force {
			return out, err
		}
		live, err := r.engine.cluster.Get(ctx, c.Object)
		if err != nil {
			return nil, err
		}
		replicas, _, _ := unstructured.NestedFieldNoCopy(live.Object, "spec", "replicas")
		if err := unstructured.SetNestedField(c.Desired.Object, replicas, "spec", "replicas"); err != nil {
			return nil, err
		}
		options.Force = force && !onlyReplicas
	}
}
