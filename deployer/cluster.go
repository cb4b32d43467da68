package deployer

import (
	"context"
	"fmt"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
)

// Cluster asks which cluster the engine works on.
func (e *Engine) Cluster(ctx context.Context) (plan.ClusterID, error) {
	id := plan.ClusterID{Server: e.cluster.Server()}
	var ns struct {
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
	}
	err := e.cluster.Do(ctx, "GET", "/api/v1/namespaces/kube-system", nil, &ns)
	if err != nil && !kube.Is(err, kube.Forbidden) && !kube.Is(err, kube.NotFound) {
		return id, fmt.Errorf("ask which cluster this is: %w", err)
	}
	id.UID = ns.Metadata.UID
	return id, nil
}

// namespaceMissing asks for a namespace, until it is there. Who may not see it is taken to have it: a namespaced
// service account need not see its namespace.
func (e *Engine) namespaceMissing(ctx context.Context, name string) (bool, error) {
	missing, _, err := e.absent.Get(ctx, name, func(ctx context.Context) (missing, keep bool, err error) {
		var ns struct{}
		err = e.cluster.Do(ctx, "GET", "/api/v1/namespaces/"+name, nil, &ns)
		switch {
		case kube.Is(err, kube.NotFound):
			return true, false, nil
		case kube.Is(err, kube.Forbidden):
			return false, true, nil
		}
		return false, true, err
	})
	return missing, err
}
