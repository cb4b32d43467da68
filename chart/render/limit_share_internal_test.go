package render

import (
	"runtime"
	"testing"
	"time"
)

// A render that the clock has gone on for an hour without its working, on a busy machine or before a slow cluster, may
// go on.
func TestTimeIsNotTheClocks(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := &share{limits: NewLimits(time.Minute, 0), base: heapBytes(), start: time.Now().Add(-time.Hour)}
	m := newMeter()
	if err := s.check(&m); err != nil {
		t.Error(err)
	}
	m.processor -= time.Hour // as if it had worked
	if s.check(&m) == nil {
		t.Error("an hour of work is no more than a minute")
	}
}
