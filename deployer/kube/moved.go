package kube

import "context"

// Served is how the cluster serves a kind today: as given, else in the version that it prefers of the kind's group,
// else of the group that the kind has moved to. Objects of the kind are the same ones whatever the version or group; ok
// is false when the cluster serves none.
func (c *Client) Served(ctx context.Context, apiVersion, kind string) (r Resource, ok bool) {
	if r, err := c.Resource(ctx, apiVersion, kind); err == nil {
		return r, true
	}
	group, _ := splitAPIVersion(apiVersion)
	c.discovery.mu.Lock()
	defer c.discovery.mu.Unlock()
	if r, ok = c.discovery.first[group+"/"+kind]; ok {
		return r, true
	}
	r, ok = c.discovery.first[currentGroup(group, kind)+"/"+kind]
	return r, ok
}

// moved are the kinds that Kubernetes has moved to another group. Their objects stayed: both names are of one.
var moved = map[string]string{
	"extensions/DaemonSet": "apps", "extensions/Deployment": "apps", "extensions/ReplicaSet": "apps",
	"extensions/Ingress": "networking.k8s.io", "extensions/NetworkPolicy": "networking.k8s.io",
	"extensions/PodSecurityPolicy": "policy",
}

// currentGroup is the group that a kind of a group belongs to today.
func currentGroup(group, kind string) string {
	if now, ok := moved[group+"/"+kind]; ok {
		return now
	}
	return group
}
