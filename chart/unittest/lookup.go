package unittest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// lookupFunc answers the template function lookup.
type lookupFunc = func(ctx context.Context, apiVersion, kind, namespace, name string) (map[string]any, error)

// lookup answers from the listed objects. Kinds that the scheme does not have
// are not served; nil is a cluster without objects.
func (c Cluster) lookup() (lookupFunc, error) {
	if len(c.Objects) == 0 {
		return nil, nil
	}
	objects := make([]map[string]any, len(c.Objects))
	for i, o := range c.Objects {
		var err error
		if objects[i], err = yaml.JSONMap(o); err != nil {
			return nil, fmt.Errorf("kubernetesProvider: object %d: %w", i+1, err)
		}
	}
	return func(_ context.Context, apiVersion, kind, namespace, name string) (map[string]any, error) {
		served, ok := c.Scheme[apiVersion+"/"+kind]
		if !ok {
			return map[string]any{}, nil
		}
		if !served.Namespaced {
			namespace = ""
		}
		items := []any{}
		for _, o := range objects {
			metadata, _ := o["metadata"].(map[string]any)
			where, _ := metadata["namespace"].(string)
			if o["apiVersion"] != apiVersion || o["kind"] != kind || name != "" && metadata["name"] != name {
				continue
			}
			if where != namespace && (name != "" || namespace != "") {
				continue
			}
			if name != "" {
				return o, nil
			}
			items = append(items, o)
		}
		if name != "" {
			return map[string]any{}, nil
		}
		return map[string]any{"apiVersion": apiVersion, "kind": kind + "List", "metadata": map[string]any{"continue": "", "resourceVersion": ""}, "items": items}, nil
	}, nil
}

// over adds the objects and kinds of a suite to those of a test.
func (c Cluster) over(suite Cluster) Cluster {
	out := Cluster{Scheme: map[string]Kind{}, Objects: slices.Concat(c.Objects, suite.Objects)}
	maps.Copy(out.Scheme, c.Scheme)
	maps.Copy(out.Scheme, suite.Scheme)
	return out
}
