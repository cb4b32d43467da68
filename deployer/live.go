package deployer

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
)

// Live is a release's objects as they are in the cluster, by version and kind: "v1/Service", and "v1/Pod(related)" for
// the pods of its workloads. Objects that are gone are missing.
type Live struct {
	Kinds   []string                    // sorted
	Objects map[string][]map[string]any // whole, or
	Tables  map[string][]kube.Table     // as the server prints them
}

const relatedPods = "v1/Pod(related)"

// Live reads the objects that a revision's manifest names, as `helm status` shows them: as tables, or whole.
func (e *Engine) Live(ctx context.Context, r *release.Record, tables bool) (Live, error) {
	objects, err := release.ParseManifest(r.Manifest)
	if err != nil {
		return Live{}, fmt.Errorf("read the objects of release %s: %w", r.Name, err)
	}
	found := make([]liveObject, len(objects))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i, o := range objects {
		g.Go(func() (err error) { found[i], err = e.readLive(gctx, o, r.Namespace, tables); return err })
	}
	if err := g.Wait(); err != nil {
		return Live{}, err
	}
	pods, err := e.podsOf(ctx, found, tables)
	if err != nil {
		return Live{}, err
	}
	out := Live{Objects: map[string][]map[string]any{}, Tables: map[string][]kube.Table{}}
	for _, l := range append(found, pods...) {
		if l.kind == "" {
			continue
		}
		if !slices.Contains(out.Kinds, l.kind) {
			out.Kinds = append(out.Kinds, l.kind)
		}
		if tables {
			out.Tables[l.kind] = append(out.Tables[l.kind], l.table)
		} else {
			out.Objects[l.kind] = append(out.Objects[l.kind], l.object)
		}
	}
	slices.Sort(out.Kinds)
	return out, nil
}

// liveObject is one object as it is; without a kind it is gone.
type liveObject struct {
	kind, namespace string
	selector        map[string]string // of a workload's pods
	object          map[string]any
	table           kube.Table
}

func (e *Engine) readLive(
	ctx context.Context, o *unstructured.Unstructured, namespace string, tables bool,
) (liveObject, error) {
	if _, err := e.place(ctx, o, namespace, nil); kube.Is(err, kube.NoKind) {
		return liveObject{}, nil
	} else if err != nil {
		return liveObject{}, err
	}
	ref := kube.RefOf(o)
	l := liveObject{namespace: ref.Namespace, selector: readiness.PodSelector(o)}
	var err error
	if tables {
		l.table, err = e.cluster.Table(ctx, ref)
	} else {
		var live *unstructured.Unstructured
		if live, err = e.cluster.Get(ctx, ref); err == nil {
			l.object = live.Object
		}
	}
	if kube.Is(err, kube.NotFound) {
		return liveObject{}, nil
	}
	l.kind = o.GroupVersionKind().Version + "/" + ref.Kind
	return l, err
}

// podsOf are the pods of workloads, those of each selector once.
func (e *Engine) podsOf(ctx context.Context, workloads []liveObject, tables bool) ([]liveObject, error) {
	var out []liveObject
	seen := map[string]bool{}
	for _, w := range workloads {
		s := kube.Selection{Namespace: w.namespace, Labels: labels.Set(w.selector).String()}
		if w.kind == "" || len(w.selector) == 0 || seen[s.Labels] {
			continue
		}
		seen[s.Labels] = true
		if tables {
			t, err := e.cluster.TableOf(ctx, "v1", "Pod", s)
			if err != nil {
				return nil, err
			}
			out = append(out, liveObject{kind: relatedPods, table: t})
			continue
		}
		pods, version, err := e.cluster.List(ctx, "v1", "Pod", s)
		if err != nil {
			return nil, err
		}
		items := make([]any, 0, len(pods))
		for _, p := range pods {
			items = append(items, p.Object)
		}
		out = append(out, liveObject{kind: relatedPods, object: map[string]any{
			"apiVersion": "v1", "kind": "PodList", "metadata": map[string]any{"resourceVersion": version}, "items": items,
		}})
	}
	return out, nil
}
