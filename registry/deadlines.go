package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// How long a server is waited for: without a byte of its answer, and for a whole
// request with its answer, however slowly the bytes drip.
const (
	stallTimeout   = 30 * time.Second
	requestTimeout = 10 * time.Minute
)

// deadlines ends requests whose answers stall or take too long. A request that
// it ended is not sent again: who hangs once hangs four times.
type deadlines struct {
	inner          http.RoundTripper
	stall, request time.Duration
}

func (a Access) deadlines(inner http.RoundTripper) deadlines {
	d := deadlines{inner: inner, stall: stallTimeout, request: requestTimeout}
	if a.stall > 0 {
		d.stall = a.stall
	}
	if a.request > 0 {
		d.request = a.request
	}
	return d
}

// RoundTrip implements http.RoundTripper.
func (d deadlines) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	whole := time.AfterFunc(d.request, func() {
		cancel(fmt.Errorf("not done after %v: %w", d.request, context.DeadlineExceeded))
	})
	end := func() {
		whole.Stop()
		cancel(nil)
	}
	resp, err := d.inner.RoundTrip(req.WithContext(ctx))
	if err != nil {
		err = causeOf(ctx, err)
		end()
		return nil, err
	}
	if resp.Request != nil && resp.Request.Context() == ctx {
		resp.Request = req // whose identity tells a redirect
	}
	resp.Body = &timedBody{ReadCloser: resp.Body, ctx: ctx, end: end, stall: d.stall, cancel: cancel}
	return resp, nil
}

// CloseIdleConnections is asked for by http.Client.
func (d deadlines) CloseIdleConnections() {
	if c, ok := d.inner.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// timedBody ends the request when a read takes too long.
type timedBody struct {
	io.ReadCloser
	ctx    context.Context // of the request
	cancel context.CancelCauseFunc
	end    func()
	stall  time.Duration
}

// Read implements io.Reader. Between reads the server may be kept waiting.
func (b *timedBody) Read(p []byte) (int, error) {
	stalled := time.AfterFunc(b.stall, func() {
		b.cancel(fmt.Errorf("nothing came for %v: %w", b.stall, context.DeadlineExceeded))
	})
	n, err := b.ReadCloser.Read(p)
	stalled.Stop()
	if err != nil {
		err = causeOf(b.ctx, err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *timedBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// causeOf is why the request was ended, where it was.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && err != io.EOF { //nolint:errorlint // a reader's end, as it is
		return cause
	}
	return err
}
