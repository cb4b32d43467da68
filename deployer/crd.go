package deployer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/internal/object"
)

// CRDPolicy says what becomes of the CRDs in a chart's crds/. None of them is ever deleted.
type CRDPolicy string

// The policies for CRDs.
const (
	CreateCRDs CRDPolicy = "create" // where they are absent, as Helm does
	ApplyCRDs  CRDPolicy = "apply"  // also changes, unless they would harm what is stored
	SkipCRDs   CRDPolicy = "skip"
)

const crdKind = "CustomResourceDefinition"

// maxDangers bounds how many dangers one CRD's refusal lists.
const maxDangers = 10

// decideCRD says what becomes of a CRD of crds/.
func decideCRD(c plan.Change, s objectState, req Request) (plan.Change, error) {
	switch {
	case s.live == nil:
		c.Action = plan.Create
		return c, s.err
	case req.CRDs != ApplyCRDs:
		c.Action, c.Note = plan.Unchanged, "exists; CRDs of crds/ are created, never changed"
		return c, nil
	case s.err != nil:
		return c, s.err
	}
	c.Action, c.Fields = plan.Unchanged, plan.Diff(s.live, s.result)
	if len(c.Fields) > 0 {
		c.Action = plan.Update
	}
	err := guardCRD(&c, s, req)
	return c, err
}

// guardCRD refuses a change of a CRD that would harm stored objects or their clients, unless the request allows it;
// then it is noted.
func guardCRD(c *plan.Change, s objectState, req Request) error {
	if req.CRDs != ApplyCRDs || s.live == nil || c.Action == plan.Unchanged {
		return nil
	}
	dangers := crdDangers(s.live, s.object, s.inUse)
	if len(dangers) == 0 {
		return nil
	}
	if more := len(dangers) - maxDangers; more > 0 {
		dangers = append(dangers[:maxDangers], fmt.Sprintf("and %d more", more))
	}
	list := strings.Join(dangers, "; ")
	if !req.AllowCRDChanges {
		return fmt.Errorf("the change may harm objects that exist: %s; convert them first, then pass --allow-crd-changes",
			list)
	}
	c.Danger = list
	c.Remark("allowed: " + list)
	return nil
}

// crdDangers lists what a change of a CRD takes from objects that are stored, or from clients of a version. inUse says
// that there are objects of the kind.
func crdDangers(live, next *unstructured.Unstructured, inUse bool) []string {
	var out []string
	for _, path := range []string{"spec.scope", "spec.group", "spec.names.kind", "spec.names.plural"} {
		keys := strings.Split(path, ".")
		if was, is := object.String(live, keys...), object.String(next, keys...); was != is {
			out = append(out, fmt.Sprintf("%s changes from %s to %s", path, was, is))
		}
	}
	before, after := crdVersions(live), crdVersions(next)
	stored, _, _ := unstructured.NestedStringSlice(live.Object, "status", "storedVersions")
	for _, name := range stored {
		if _, ok := after[name]; !ok {
			out = append(out, fmt.Sprintf("version %s goes, in which objects are stored", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was, is := before[name], after[name]
		if on, _ := was["served"].(bool); on && inUse {
			if still, _ := is["served"].(bool); !still {
				out = append(out, fmt.Sprintf("version %s is no longer served, and there are objects of the kind", name))
			}
		}
		if is != nil {
			out = append(out, schemaDangers(name, "", crdSchema(was), crdSchema(is))...)
		}
	}
	return out
}

func crdVersions(crd *unstructured.Unstructured) map[string]map[string]any {
	out := map[string]map[string]any{}
	list, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			name, _ := m["name"].(string)
			out[name] = m
		}
	}
	return out
}

func crdSchema(version map[string]any) map[string]any {
	schema, _, _ := unstructured.NestedFieldNoCopy(version, "schema", "openAPIV3Schema")
	m, _ := schema.(map[string]any)
	return m
}

// schemaDangers lists what valid objects of the old schema lose under the new one: fields that go or change their type,
// and fields that are newly required and have no default. The paths are those of objects.
func schemaDangers(version, path string, before, after map[string]any) []string {
	var out []string
	say := func(at, what string) {
		out = append(out, fmt.Sprintf("%s: %s %s", version, strings.TrimPrefix(at, "."), what))
	}
	was, _ := before["type"].(string)
	is, _ := after["type"].(string)
	if either, _ := after["x-kubernetes-int-or-string"].(bool); was != "" && was != is &&
		(!either || was != "integer" && was != "string") {
		say(path, fmt.Sprintf("changes from %s to %s", was, orAny(is)))
		return out
	}
	old, now := schemaProperties(before), schemaProperties(after)
	for _, name := range newlyRequired(before, after) {
		if _, defaulted := now[name]["default"]; !defaulted {
			say(path+"."+name, "becomes required")
		}
	}
	open, _ := after["x-kubernetes-preserve-unknown-fields"].(bool)
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[name]; ok {
			out = append(out, schemaDangers(version, path+"."+name, old[name], now[name])...)
		} else if !open && after["additionalProperties"] == nil {
			say(path+"."+name, "goes")
		}
	}
	for key, mark := range map[string]string{"items": "[]", "additionalProperties": "{}"} {
		b, ok := before[key].(map[string]any)
		a, still := after[key].(map[string]any)
		if ok && still {
			out = append(out, schemaDangers(version, path+mark, b, a)...)
		}
	}
	return out
}

