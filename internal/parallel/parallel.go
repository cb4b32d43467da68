// Package parallel does many small things on a few goroutines. It refuses to
// outlive its caller, and to be more than a loop: what must end early on a
// failure says so through its context.
package parallel

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// MaxWorkers is how many goroutines work at most.
const MaxWorkers = 4

// Workers is how many goroutines n things get.
func Workers(n int) int { return min(runtime.GOMAXPROCS(0), MaxWorkers, n) }

// Each calls do for 0 to n-1, on goroutines numbered from 0, until ctx ends or a
// call fails, and returns when all have ended. The error is that of the lowest
// number that fails, since numbers are taken in order, or that of ctx.
func Each(ctx context.Context, n int, do func(worker, i int) error) error {
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	errs := make([]error, n)
	work := func(worker int) {
		for ctx.Err() == nil && !failed.Load() {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if errs[i] = do(worker, i); errs[i] != nil {
				failed.Store(true)
			}
		}
	}
	for worker := 1; worker < Workers(n); worker++ {
		workers.Go(func() { work(worker) })
	}
	work(0)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
