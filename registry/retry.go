package registry

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pintle-ci/pintle/internal/sleep"
)

const (
	maxAttempts = 4
	maxWait     = 30 * time.Second // a server that asks for more is reported instead
)

// retry runs an idempotent attempt, again where its failure may pass. An attempt gives,
// with its error, how long the server wants to be left alone. The error is the last
// attempt's, or the context's where that ended a wait.
func (a Access) retry(ctx context.Context, attempt func() (after time.Duration, err error)) error {
	pause := cmp.Or(max(a.Pause, 0), 500*time.Millisecond)
	for n := 1; ; n++ {
		after, err := attempt()
		if err == nil {
			return nil
		}
		wait := max(pause, after)
		if n == maxAttempts || wait > maxWait || ctx.Err() != nil || !transient(err) {
			return err
		}
		if !sleep.For(ctx, wait) {
			return ctx.Err()
		}
		pause *= 2
	}
}

// transient reports whether a second attempt may help.
func transient(err error) bool {
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		return transientStatus(answer.StatusCode) && !isFull(answer)
	}
	if answer, ok := errors.AsType[*statusError](err); ok {
		return transientStatus(answer.code)
	}
	return networkFault(err) && !certificateFault(err) && !hangs(err)
}

// transientStatus reports whether the same question may be answered otherwise. 499 is
// a proxy's word for a client that it gave up on.
func transientStatus(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status == 499 || status >= 500
}

// kindOf is what a status says is wrong: one of the errors of this package, or nil.
func kindOf(status int) error {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrDenied
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusTooManyRequests, status >= 500:
		return ErrBusy
	}
	return nil
}
