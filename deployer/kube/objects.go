package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Ref names one object. Namespace is empty for cluster-scoped kinds.
type Ref struct {
	APIVersion, Kind, Namespace, Name string
}

// RefOf is the Ref of an object.
func RefOf(o *unstructured.Unstructured) Ref {
	return Ref{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}

// RefIn is the Ref of an object as rendered, in the namespace it would get.
func RefIn(o *unstructured.Unstructured, namespace string) Ref {
	ref := RefOf(o)
	if ref.Namespace == "" {
		ref.Namespace = namespace
	}
	return ref
}

// String is Kind/name.
func (r Ref) String() string { return r.Kind + "/" + r.Name }

// Long is Kind/name with its namespace, for messages.
func (r Ref) Long() string {
	if r.Namespace == "" {
		return r.String()
	}
	return r.String() + " in " + r.Namespace
}

// Key is the object's identity whatever its version: group, kind, namespace, name. A kind that has moved to another
// group counts as of the new one.
func (r Ref) Key() string {
	group, _ := splitAPIVersion(r.APIVersion)
	return strings.Join([]string{currentGroup(group, r.Kind), r.Kind, r.Namespace, r.Name}, "|")
}

func (c *Client) path(ctx context.Context, ref Ref) (string, error) {
	res, err := c.Resource(ctx, ref.APIVersion, ref.Kind)
	if err != nil {
		return "", err
	}
	return res.root(ref.Namespace) + "/" + url.PathEscape(ref.Name), nil
}

func (c *Client) object(ctx context.Context, r request) (*unstructured.Unstructured, error) {
	var m map[string]any
	if err := c.do(ctx, r, &m); err != nil {
		return nil, err
	}
	return &unstructured.Unstructured{Object: m}, nil
}

// Get reads one object; absent is an *Error with Reason NotFound.
func (c *Client) Get(ctx context.Context, ref Ref) (*unstructured.Unstructured, error) {
	path, err := c.path(ctx, ref)
	if err != nil {
		return nil, err
	}
	return c.object(ctx, request{method: http.MethodGet, path: path, doing: "get " + ref.Long()})
}

// Selection narrows a list or a watch. Empty fields select everything.
type Selection struct {
	Namespace string
	Labels    string // label selector: app=web,tier!=cache
	Fields    string // field selector: type=Warning
	Since     string // of a watch: the resource version after which it begins; empty lists first
}

func (s Selection) query() url.Values {
	q := url.Values{}
	if s.Labels != "" {
		q.Set("labelSelector", s.Labels)
	}
	if s.Fields != "" {
		q.Set("fieldSelector", s.Fields)
	}
	return q
}

const pageSize = 500

// List reads all selected objects of a kind, page by page, and the list's resource version, from which a watch can go
// on.
func (c *Client) List(
	ctx context.Context, apiVersion, kind string, s Selection,
) ([]*unstructured.Unstructured, string, error) {
	res, err := c.Resource(ctx, apiVersion, kind)
	if err != nil {
		return nil, "", err
	}
	q := s.query()
	q.Set("limit", strconv.Itoa(pageSize))
	var out []*unstructured.Unstructured
	for {
		var page struct {
			Metadata struct {
				ResourceVersion string `json:"resourceVersion"`
				Continue        string `json:"continue"`
			} `json:"metadata"`
			Items []map[string]any `json:"items"`
		}
		r := request{method: http.MethodGet, path: res.root(s.Namespace), query: q.Encode(), doing: "list " + res.Plural}
		if err := c.do(ctx, r, &page); err != nil {
			return nil, "", err
		}
		for _, item := range page.Items {
			item["apiVersion"], item["kind"] = apiVersion, kind // a list's items lack them
			out = append(out, &unstructured.Unstructured{Object: item})
		}
		if page.Metadata.Continue == "" {
			return out, page.Metadata.ResourceVersion, nil
		}
		q.Set("continue", page.Metadata.Continue)
	}
}

// ApplyOptions refine Apply and Create.
type ApplyOptions struct {
	Manager string // field manager; Apply needs one
	Force   bool   // take fields over from other managers
	DryRun  bool   // admission and validation run, nothing is stored
	Lenient bool   // unknown and duplicate fields are dropped, not errors
}

func (o ApplyOptions) query() url.Values {
	q := url.Values{"fieldManager": {o.Manager}, "fieldValidation": {"Strict"}}
	if o.Lenient {
		q.Set("fieldValidation", "Ignore")
	}
	if o.DryRun {
		q.Set("dryRun", "All")
	}
	return q
}

// Apply is server-side apply: the object becomes what obj says, as far as Manager is concerned. It returns the object
// as the server has it afterwards, or would have it. Unknown and duplicate fields are errors, unless o is lenient.
func (c *Client) Apply(
	ctx context.Context, obj *unstructured.Unstructured, o ApplyOptions,
) (*unstructured.Unstructured, error) {
	ref := RefOf(obj)
	path, err := c.path(ctx, ref)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", ref.Long(), err)
	}
	q := o.query()
	q.Set("force", strconv.FormatBool(o.Force))
	doing := "apply " + ref.Long()
	if o.DryRun {
		doing = "check " + ref.Long()
	}
	out, err := c.object(ctx, request{
		method: http.MethodPatch, path: path, query: q.Encode(),
		contentType: "application/apply-patch+yaml", body: body, doing: doing,
	})
	return out, c.nameMisfits(ctx, err, ref, body)
}

