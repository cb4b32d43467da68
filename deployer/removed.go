package deployer

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// modernize brings an object of a recorded manifest to the version in which the
// cluster serves its kind today, if it no longer serves the recorded one, and
// returns that one. What a chart renders is left as it is: there the author is to
// say it. Whether the object fits the other version, the dry run tells.
func (e *Engine) modernize(ctx context.Context, o *unstructured.Unstructured, t target) (was string) {
	if t.stage.operation != RollingBack {
		return ""
	}
	res, ok := e.cluster.Served(ctx, o.GetAPIVersion(), o.GetKind())
	if !ok || res.APIVersion() == o.GetAPIVersion() {
		return ""
	}
	was = o.GetAPIVersion()
	o.SetAPIVersion(res.APIVersion())
	return was
}

// unserved says which objects of earlier revisions are gone with their kinds.
func unserved(gone []kube.Ref) []string {
	var out []string
	for _, ref := range gone {
		out = append(out, fmt.Sprintf("%s of an earlier revision counts as gone: the cluster serves no %s in %s any more", ref, ref.Kind, ref.APIVersion))
	}
	return out
}
