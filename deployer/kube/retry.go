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
	firstBudget = 4 * time.Second  // retries of a server that never answered before giving up on it
	laterBudget = 45 * time.Second // retries of a server that did answer
	maxAfter    = 30 * time.Second // of a Retry-After that is believed
)

// tries is which refusals pass by themselves, and how often a request is sent
// for each; 0 means as often as the budget allows. Anything else is an answer:
// the object is wrong, exists, or may not be changed, and would be so again.
// A webhook that times out, and etcd without a leader, come as 500. A conflict
// between writers (409) is not repeated here, because only the caller knows
// whether its object is still right: the engine applies anew (deployer.apply).
var tries = map[int]int{
	http.StatusRequestTimeout:      0, // a proxy's
	http.StatusTooManyRequests:     0, // API Priority and Fairness
	http.StatusInternalServerError: 5, // an internal error that does not pass is an answer
	http.StatusBadGateway:          0,
	http.StatusServiceUnavailable:  0,
	http.StatusGatewayTimeout:      0,
}

// retryStatus says how long to wait after the n-th refusal, counted from 0, or
// -1 when it is final. A Retry-After is obeyed, with some jitter, since all who
// were refused at once would come back at once.
func retryStatus(resp *http.Response, reason Reason, n int) time.Duration {
	most, temporary := tries[resp.StatusCode]
	if !temporary || reason != Unavailable || most > 0 && n+1 >= most {
		return -1
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		return min(time.Duration(s)*time.Second, maxAfter) + rand.N(250*time.Millisecond)
	}
	return backoff(n)
}

// retryTransport says how long to wait after a request without an answer, or -1
// when trying again cannot help. A connection that was reset, closed in the
// middle of an answer or given up by the server (GOAWAY) is made anew.
func (c *Client) retryTransport(ctx context.Context, err error, n int) time.Duration {
	if ctx.Err() != nil || isCertificate(err) || isCredential(err) {
		return -1
	}
	if !c.contacted.Load() && !mayAnswerSoon(err) {
		return -1
	}
	return backoff(n)
}

// mayAnswerSoon reports whether a server that never answered is worth a second
// try: one that refuses may be starting; a wrong name or a silent address is not.
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

// sleep waits for d and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
