package deployer

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
)

// hookKeys are the identities of the objects of hooks; what cannot be read has none.
func hookKeys(hooks []*release.Hook, namespace string) map[string]bool {
	out := map[string]bool{}
	for _, h := range hooks {
		objects, err := hookObjects(h)
		if err != nil {
			continue
		}
		for _, o := range objects {
			out[kube.RefOf(o).Key()] = true // of a cluster-scoped kind, or with its namespace
			out[kube.RefIn(o, namespace).Key()] = true
		}
	}
	return out
}

// wasHook reports whether a live object was made by a hook of the release: it is marked as a hook, and one of the
// records says so. A hook's object carries no mark of its release.
func wasHook(live *unstructured.Unstructured, records []*release.Record) bool {
	key := kube.RefOf(live).Key()
	return live.GetAnnotations()[hookNote] != "" && slices.ContainsFunc(records, func(r *release.Record) bool {
		return hookKeys(r.Hooks, r.Namespace)[key]
	})
}

// becomesHook are the identities of what the operation's hooks make before its objects are pruned: an object that has
// become such a hook is not left over.
func (s observation) becomesHook() map[string]bool {
	if s.request.NoHooks {
		return nil
	}
	return hookKeys(hooksFor(s.record.Hooks, "pre-"+string(s.lineage.operation)), s.namespace)
}

// inTheWay says why a live object may not be replaced by a hook's. A Job or Pod of an earlier run, or one that was the
// release's own, may; what else is no hook may only where the hook's policies say so.
func inTheWay(live *unstructured.Unstructured, h *release.Hook, name, namespace string) error {
	mine, _ := isOwned(live, name, namespace)
	if slices.Contains(h.DeletePolicies, beforeCreation) || len(h.DeletePolicies) == 0 ||
		live.GetAnnotations()[hookNote] != "" || mine {
		return nil
	}
	return fmt.Errorf("it exists and is no hook; delete it, rename the hook, or give it %s: %s",
		policyNote, beforeCreation)
}

// occupied asks what is in the way of a hook's object that exists.
func (e *Engine) occupied(
	ctx context.Context, seen observation, o *unstructured.Unstructured, h *release.Hook,
) (refused, err error) {
	if !reruns(o.GetKind()) {
		return nil, nil
	}
	live, err := e.cluster.Get(ctx, kube.RefOf(o))
	if err != nil {
		return nil, kube.FatalOnly(err)
	}
	return inTheWay(live, h, seen.record.Name, seen.namespace), nil
}

// reruns reports whether objects of a kind run once, so that a hook of that kind replaces what is there.
func reruns(kind string) bool { return kind == "Job" || kind == "Pod" }
