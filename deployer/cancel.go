package deployer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/wait"
)

// Bounds of what follows an interruption. A CI kills 15 s after it asks; the reports are written in what is left.
const (
	interruptBound = 9 * time.Second // of the clean-up: evidence, record, rollback
	finishBound    = 8 * time.Second // of going on, when that is the policy
	finishedBound  = 3 * time.Second // of the clean-up after that
)

// CancelPolicies are what Request.OnCancel may be, besides empty.
func CancelPolicies() []Policy { return []Policy{Rollback, Leave, Finish} }

func checkCancel(release string, p Policy) error {
	switch p {
	case "", Rollback, Leave, Finish:
		return nil
	}
	return fmt.Errorf("release %s: on cancel %q is unknown; write rollback, leave or finish", release, p)
}

// cancelled are the policies of an operation that was interrupted: its own, or those of a failure when nothing was
// said.
func (r Request) cancelled() (onFailure, onFailedInstall Policy) {
	switch r.OnCancel {
	case Rollback:
		return Rollback, Remove
	case Leave, Finish:
		return Leave, Leave
	}
	return r.OnFailure, r.OnFailedInstall
}

// cleanUpBound is how long what follows an interruption may take.
func (r Request) cleanUpBound() time.Duration {
	if r.OnCancel == Finish {
		return finishedBound
	}
	return interruptBound
}

// workContext is the context of work that goes on for finishBound after an interruption, if that is the policy: else it
// is the parent. It ends at once when the lock is lost.
func workContext(parent context.Context, p Policy) (context.Context, context.CancelFunc) {
	if p != Finish {
		return parent, func() {}
	}
	ctx, end := context.WithCancelCause(context.WithoutCancel(parent))
	var mu sync.Mutex
	var timer *time.Timer
	stop := context.AfterFunc(parent, func() {
		cause := context.Cause(parent)
		if errors.Is(cause, lock.ErrLost) {
			end(cause)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		timer = time.AfterFunc(finishBound, func() { end(cause) })
	})
	return ctx, func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			timer.Stop()
		}
		end(nil)
	}
}

// cleanUpContext is the context of what follows a failure: see lock.Afterwards.
func cleanUpContext(parent context.Context, bound, hurry time.Duration) (context.Context, context.CancelFunc) {
	return lock.Afterwards(parent, bound, hurry, wait.ErrTimeout)
}
