package registry

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var (
	errPlainHTTP = errors.New("plain HTTP is not used to another machine unless asked for")
	errTooLarge  = errors.New("the registry's answer is larger than allowed")
	errEndless   = errors.New("the registry leads to more than " + strconv.Itoa(maxRequests) + " requests")
)

// answerTimeout is how long a registry may think about one request. It is not
// asked again after that: who hangs for a minute hangs for four.
const answerTimeout = time.Minute

// boundedTransport carries the requests of one attempt: it refuses what must
// not be sent, bounds what comes back and remembers how long to stay away.
type boundedTransport struct {
	inner     http.RoundTripper
	plainHTTP bool
	requests  atomic.Int32
	after     atomic.Int64 // the longest Retry-After, in nanoseconds
}

// newTransport returns the transport of one attempt, and what ends its idle connections.
func newTransport(a Access) (*boundedTransport, func()) {
	if a.Transport != nil {
		return &boundedTransport{inner: a.deadlines(a.Transport), plainHTTP: a.PlainHTTP}, func() {}
	}
	own := ownTransport()
	return &boundedTransport{inner: a.deadlines(own), plainHTTP: a.PlainHTTP}, own.CloseIdleConnections
}

// ownTransport is a transport with the proxies of the environment and a limit
// on every wait.
func ownTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: answerTimeout,
		MaxIdleConnsPerHost:   4,
	}
}

// RoundTrip implements http.RoundTripper.
func (t *boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" && !t.plainHTTP && !loopback(req.URL.Hostname()) {
		return nil, errPlainHTTP
	}
	if t.requests.Add(1) > maxRequests {
		return nil, errEndless
	}
	resp, err := t.inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		t.after.Store(max(t.after.Load(), int64(min(seconds, 86400))*int64(time.Second)))
	}
	limit := int64(maxDocumentBytes)
	if strings.Contains(req.URL.Path, "/blobs/") || resp.Request != req || req.Response != nil {
		limit = MaxBlobBytes // a blob, perhaps behind a redirect to a store
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: limit}
	return resp, nil
}

func (t *boundedTransport) retryAfter() time.Duration { return time.Duration(t.after.Load()) }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read fails when more comes than may.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
