package wait

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// What counts as slow, and what is remembered to know it.
const (
	keptTimes   = 10               // of each object
	enoughTimes = 3                // before anything is called slow
	maxTimed    = 500              // objects of a release
	slowFactor  = 3                // times the median
	slowAfter   = 10 * time.Second // below which nobody minds
)

// Baseline is the seconds that objects took to become ready in the last deploys that changed them, by Kind/name, oldest
// first. It stands in an annotation of the newest record's object, and so costs no write; where Helm writes a record
// anew, the one before it still has it.
type Baseline map[string][]float64

// Slow says by how much an object took longer than it used to; empty when it did not.
func (t Baseline) Slow(object string, took time.Duration) string {
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

// Next is t with the times of a deploy added, and without objects that the release does not have any more.
func (t Baseline) Next(took map[string]time.Duration, present map[string]bool) Baseline {
	out := Baseline{}
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

// ParseTimes reads what noteTimes wrote; what makes no sense counts as nothing.
func ParseTimes(text string) Baseline {
	t := Baseline{}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return Baseline{}
	}
	for object, list := range t {
		t[object] = list[max(0, len(list)-keptTimes):]
	}
	return t
}
