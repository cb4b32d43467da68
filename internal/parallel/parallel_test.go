package parallel_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/pintle-ci/pintle/internal/parallel"
)

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 3, 1000} {
		done := make([]atomic.Int32, n)
		if err := parallel.Each(t.Context(), n, func(worker, i int) error {
			if worker < 0 || worker >= parallel.Workers(n) {
				t.Errorf("worker %d of %d", worker, parallel.Workers(n))
			}
			done[i].Add(1)
			return nil
		}); err != nil {
			t.Error(err)
		}
		for i := range done {
			if done[i].Load() != 1 {
				t.Errorf("%d of %d was done %d times", i, n, done[i].Load())
			}
		}
	}
}

func TestEachEndsWithTheFirstFailure(t *testing.T) {
	var calls atomic.Int32
	err := parallel.Each(t.Context(), 1_000_000, func(_, i int) error {
		calls.Add(1)
		if i >= 10 {
			return fmt.Errorf("number %d", i)
		}
		return nil
	})
	if err == nil || err.Error() != "number 10" {
		t.Error(err)
	}
	if calls.Load() == 1_000_000 {
		t.Error("went on after the failure")
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := parallel.Each(ctx, 1_000_000, func(_, _ int) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
