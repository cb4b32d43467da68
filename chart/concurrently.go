package chart

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

const maxWorkers = 4

// concurrently calls do for 0 to n-1 on a few goroutines until ctx ends or a
// call fails. The error is that of the lowest failed number among those called.
func concurrently(ctx context.Context, n int, do func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	errs := make([]error, n)
	work := func() {
		for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil && !failed.Load(); i = int(next.Add(1)) - 1 {
			if errs[i] = do(i); errs[i] != nil {
				failed.Store(true)
			}
		}
	}
	for range min(runtime.GOMAXPROCS(0), maxWorkers, n) - 1 {
		workers.Go(work)
	}
	work()
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
