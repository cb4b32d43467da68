package deployer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
)

// What counts as slow, and what is remembered to know it.
const (
	keptTimes   = 10               // of each object
	enoughTimes = 3                // before anything is called slow
	maxTimed    = 500              // objects of a release
	slowFactor  = 3                // times the median
	slowAfter   = 10 * time.Second // below which nobody minds
	timesNote   = "pintle.dev/times"
)

// baseline is the seconds that objects took to become ready in the last deploys
// that changed them, by Kind/name, oldest first. It stands in an annotation of the
// newest record's object, and so costs no write; where Helm writes a record anew,
// the one before it still has it.
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
func timed(a *wait.Item) bool {
	switch a.Ref.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod":
		return true
	}
	return a.Object != nil && readiness.IsCustom(a.Object.GroupVersionKind().Group)
}

// noteTimes compares how long the changed objects took with what they used to
// take, warns of what was slow, and remembers it in the record to be.
func (r *run) noteTimes() {
	before := keptBaseline(r.plan.stage.history.Records)
	if r.plan.request.Baseline && !r.plan.request.NoWait && r.plan.Operation != RollingBack {
		took, present := r.took()
		for _, name := range slices.Sorted(maps.Keys(took)) {
			if w := before.slow(name, took[name]); w != "" {
				r.span.Warn(w)
			}
		}
		before = before.next(took, present)
	}
	if text, err := json.Marshal(before); err == nil && len(before) > 0 {
		r.plan.record.Annotations = map[string]string{timesNote: string(text)}
	}
}

// took are the times of the changed objects, and the names of all.
func (r *run) took() (took map[string]time.Duration, present map[string]bool) {
	took, present = map[string]time.Duration{}, map[string]bool{}
	for _, a := range r.applied {
		name := a.Ref.String()
		present[name] = true
		if d, ok := a.Took(); ok && timed(a) {
			took[name] = d
		}
	}
	return took, present
}

// keptBaseline is that of the newest record which has one: Helm's have none.
func keptBaseline(records []*release.Record) baseline {
	for _, r := range slices.Backward(records) {
		if text := r.Annotations[timesNote]; text != "" {
			return parseTimes(text)
		}
	}
	return baseline{}
}

// parseTimes reads what noteTimes wrote; what makes no sense counts as nothing.
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
