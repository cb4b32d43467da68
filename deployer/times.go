package deployer

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/wait"
)

// timesNote is the annotation of a record that keeps a wait.Baseline.
const timesNote = "pintle.dev/times"

// isTimed reports whether the time that an object takes says something: it runs, or a controller works on it.
func isTimed(a *wait.Item) bool {
	switch a.Ref.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod":
		return true
	}
	return a.Object != nil && readiness.IsCustom(a.Object.GroupVersionKind().Group)
}

// noteTimes compares how long the changed objects took with what they used to take, warns of what was slow, and
// remembers it in the record to be.
func (r *operation) noteTimes() {
	before := keptBaseline(r.plan.lineage.history.Records)
	if r.plan.request.Baseline && !r.plan.request.NoWait && r.plan.Operation != plan.RollingBack {
		took, present := r.took()
		for _, name := range slices.Sorted(maps.Keys(took)) {
			if w := before.Slow(name, took[name]); w != "" {
				r.span.Warn(w)
			}
		}
		before = before.Next(took, present)
	}
	if text, err := json.Marshal(before); err == nil && len(before) > 0 {
		r.plan.record.Annotations = map[string]string{timesNote: string(text)}
	}
}

// took are the times of the changed objects, and the names of all.
func (r *operation) took() (took map[string]time.Duration, present map[string]bool) {
	took, present = map[string]time.Duration{}, map[string]bool{}
	for _, a := range r.applied {
		name := a.Ref.String()
		present[name] = true
		if d, ok := a.Took(); ok && isTimed(a) {
			took[name] = d
		}
	}
	return took, present
}

// keptBaseline is that of the newest record which has one: Helm's have none.
func keptBaseline(records []*release.Record) wait.Baseline {
	for _, r := range slices.Backward(records) {
		if text := r.Annotations[timesNote]; text != "" {
			return wait.ParseTimes(text)
		}
	}
	return wait.Baseline{}
}