func orAny(kind string) string {
	if kind == "" {
		return "any type"
	}
	return kind
}

func schemaProperties(schema map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	m, _ := schema["properties"].(map[string]any)
	for name, p := range m {
		if p, ok := p.(map[string]any); ok {
			out[name] = p
		}
	}
	return out
}

func newlyRequired(before, after map[string]any) []string {
	was, _ := before["required"].([]any)
	is, _ := after["required"].([]any)
	var out []string
	for _, r := range is {
		if name, ok := r.(string); ok && !slices.Contains(was, r) {
			out = append(out, name)
		}
	}
	return out
}

// checkCRDs finds out whether there are objects of kinds whose CRD would change, and forgives what the server said
// about objects of such kinds: it judged them by the old schema.
func (e *Engine) checkCRDs(ctx context.Context, req Request, states []objectState) error {
	if req.CRDs == SkipCRDs {
		return nil
	}
	changing := map[string]bool{} // "group/Kind"
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range states {
		s := &states[i]
		if s.object.GetKind() != crdKind || s.live == nil || s.result == nil || s.isCRD && req.CRDs != ApplyCRDs ||
			len(plan.Diff(s.live, s.result)) == 0 {
			continue
		}
		changing[object.String(s.object, "spec", "group")+"/"+object.String(s.object, "spec", "names", "kind")] = true
		g.Go(func() (err error) { s.inUse, err = e.anyOf(ctx, s.live); return err })
	}
	for i := range states {
		s := &states[i]
		group, _, _ := strings.Cut(s.object.GetAPIVersion(), "/")
		if changing[group+"/"+s.object.GetKind()] {
			s.afterCRD = true
			if kube.Is(s.err, kube.Invalid) {
				s.err, s.unchecked = nil, "not checked: its CRD changes with this release"
			}
		}
	}
	return g.Wait()
}

// anyOf reports whether there is an object of a CRD's kind. Who may not see them is taken to have some.
func (e *Engine) anyOf(ctx context.Context, crd *unstructured.Unstructured) (bool, error) {
	for name, v := range crdVersions(crd) {
		if on, _ := v["served"].(bool); !on {
			continue
		}
		var list struct {
			Items []struct{} `json:"items"`
		}
		path := fmt.Sprintf("/apis/%s/%s/%s?limit=1", object.String(crd, "spec", "group"), name,
			object.String(crd, "spec", "names", "plural"))
		err := e.cluster.Do(ctx, "GET", path, nil, &list)
		switch {
		case kube.Is(err, kube.NotFound): // not served yet
			return false, nil
		case kube.Is(err, kube.Forbidden):
			return true, nil
		}
		return len(list.Items) > 0, err
	}
	return false, nil
}
