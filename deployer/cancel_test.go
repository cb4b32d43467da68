package deployer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/wait"
)

// TestCleanUpContext holds how long a clean-up may take, on a clock of its own.
func TestCleanUpContext(t *testing.T) {
	for name, tt := range map[string]struct {
		cancelAfter time.Duration // of the parent; 0 means before
		cause       error
		want        time.Duration
		wantCause   error
	}{
		"cancelled before":     {0, context.Canceled, interruptBound, wait.ErrTimeout},
		"cancelled meanwhile":  {time.Minute, context.Canceled, time.Minute + interruptBound, wait.ErrTimeout},
		"never cancelled":      {time.Hour, context.Canceled, 5 * time.Minute, wait.ErrTimeout},
		"lock lost meanwhile":  {time.Minute, lock.ErrLost, time.Minute, lock.ErrLost},
		"cancelled near bound": {5*time.Minute - time.Second, context.Canceled, 5 * time.Minute, wait.ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, cancelParent := context.WithCancelCause(t.Context())
				timer := time.AfterFunc(tt.cancelAfter, func() { cancelParent(tt.cause) })
				defer timer.Stop()
				if tt.cancelAfter == 0 {
					cancelParent(tt.cause)
				}
				began := time.Now()
				ctx, cancel := cleanUpContext(parent, 5*time.Minute, interruptBound)
				defer cancel()
				<-ctx.Done()
				if got := time.Since(began); got != tt.want {
					t.Errorf("ended after %s, want %s", got, tt.want)
				}
				if cause := context.Cause(ctx); !errors.Is(cause, tt.wantCause) {
					t.Errorf("cause %v, want %v", cause, tt.wantCause)
				}
			})
		})
	}
}

// TestWorkContext holds how long work goes on after an interruption.
func TestWorkContext(t *testing.T) {
	for name, tt := range map[string]struct {
		policy Policy
		cause  error
		want   time.Duration
	}{
		"rollback": {Rollback, context.Canceled, time.Minute},
		"finish":   {Finish, context.Canceled, time.Minute + finishBound},
		"no lock":  {Finish, lock.ErrLost, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, cancelParent := context.WithCancelCause(t.Context())
				timer := time.AfterFunc(time.Minute, func() { cancelParent(tt.cause) })
				defer timer.Stop()
				began := time.Now()
				ctx, stop := workContext(parent, tt.policy)
				defer stop()
				<-ctx.Done()
				if got := time.Since(began); got != tt.want {
					t.Errorf("ended after %s, want %s", got, tt.want)
				}
				if cause := context.Cause(ctx); !errors.Is(cause, tt.cause) {
					t.Errorf("cause %v, want %v", cause, tt.cause)
				}
			})
		})
	}
}
