package deployer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// What counts as slow, and what is remembered to know it.
const (
	keptTimes    = 10               // of each object
	enoughTimes  = 3                // before anything is called slow
	maxTimed     = 500              // objects of a release
	slowFactor   = 3                // times the median
	slowAfter    = 10 * time.Second // below which nobody minds
	timesPrefix  = "pintle-times-"  // and the release's name: a ConfigMap beside the records
	timesKey     = "times.json"
	timesManager = "pintle"
)

// baseline is the seconds that objects took to become ready in the last deploys
// that changed them, by Kind/name, oldest first. It stands in a ConfigMap of
// their own, because Helm would drop them from its records.
type baseline map[string][]float64

// slow says by how much an object took longer than it used to; empty when it did not.
func (t baseline) slow(object string, took time.Duration) string {
	before := t[object]
	if len(before) < enoughTimes || took <= slowAfter {
		return ""
	}
	m := median(before)
	if took.Seconds() <= slowFactor*m {
		return ""
	}
	usual := time.Duration(m * float64(time.Second))
	return fmt.Sprintf("%s took %s to become ready, its last %d deploys took %s in the median",
		object, took.Round(100*time.Millisecond), len(before), usual.Round(100*time.Millisecond))
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// next is t with the times of a deploy added, and without objects that the
// release does not have any more.
func (t baseline) next(took map[string]time.Duration, present map[string]bool) baseline {
	out := baseline{}
	for object, list := range t {
		if present[object] {
			out[object] = list
		}
	}
	for object, d := range took {
		if _, known := out[object]; !known && len(out) >= maxTimed {
			continue
		}
		list := append(slices.Clone(out[object]), float64(d.Milliseconds())/1000)
		out[object] = list[max(0, len(list)-keptTimes):]
	}
	return out
}

// timed reports whether the time that an object takes says something: it runs,
// or a controller works on it.
func timed(a *awaited) bool {
	switch a.ref.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod":
		return true
	}
	return a.object != nil && custom(a.object.GroupVersionKind().Group)
}

// noteTimes compares how long the changed objects took with what they used to
// take, warns of what was slow, and remembers it. A deploy does not fail for it.
func (r *run) noteTimes(ctx context.Context) {
	if !r.plan.request.Baseline || r.plan.request.NoWait || r.plan.Operation == RollingBack {
		return
	}
	took, present := map[string]time.Duration{}, map[string]bool{}
	for _, a := range r.applied {
		name := a.ref.String()
		present[name] = true
		if a.change != Unchanged && a.change != Delete && !a.notes.ignore && !a.since.IsZero() && timed(a) {
			took[name] = a.since.Sub(a.born)
		}
	}
	if len(took) == 0 {
		return
	}
	var before baseline
	var err error
	if r.plan.Operation != Install { // of a first one there are none
		before, err = r.readTimes(ctx)
	}
	if err == nil {
		for _, name := range slices.SortedFunc(keys(took), cmp.Compare[string]) {
			if w := before.slow(name, took[name]); w != "" {
				r.span.Warn(w)
			}
		}
		err = r.writeTimes(ctx, before.next(took, present))
	}
	if err != nil && !kube.Is(err, kube.Forbidden) { // who may not keep them does without
		r.span.Output("", "times to ready are not kept: "+err.Error())
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (r *run) timesRef() kube.Ref {
	return kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: r.plan.Namespace, Name: timesPrefix + r.plan.Release}
}

// readTimes is empty where nothing was kept.
func (r *run) readTimes(ctx context.Context) (baseline, error) {
	o, err := r.engine.cluster.Get(ctx, r.timesRef())
	if kube.Is(err, kube.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseTimes(str(o, "data", timesKey)), nil
}

// parseTimes reads what writeTimes wrote; what makes no sense counts as nothing.
func parseTimes(text string) baseline {
	t := baseline{}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return baseline{}
	}
	for object, list := range t {
		t[object] = list[max(0, len(list)-keptTimes):]
	}
	return t
}

func (r *run) writeTimes(ctx context.Context, t baseline) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	o := stub(r.timesRef())
	o.SetLabels(map[string]string{managedByLabel: timesManager, "pintle.dev/release": r.plan.Release})
	if err := unstructured.SetNestedField(o.Object, string(text), "data", timesKey); err != nil {
		return err
	}
	options := kube.ApplyOptions{Manager: timesManager, Force: true}
	if r.plan.Operation == Install { // there is nothing to merge it with
		if _, err = r.engine.cluster.Create(ctx, o, options); !kube.Is(err, kube.Exists) {
			return err
		}
	}
	_, err = r.engine.cluster.Apply(ctx, o, options)
	return err
}

// dropTimes forgets the times of a release that is gone.
func (r *run) dropTimes(ctx context.Context) error {
	err := r.engine.cluster.Delete(ctx, r.timesRef(), "", kube.Background)
	if kube.Is(err, kube.NotFound) || kube.Is(err, kube.Forbidden) {
		return nil
	}
	return err
}
