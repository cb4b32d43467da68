package lock

import (
	"context"
	"errors"
	"time"
)

// LastBound bounds what comes last after an interruption: the last write of a record, and giving the lock back.
const LastBound = 2 * time.Second

// Afterwards is the context of what follows a failure. It ends after bound, with cause. It does not end with the
// parent, but once the parent is cancelled, before or meanwhile, it has only hurry left; and nothing when the lock is
// lost.
func Afterwards(parent context.Context, bound, hurry time.Duration, cause error) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(parent))
	ctx, cancel := context.WithTimeoutCause(ctx, bound, cause)
	timer := time.AfterFunc(bound, func() { end(cause) })
	stop := context.AfterFunc(parent, func() {
		if errors.Is(context.Cause(parent), ErrLost) {
			end(context.Cause(parent))
			return
		}
		timer.Reset(min(bound, hurry))
	})
	return ctx, func() { stop(); timer.Stop(); cancel(); end(nil) }
}
