package kube

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"golang.org/x/sync/errgroup"
)

// Resource is one kind that the cluster serves.
type Resource struct {
	Group, Version, Kind string
	Plural               string // in paths: "deployments"
	Namespaced           bool
	Status               bool // has a status that is written apart from the rest
}

// APIVersion is "v1" or "group/version".
func (r Resource) APIVersion() string {
	if r.Group == "" {
		return r.Version
	}
	return r.Group + "/" + r.Version
}

// root is the path of all the cluster's objects of r, or of those in namespace.
func (r Resource) root(namespace string) string {
	p := "/apis/" + r.Group + "/" + r.Version
	if r.Group == "" {
		p = "/api/" + r.Version
	}
	if r.Namespaced && namespace != "" {
		p += "/namespaces/" + namespace
	}
	return p + "/" + r.Plural
}

type discovery struct {
	mu     sync.Mutex
	known  map[string]Resource // "apps/v1/Deployment"; nil until read
	first  map[string]Resource // "apps/Deployment": in the version that the server prefers
	gitVer string
	minor  string
	apis   []string
}

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

// Discover reads once what the cluster serves: two requests where the server aggregates (1.26 and later), else one for
// each group and version.
func (c *Client) Discover(ctx context.Context) error {
	c.discovery.mu.Lock()
	defer c.discovery.mu.Unlock()
	if c.discovery.known != nil {
		return nil
	}
	return c.discover(ctx)
}

// Rediscover forgets what was read, after CRDs have come or gone.
func (c *Client) Rediscover(ctx context.Context) error {
	c.discovery.mu.Lock()
	defer c.discovery.mu.Unlock()
	return c.discover(ctx)
}

func (c *Client) discover(ctx context.Context) error {
	var core, groups []Resource
	var server serverVersion
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { core, err = c.discoverRoot(gctx, "/api"); return err })
	g.Go(func() (err error) { groups, err = c.discoverRoot(gctx, "/apis"); return err })
	g.Go(func() (err error) { server, err = c.version(gctx); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	d := &c.discovery
	d.known, d.first = map[string]Resource{}, map[string]Resource{}
	d.gitVer, d.minor = server.GitVersion, server.Minor
	apis := map[string]bool{}
	for _, r := range slices.Concat(core, groups) {
		apis[r.APIVersion()] = true
		if r.Kind == "" {
			continue
		}
		key := r.APIVersion() + "/" + r.Kind
		apis[key] = true
		if r.Plural == "" { // of a subresource
			continue
		}
		if _, ok := d.known[key]; !ok {
			d.known[key] = r
		}
		if _, ok := d.first[r.Group+"/"+r.Kind]; !ok { // servers list the preferred version first
			d.first[r.Group+"/"+r.Kind] = r
		}
	}
	d.apis = nil
	for a := range apis {
		d.apis = append(d.apis, a)
	}
	slices.Sort(d.apis)
	return nil
}

// groupList is both the aggregated answer and the old APIGroupList and APIVersions, of which each fills its own fields.
type groupList struct {
	Kind  string `json:"kind"`
	Items []struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Versions []struct {
			Version   string `json:"version"`
			Resources []struct {
				Resource     string                  `json:"resource"`
				ResponseKind metav1.GroupVersionKind `json:"responseKind"`
				Scope        string                  `json:"scope"`
				Subresources []struct {
					Subresource  string                  `json:"subresource"`
					ResponseKind metav1.GroupVersionKind `json:"responseKind"`
				} `json:"subresources"`
			} `json:"resources"`
		} `json:"versions"`
	} `json:"items"`
	Versions []string          `json:"versions"`
	Groups   []metav1.APIGroup `json:"groups"`
}

func (c *Client) discoverRoot(ctx context.Context, path string) ([]Resource, error) {
	var list groupList
	r := request{method: http.MethodGet, path: path, accept: aggregated, doing: "discover the cluster's APIs"}
	if err := c.do(ctx, r, &list); err != nil {
		return nil, err
	}
	if list.Kind != "APIGroupDiscoveryList" {
		return c.discoverEach(ctx, path, list)
	}
	var out []Resource
	for _, group := range list.Items {
		for _, v := range group.Versions {
			out = append(out, Resource{Group: group.Metadata.Name, Version: v.Version})
			for _, res := range v.Resources {
				out = append(out, Resource{
					Group: group.Metadata.Name, Version: v.Version, Kind: res.ResponseKind.Kind,
					Plural: res.Resource, Namespaced: res.Scope == "Namespaced",
				})
				kind := &out[len(out)-1]
				for _, sub := range res.Subresources {
					kind.Status = kind.Status || sub.Subresource == "status"
				}
				for _, sub := range res.Subresources { // Helm lists their kinds among the APIs, under this group
					out = append(out, Resource{Group: group.Metadata.Name, Version: v.Version, Kind: sub.ResponseKind.Kind})
				}
			}
		}
	}
	return out, nil
}

