package cli

import (
	"strings"
	"time"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// Limits are those of all renders of this command, as --limits says. What it leaves out is pintle.yaml's to say, within
// what config allows, or the default.
type Limits struct {
	time time.Duration
	heap int64
	made *render.Limits
}

// Parse reads --limits: time=1m,heap=1GiB, either or both.
func (l *Limits) Parse(text string) error {
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		var err error
		switch name {
		case "time":
			if l.time, err = time.ParseDuration(value); err == nil && l.time <= 0 {
				return Usagef("--limits time=%s: it must be more than 0", value)
			}
		case "heap":
			l.heap, err = config.ParseSize(value)
		default:
			return Usagef("--limits %q: write time=1m,heap=1GiB, either or both", text)
		}
		if err != nil {
			return Usagef("--limits %s: %w", part, err)
		}
	}
	return nil
}

// Over are the limits where a pintle.yaml has its own.
func (l *Limits) Over(file config.Limits) *render.Limits {
	processor, heap := file.Time, int64(0)
	if file.Heap != "" {
		heap, _ = config.ParseSize(file.Heap) // it was checked when the file was read
	}
	if l.time > 0 {
		processor = l.time
	}
	if l.heap > 0 {
		heap = l.heap
	}
	return render.NewLimits(processor, heap)
}

// Get are the limits of a command that reads no pintle.yaml, the same at each call.
func (l *Limits) Get() *render.Limits {
	if l.made == nil {
		l.made = l.Over(config.Limits{})
	}
	return l.made
}
