package kube

import (
	"context"
	"errors"
	"time"
)

// Outage is what a request lives through that gets nothing but failures that may pass, and is sent again.
type Outage struct {
	Since time.Time // when the request was sent first
	Cause string    // of the last failure, one line
	Over  bool      // it has got its answer, whatever that is
}

type outageKey struct{}

// WithOutages returns a context whose requests tell of outages, each after every failure and when it is over. tell is
// called on the goroutines that send, and by several at a time.
func WithOutages(ctx context.Context, tell func(Outage)) context.Context {
	return context.WithValue(ctx, outageKey{}, tell)
}

// outages is who is told; never nil.
func outages(ctx context.Context) func(Outage) {
	if tell, ok := ctx.Value(outageKey{}).(func(Outage)); ok {
		return tell
	}
	return func(Outage) {}
}

// causeOf is an error's cause without what was being done.
func causeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Cause
	}
	return oneLine(err.Error())
}
