package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/pintle-ci/pintle/internal/answers"
	"github.com/pintle-ci/pintle/internal/sleep"
)

const (
	attemptTimeout = 35 * time.Second // admission webhooks may take 30 s
	firstTimeout   = 10 * time.Second // of a server that never answered before
	maxBody        = 256 << 20

	// maxObjects bounds the requests for objects that are under way at once. API servers allow 100 streams a
	// connection, and each request beyond them would open a connection of its own; the rest is for watches, locks and
	// records.
	maxObjects = 48
)

// metadataOnly asks for as little of an object as the server gives, where nobody reads it.
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

// request is one REST call. Doing names it in errors: "get Secret/x in ns".
type request struct {
	method, path, query string // the path with what is special in it escaped
	accept, contentType string
	body                []byte
	doing               string
	urgent              bool // does not wait behind the objects
}

// Do sends in as JSON, if it is not nil, and decodes the answer into out, if it is not nil. The path may carry a query.
// What is temporary is retried, so a create may answer Exists for an object that an earlier, unheard attempt made. It
// never waits behind requests for objects: locks are kept by it.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	r := request{method: method, doing: strings.ToLower(method) + " " + path, urgent: true}
	r.path, r.query, _ = strings.Cut(path, "?")
	if out == nil && (method == http.MethodPost || method == http.MethodPut) {
		r.accept = metadataOnly
	}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode the body of %s: %w", r.doing, err)
		}
		r.body, r.contentType = body, "application/json"
	}
	return c.do(ctx, r, out)
}

// metadataList asks for a list of objects without what they hold.
const metadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

// Metadata decodes the list at path, which may carry a query, into out: of each object no more than its metadata.
func (c *Client) Metadata(ctx context.Context, path string, out any) error {
	r := request{method: http.MethodGet, doing: "list " + path, accept: metadataList, urgent: true}
	r.path, r.query, _ = strings.Cut(path, "?")
	return c.do(ctx, r, out)
}

func (c *Client) do(ctx context.Context, r request, out any) error {
	body, err := c.fetch(ctx, r)
	if err != nil || out == nil {
		return err
	}
	if err := utiljson.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: read the answer of %s: %w", r.doing, c.Server(), err)
	}
	return nil
}

// fetch sends the request until it is answered, refused, or out of time. Whoever listens to ctx's outages is told of
// those it lives through.
func (c *Client) fetch(ctx context.Context, r request) ([]byte, error) {
	trouble := outages(ctx)
	began := time.Now()
	var failed time.Time // for the first time
	for n := 0; ; n++ {
		body, wait, err := c.attempt(ctx, r, n)
		if err == nil || wait < 0 {
			if n > 0 && ctx.Err() == nil {
				trouble(Outage{Since: began, Over: true})
			}
			return body, err
		}
		if n == 0 {
			failed = time.Now()
		}
		if time.Since(failed)+wait > c.budget() {
			return nil, err
		}
		trouble(Outage{Since: began, Cause: causeOf(err)})
		if !sleep.For(ctx, wait) {
			return nil, err
		}
	}
}

// budget is how long failures that may pass are borne.
func (c *Client) budget() time.Duration {
	if c.contacted.Load() {
		return laterBudget
	}
	return firstBudget
}

// attempt sends the request once. A wait below zero means: do not retry.
func (c *Client) attempt(ctx context.Context, r request, n int) ([]byte, time.Duration, error) {
	leave, err := c.enter(ctx, r)
	if err != nil {
		return nil, -1, err
	}
	defer leave()
	timeout := attemptTimeout
	if !c.contacted.Load() {
		timeout = firstTimeout
	}
	once, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := c.send(once, r)
	if err != nil {
		return nil, c.retryTransport(ctx, err, n), c.transportError(ctx, r.doing, err)
	}
	defer resp.Body.Close()
	body, err := c.answers.Read(once, resp.Body, maxBody)
	if errors.Is(err, answers.ErrTooLarge) {
		return nil, -1, &Error{Reason: Invalid, Doing: r.doing, Err: err,
			Cause: fmt.Sprintf("the answer of %s has more than %d MiB", c.Server(), maxBody>>20)}
	}
	if err != nil {
		return nil, c.retryTransport(ctx, err, n), c.transportError(ctx, r.doing, err)
	}
	if resp.StatusCode < 300 {
		return body, -1, nil
	}
	refused := c.statusError(r.doing, resp.StatusCode, body)
	return nil, retryStatus(resp, refused.Reason, n), refused
}

// refusal reads why a request that has no deadline of its own was refused, as far as that comes in time; cancel ends
// the request.
func refusal(resp *http.Response, cancel func()) []byte {
	defer time.AfterFunc(firstTimeout, cancel).Stop()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return body
}

// enter waits for the request's turn; leave ends it.
func (c *Client) enter(ctx context.Context, r request) (leave func(), err error) {
	if r.urgent {
		return func() {}, nil
	}
	select {
	case c.objects <- struct{}{}:
		return func() { <-c.objects }, nil
	case <-ctx.Done():
		return nil, c.transportError(ctx, r.doing, context.Cause(ctx))
	}
}

// openingPatience is how long requests wait for the first one's connection.
const openingPatience = time.Second

// open lets the first request alone open a connection, which all others then share: thirty at once would shake hands
// thirty times, at 5 ms of both sides' CPU. What it returns is to be called when the request has been answered.
func (c *Client) open(ctx context.Context) (done func()) {
	if c.opening.CompareAndSwap(false, true) {
		return func() { close(c.opened) }
	}
	select {
	case <-c.opened:
		return func() {}
	default:
	}
	patience := time.NewTimer(openingPatience)
	defer patience.Stop()
	select {
	case <-c.opened:
	case <-patience.C: // then each for itself
	case <-ctx.Done():
	}
	return func() {}
}

// send makes the HTTP request; the caller closes the body.
func (c *Client) send(ctx context.Context, r request) (_ *http.Response, err error) {
	defer c.open(ctx)()
	u := *c.base
	u.RawPath = strings.TrimSuffix(u.EscapedPath(), "/") + r.path
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil { // then it stands for itself
		u.Path = u.RawPath
	}
	u.RawQuery = r.query
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	accept := r.accept
	if accept == "" {
		accept = "application/json"
	}
	req.Header.Set("Accept", accept)
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	c.contacted.Store(true)
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.skew.Store(int64(time.Until(date.Add(500 * time.Millisecond)))) // dates are whole seconds
	}
	return resp, nil
}
