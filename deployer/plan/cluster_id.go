package plan

// ClusterID tells clusters apart.
type ClusterID struct {
	UID    string `json:"uid,omitempty"` // of its namespace kube-system; empty where the account may not see it
	Server string `json:"server"`        // the address, as this machine knows it
}

// Same reports whether two are one cluster: by uid where both are known, else by address.
func (c ClusterID) Same(o ClusterID) bool {
	if c.UID != "" && o.UID != "" {
		return c.UID == o.UID
	}
	return c.Server == o.Server
}
