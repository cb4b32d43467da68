package kube

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

const (
	firstBudget = 4 * time.Second  // of failures before a server that never answered is given up
	laterBudget = 45 * time.Second // of failures before one that did answer is; at least 30 s of an outage are borne
	maxAfter    = 30 * time.Second // of a Retry-After that is believed
)

// temporary are the refusals that pass by themselves: the request is sent again until it is answered or the budget is
// used up. Anything else is an answer: the object is wrong, exists, or may not be changed, and would be so again; so
// are the errors behind a 500 that classify finds to be about the object.
//
// That is safe for every request: server-side apply, and a write of a whole object, come to the same when they come
// twice; a create that an unheard attempt has made answers Exists, and its caller looks. A conflict between writers
// (409) is not repeated here, because only the caller knows whether its object is still right: the engine applies anew
// (deployer.apply).
var temporary = map[int]bool{
	http.StatusRequestTimeout:      true, // a proxy's
	http.StatusTooManyRequests:     true, // API Priority and Fairness
	http.StatusInternalServerError: true, // etcd without a leader, a webhook that times out or is away
	http.StatusBadGateway:          true,
	http.StatusServiceUnavailable:  true,
	http.StatusGatewayTimeout:      true,
}

// retryStatus says how long to wait after the n-th refusal, counted from 0, or -1 when it is final. A Retry-After is
// obeyed, with some jitter, since all who were refused at once would come back at once.
func retryStatus(resp *http.Response, reason Reason, n int) time.Duration {
	if !temporary[resp.StatusCode] || reason != Unavailable {
		return -1
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		return min(time.Duration(s)*time.Second, maxAfter) + rand.N(250*time.Millisecond)
	}
	return backoff(n)
}

// retryTransport says how long to wait after a request without an answer, or -1 when trying again cannot help. A
// connection that was reset, closed in the middle of an answer or given up by the server (GOAWAY) is made anew.
func (c *Client) retryTransport(ctx context.Context, err error, n int) time.Duration {
	if ctx.Err() != nil || isCertificate(err) || isCredential(err) {
		return -1
	}
	if !c.contacted.Load() && !mayAnswerSoon(err) {
		return -1
	}
	return backoff(n)
}

// mayAnswerSoon reports whether a server that never answered is worth a second try: one that refuses may be starting; a
// wrong name or a silent address is not.
func mayAnswerSoon(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsTemporary && !dns.IsNotFound
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// backoff doubles from 100 ms to 5 s, with full jitter on the upper half.
func backoff(n int) time.Duration {
	d := min(100*time.Millisecond<<min(n, 10), 5*time.Second)
	return d/2 + rand.N(d/2)
}
