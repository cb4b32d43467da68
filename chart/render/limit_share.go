package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/pintle-ci/pintle/internal/parallel"
)

// What a render may take where nothing else is said: several times what the largest public charts take.
const (
	DefaultTime = time.Minute
	DefaultHeap = 1 << 30
)

// Limits are what one render may take of the machine. It is not blamed for what others take: its time is that of the
// processors, not the clock's, and renders that may run at the same time in one process have the same *Limits. Where
// they fill the heap together, the one that notices begins again and runs alone.
type Limits struct {
	time    time.Duration // of a processor; lookups in a cluster take none
	heap    int64         // bytes more than were in use when the render began
	turns   *semaphore.Weighted
	running atomic.Int64
	begun   atomic.Int64
}

// NewLimits are the limits of all renders of a process. Zero means the default.
func NewLimits(processor time.Duration, heap int64) *Limits {
	if processor <= 0 {
		processor = DefaultTime
	}
	if heap <= 0 {
		heap = DefaultHeap
	}
	return &Limits{time: processor, heap: heap, turns: semaphore.NewWeighted(math.MaxInt64)}
}

// errCrowded says that the heap is full of what several renders hold. What it wraps keeps others from explaining it.
var errCrowded = fmt.Errorf("%w: several at once", ErrLimit)

// share is the part of one render in its limits.
type share struct {
	limits *Limits
	base   int64 // bytes of the heap that were in use before
	alone  bool  // no other render runs
	begun  int64 // renders, with this one
	start  time.Time
	worked atomic.Int64 // nanoseconds of processors that engines have booked
}

// within runs a render within the limits of its options, which it changes. The goroutine keeps its thread, whose
// processor time is the render's.
func within(ctx context.Context, opts Options, f func(Options) error) error {
	l := opts.Limits
	if l == nil {
		l = NewLimits(0, 0)
	}
	err := l.run(ctx, opts, false, f)
	if errors.Is(err, errCrowded) {
		err = l.run(ctx, opts, true, f)
	}
	return err
}

func (l *Limits) run(ctx context.Context, opts Options, alone bool, f func(Options) error) error {
	turns := int64(1)
	if alone {
		turns = math.MaxInt64
	}
	if err := l.turns.Acquire(ctx, turns); err != nil {
		return context.Cause(ctx)
	}
	defer l.turns.Release(turns)
	l.running.Add(1)
	defer l.running.Add(-1)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if alone {
		runtime.GC()
	}
	opts.share = &share{limits: l, base: heapBytes(), alone: alone, begun: l.begun.Add(1), start: time.Now()}
	return f(opts)
}

// check reports whether a render may go on whose engine has the meter m.
func (s *share) check(m *meter) error {
	if time.Since(s.start)*parallel.MaxWorkers > s.limits.time { // the clock is cheaper to ask
		now := processorTime()
		worked := s.worked.Add(int64(now - m.processor))
		if m.processor = now; worked > int64(s.limits.time) {
			return limitf("more than %v of work; --limits time=%v allows more", s.limits.time, 2*s.limits.time)
		}
	}
	if s.fits() {
		return nil
	}
	// Asked before the heap is measured: others may end in between.
	crowded := !s.alone && (s.limits.running.Load() > 1 || s.limits.begun.Load() > s.begun)
	runtime.GC()
	switch {
	case s.fits():
		return nil
	case crowded:
		return errCrowded
	}
	mib := s.limits.heap >> 20
	return limitf("more than %d MiB of memory; --limits heap=%dMiB allows more", mib, 2*mib)
}

func (s *share) fits() bool { return heapBytes()-s.base < s.limits.heap }

func heapBytes() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(min(sample[0].Value.Uint64(), math.MaxInt64))
}

// processorTime is what the calling thread has had of the processors; elsewhere than on Linux, what the process has
// had.
func processorTime() time.Duration {
	who := syscall.RUSAGE_SELF
	if runtime.GOOS == "linux" {
		who = 1 // RUSAGE_THREAD
	}
	var usage syscall.Rusage
	if syscall.Getrusage(who, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