// discoverEach reads one list for each group and version, as servers before 1.26 need it. A group whose own server is
// down is left out, as kubectl does.
func (c *Client) discoverEach(ctx context.Context, path string, list groupList) ([]Resource, error) {
	versions := list.Versions
	for _, g := range list.Groups {
		for _, v := range g.Versions {
			versions = append(versions, v.GroupVersion)
		}
	}
	found := make([][]Resource, len(versions))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, gv := range versions {
		g.Go(func() error {
			var res metav1.APIResourceList
			r := request{method: http.MethodGet, path: path + "/" + gv, doing: "discover " + gv}
			if err := c.do(ctx, r, &res); err != nil {
				if Is(err, NotFound) || Is(err, Unavailable) {
					return nil
				}
				return err
			}
			found[i] = oldResources(gv, res)
			return nil
		})
	}
	err := g.Wait()
	return slices.Concat(found...), err
}

func oldResources(gv string, list metav1.APIResourceList) []Resource {
	group, version := splitAPIVersion(gv)
	out := []Resource{{Group: group, Version: version}}
	for _, r := range list.APIResources {
		res := Resource{Group: group, Version: version, Kind: r.Kind, Plural: r.Name, Namespaced: r.Namespaced}
		res.Status = slices.ContainsFunc(list.APIResources,
			func(sub metav1.APIResource) bool { return sub.Name == r.Name+"/status" })
		if strings.Contains(r.Name, "/") { // a subresource
			res.Plural = ""
		}
		out = append(out, res)
	}
	return out
}

type serverVersion struct {
	GitVersion string `json:"gitVersion"`
	Minor      string `json:"minor"`
}

func (c *Client) version(ctx context.Context) (v serverVersion, err error) {
	err = c.do(ctx, request{method: http.MethodGet, path: "/version", doing: "reach the cluster"}, &v)
	return v, err
}

func splitAPIVersion(apiVersion string) (group, version string) {
	if g, v, ok := strings.Cut(apiVersion, "/"); ok {
		return g, v
	}
	return "", apiVersion
}

// Resource maps an apiVersion and kind to what the cluster serves. The error is an *Error with Reason NoKind.
func (c *Client) Resource(ctx context.Context, apiVersion, kind string) (Resource, error) {
	if err := c.Discover(ctx); err != nil {
		return Resource{}, err
	}
	c.discovery.mu.Lock()
	defer c.discovery.mu.Unlock()
	if r, ok := c.discovery.known[apiVersion+"/"+kind]; ok {
		return r, nil
	}
	return Resource{}, c.noKind(apiVersion, kind)
}

// serves reports whether the cluster serves any kind of apiVersion. It is known after Discover.
func (c *Client) serves(apiVersion string) bool {
	c.discovery.mu.Lock()
	defer c.discovery.mu.Unlock()
	_, ok := slices.BinarySearch(c.discovery.apis, apiVersion)
	return ok
}

// noKind says what the cluster serves instead; the lock is held.
func (c *Client) noKind(apiVersion, kind string) error {
	e := &Error{
		Reason: NoKind, Doing: "find kind " + kind, Cause: fmt.Sprintf("the cluster serves no %s in %s", kind, apiVersion),
		Hint: "install its CRD first",
	}
	var others []string
	for key, r := range c.discovery.known {
		if r.Kind == kind {
			others = append(others, strings.TrimSuffix(key, "/"+kind))
		}
	}
	if slices.Sort(others); len(others) > 0 {
		e.Hint = "it serves " + kind + " in " + strings.Join(others, ", ") + ": change the chart's apiVersion"
	}
	return e
}

// Capabilities is what a chart may ask a cluster (facts/helm-format.md 4.16).
type Capabilities struct {
	KubeVersion string   // as the server gives it: v1.36.3, v1.33.4-gke.1
	KubeMinor   string   // likewise: 36, 29+
	APIVersions []string // "apps/v1" and "apps/v1/Deployment", sorted
}

// Capabilities reads the cluster's version and APIs, once.
func (c *Client) Capabilities(ctx context.Context) (Capabilities, error) {
	if err := c.Discover(ctx); err != nil {
		return Capabilities{}, err
	}
	c.discovery.mu.Lock()
	defer c.discovery.mu.Unlock()
	return Capabilities{KubeVersion: c.discovery.gitVer, KubeMinor: c.discovery.minor,
		APIVersions: slices.Clone(c.discovery.apis)}, nil
}
