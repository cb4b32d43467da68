package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/pintle-ci/pintle/internal/sleep"
)

const (
	attemptTimeout = 35 * time.Second // admission webhooks may take 30 s
	firstTimeout   = 10 * time.Second // of a server that never answered before
	maxBody        = 256 << 20
)

// request is one REST call. Doing names it in errors: "get Secret/x in ns".
type request struct {
	method, path, query string
	accept, contentType string
	body                []byte
	doing               string
}

// Do sends in as JSON, if it is not nil, and decodes the answer into out, if it
// is not nil. The path may carry a query. What is temporary is retried, so a
// create may answer Exists for an object that an earlier, unheard attempt made.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	r := request{method: method, doing: strings.ToLower(method) + " " + path}
	r.path, r.query, _ = strings.Cut(path, "?")
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode the body of %s: %w", r.doing, err)
		}
		r.body, r.contentType = body, "application/json"
	}
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

// fetch sends the request until it is answered, refused, or out of time. Whoever
// listens to ctx's outages is told of those it lives through.
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
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, c.retryTransport(ctx, err, n), c.transportError(ctx, r.doing, err)
	}
	if resp.StatusCode < 300 {
		return body, -1, nil
	}
	refused := c.statusError(r.doing, resp.StatusCode, body)
	return nil, retryStatus(resp, refused.Reason, n), refused
}

// send makes the HTTP request; the caller closes the body.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	u := *c.base
	u.Path = strings.TrimSuffix(u.Path, "/") + r.path
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
