package deployer

import (
	"context"
	"fmt"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// ClusterID tells clusters apart.
type ClusterID struct {
	UID    string `json:"uid,omitempty"` // of its namespace kube-system; empty where the account may not see it
	Server string `json:"server"`        // the address, as this machine knows it
}

// Same reports whether two are one cluster: by uid where both are known, else by
// address.
func (c ClusterID) Same(o ClusterID) bool {
	if c.UID != "" && o.UID != "" {
		return c.UID == o.UID
	}
	return c.Server == o.Server
}

// Cluster asks which cluster the engine works on.
func (e *Engine) Cluster(ctx context.Context) (ClusterID, error) {
	id := ClusterID{Server: e.cluster.Server()}
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