// Create posts obj; with metadata.generateName the server names it.
func (c *Client) Create(
	ctx context.Context, obj *unstructured.Unstructured, o ApplyOptions,
) (*unstructured.Unstructured, error) {
	ref := RefOf(obj)
	res, err := c.Resource(ctx, ref.APIVersion, ref.Kind)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", ref.Long(), err)
	}
	return c.object(ctx, request{
		method: http.MethodPost, path: res.root(ref.Namespace), query: o.query().Encode(),
		contentType: "application/json", body: body, doing: "create " + ref.Long(),
	})
}

// Update puts obj; with a resourceVersion in it, only over that version.
func (c *Client) Update(
	ctx context.Context, obj *unstructured.Unstructured, o ApplyOptions,
) (*unstructured.Unstructured, error) {
	ref := RefOf(obj)
	path, err := c.path(ctx, ref)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", ref.Long(), err)
	}
	return c.object(ctx, request{
		method: http.MethodPut, path: path, query: o.query().Encode(),
		contentType: "application/json", body: body, doing: "update " + ref.Long(),
	})
}

// JSONPatch sends a JSON patch (RFC 6902).
func (c *Client) JSONPatch(ctx context.Context, ref Ref, patch []byte) error {
	path, err := c.path(ctx, ref)
	if err != nil {
		return err
	}
	return c.do(ctx, request{
		method: http.MethodPatch, path: path, contentType: "application/json-patch+json",
		body: patch, doing: "patch " + ref.Long(),
	}, nil)
}

// MergePatch sends a JSON merge patch (RFC 7386), and returns the object as it is then, or would be with dryRun.
func (c *Client) MergePatch(
	ctx context.Context, ref Ref, patch []byte, dryRun bool,
) (*unstructured.Unstructured, error) {
	path, err := c.path(ctx, ref)
	if err != nil {
		return nil, err
	}
	q := url.Values{}
	if dryRun {
		q.Set("dryRun", "All")
	}
	return c.object(ctx, request{
		method: http.MethodPatch, path: path, query: q.Encode(), contentType: "application/merge-patch+json",
		body: patch, doing: "patch " + ref.Long(),
	})
}

// Propagation says what becomes of the objects that a deleted one owns.
type Propagation string

// The propagation policies of Kubernetes.
const (
	Background Propagation = "Background"
	Foreground Propagation = "Foreground"
	Orphan     Propagation = "Orphan"
)

// Delete removes an object. With a uid, only that very one: another object under its name is a Conflict. An absent
// object is NotFound.
func (c *Client) Delete(ctx context.Context, ref Ref, uid string, p Propagation) error {
	path, err := c.path(ctx, ref)
	if err != nil {
		return err
	}
	options := map[string]any{"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": string(p)}
	if uid != "" {
		options["preconditions"] = map[string]any{"uid": uid}
	}
	body, err := json.Marshal(options)
	if err != nil {
		return err
	}
	return c.do(ctx, request{
		method: http.MethodDelete, path: path, contentType: "application/json", body: body,
		doing: "delete " + ref.Long(),
	}, nil)
}

// Lookup answers the template function of that name (facts/helm-format.md 4.17): one object, or with an empty name a
// list; absent is an empty map, and so is a kind that a version which the cluster serves does not have. A version that
// it does not serve is an *Error with Reason NoKind.
func (c *Client) Lookup(ctx context.Context, apiVersion, kind, namespace, name string) (map[string]any, error) {
	res, err := c.Resource(ctx, apiVersion, kind)
	if Is(err, NoKind) && c.serves(apiVersion) {
		return map[string]any{}, nil
	}
	if err != nil {
		return nil, err
	}
	path, doing := res.root(namespace), "look up "+res.Plural
	if name != "" {
		path, doing = path+"/"+url.PathEscape(name), "look up "+kind+"/"+name
	}
	obj, err := c.object(ctx, request{method: http.MethodGet, path: path, doing: doing})
	if Is(err, NotFound) {
		return map[string]any{}, nil
	}
	if err != nil {
		return nil, err
	}
	return obj.Object, nil
}
