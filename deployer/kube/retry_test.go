package kube

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pintle-ci/pintle/internal/sleep"
)

func testClient(base *url.URL) *Client {
	return &Client{base: base, opened: make(chan struct{}), objects: make(chan struct{}, maxObjects)}
}

// clientOf asks a server.
func clientOf(t *testing.T, server *httptest.Server) *Client {
	t.Helper()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := testClient(base)
	c.http = server.Client()
	return c
}

// Every status of the API, and what becomes of a request that meets it again and again.
func TestRetryStatus(t *testing.T) {
	c := testClient(&url.URL{Scheme: "https", Host: "cluster"})
	for _, tt := range []struct {
		code   int
		body   string
		after  string
		n      int
		low    time.Duration // -1: final
		high   time.Duration
		reason Reason
	}{
		{429, "", "", 0, 50 * time.Millisecond, 100 * time.Millisecond, Unavailable},
		{429, "", "1", 3, time.Second, 1250 * time.Millisecond, Unavailable},
		{429, "", "3600", 0, 30 * time.Second, 31 * time.Second, Unavailable},
		{429, "", "-4", 1, 100 * time.Millisecond, 200 * time.Millisecond, Unavailable},
		{429, "", "Wed, 21 Oct 2026 07:28:00 GMT", 1, 100 * time.Millisecond, 200 * time.Millisecond, Unavailable},
		{408, "", "", 0, 50 * time.Millisecond, 100 * time.Millisecond, Unavailable},
		{500, `{"kind":"Status","code":500,"reason":"InternalError","message":"Internal error occurred: failed calling webhook \"a.b.c\": context deadline exceeded"}`, "", 0, 50 * time.Millisecond, 100 * time.Millisecond, Unavailable},
		{500, "etcdserver: leader changed", "", 3, 400 * time.Millisecond, 800 * time.Millisecond, Unavailable},
		{500, "", "", 20, 2500 * time.Millisecond, 5 * time.Second, Unavailable},
		{500, `{"kind":"Status","code":500,"message":"admission webhook \"a.b.c\" denied the request: no"}`, "", 0, -1, -1, Forbidden},
		{503, `{"kind":"Status","code":503,"message":"admission webhook \"a.b.c\" denied the request without explanation"}`, "", 0, -1, -1, Forbidden},
		{500, `{"kind":"Status","code":500,"message":"failed to create typed patch object (a/b; apps/v1, Kind=Deployment): .spec.x: field not declared in schema"}`, "", 0, -1, -1, Invalid},
		{502, "", "", 9, 2500 * time.Millisecond, 5 * time.Second, Unavailable},
		{503, "", "2", 0, 2 * time.Second, 2250 * time.Millisecond, Unavailable},
		{504, "", "", 0, 50 * time.Millisecond, 100 * time.Millisecond, Unavailable},
		{501, "", "", 0, -1, -1, Unavailable},
		{400, "", "", 0, -1, -1, Invalid},
		{401, "", "", 0, -1, -1, Unauthorized},
		{403, "", "1", 0, -1, -1, Forbidden},
		{404, "", "", 0, -1, -1, NotFound},
		{409, "", "", 0, -1, -1, Conflict},
		{410, "", "", 0, -1, -1, Expired},
		{422, "", "", 0, -1, -1, Invalid},
	} {
		t.Run(fmt.Sprint(tt.code, tt.after, tt.n), func(t *testing.T) {
			refused := c.statusError("try", tt.code, []byte(tt.body))
			if refused.Reason != tt.reason {
				t.Errorf("reason %s, want %s", refused.Reason, tt.reason)
			}
			resp := &http.Response{StatusCode: tt.code, Header: http.Header{}}
			if tt.after != "" {
				resp.Header.Set("Retry-After", tt.after)
			}
			for range 20 { // jitter
				if got := retryStatus(resp, refused.Reason, tt.n); got < tt.low || got > tt.high {
					t.Fatalf("%s is not between %s and %s", got, tt.low, tt.high)
				}
			}
		})
	}
}

func TestRetryTransport(t *testing.T) {
	wrapped := func(err error) error { return &url.Error{Op: "Get", URL: "https://cluster", Err: err} }
	for _, tt := range []struct {
		name         string
		err          error
		first, later bool // retried before and after the first answer
	}{
		{"refused", wrapped(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), true, true},
		{"reset", wrapped(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), true, true},
		{"closed", wrapped(io.EOF), true, true},
		{"cut off", io.ErrUnexpectedEOF, true, true},
		{"GOAWAY", wrapped(errors.New("http2: server sent GOAWAY and closed the connection")), false, true},
		{"connection lost", wrapped(errors.New("http2: client connection lost")), false, true},
		{"no such host", wrapped(&net.DNSError{Name: "cluster", IsNotFound: true}), false, true},
		{"name server away", wrapped(&net.DNSError{Name: "cluster", IsTemporary: true}), true, true},
		{"silent", wrapped(context.DeadlineExceeded), false, true},
		{"foreign certificate", wrapped(x509.UnknownAuthorityError{}), false, false},
		{"credential command", wrapped(errors.New("getting credentials: exec: no such file")), false, false},
	} {
		c := testClient(nil)
		if got := c.retryTransport(t.Context(), tt.err, 0) >= 0; got != tt.first {
			t.Errorf("%s, at first: %t", tt.name, got)
		}
		c.contacted.Store(true)
		if got := c.retryTransport(t.Context(), tt.err, 0) >= 0; got != tt.later {
			t.Errorf("%s, later: %t", tt.name, got)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if c.retryTransport(ended, tt.err, 0) >= 0 {
			t.Errorf("%s: retried for a caller who has gone", tt.name)
		}
	}
}

// What comes back in time is an answer; a caller who goes ends the waiting.
func TestRetriesAreBounded(t *testing.T) {
	for _, tt := range []struct {
		name     string
		code     int
		failures int64 // before it answers well; -1: for ever
		attempts int64
		fails    bool
	}{
		{"passes", 503, 3, 4, false},
		{"an internal error that passes", 500, 2, 3, false},
		{"an answer", 403, -1, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if n := seen.Add(1); tt.failures < 0 || n <= tt.failures {
					w.WriteHeader(tt.code)
				}
			}))
			defer server.Close()
			err := clientOf(t, server).Do(t.Context(), http.MethodGet, "/x", nil, nil)
			if (err != nil) != tt.fails || seen.Load() != tt.attempts {
				t.Errorf("%d attempts, %v", seen.Load(), err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if sleep.For(ctx, time.Hour) {
			t.Error("it slept on after its caller had gone")
		}
	})
}
