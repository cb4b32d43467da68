package kube

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(code int, header http.Header, body string) (*http.Response, error) {
	return &http.Response{StatusCode: code, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// outOfOrder is a server that was well before, and answers with the failure until it is up again; calls are when it was
// asked, counted from its fall.
func outOfOrder(up time.Duration, failure func() (*http.Response, error)) (c *Client, calls *[]time.Duration) {
	fall := time.Now()
	calls = &[]time.Duration{}
	c = testClient(&url.URL{Scheme: "https", Host: "cluster"})
	c.contacted.Store(true)
	c.http = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		*calls = append(*calls, time.Since(fall))
		if time.Since(fall) < up {
			return failure()
		}
		return answer(200, http.Header{}, "{}")
	})}
	return c, calls
}

// Whatever way an API server fails for thirty seconds, requests of every kind bear it; those who listen hear since
// when, and that it is over. One that is away for a minute and more is given up, with its last word.
func TestThirtySecondsAreBorne(t *testing.T) {
	status := func(code int, header http.Header) func() (*http.Response, error) {
		return func() (*http.Response, error) { return answer(code, header, "") }
	}
	failures := map[string]func() (*http.Response, error){
		"500":         status(500, http.Header{}),
		"502":         status(502, http.Header{}),
		"503":         status(503, http.Header{}),
		"504":         status(504, http.Header{}),
		"429":         status(429, http.Header{}),
		"Retry-After": status(503, http.Header{"Retry-After": {"7"}}),
		"long wait":   status(429, http.Header{"Retry-After": {"30"}}),
		"refused":     func() (*http.Response, error) { return nil, syscall.ECONNREFUSED },
		"closed":      func() (*http.Response, error) { return nil, io.EOF },
	}
	for name, failure := range failures {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			t.Run(name+" "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					c, calls := outOfOrder(30*time.Second, failure)
					var told []Outage
					ctx := WithOutages(t.Context(), func(o Outage) { told = append(told, o) })
					if err := c.Do(ctx, method, "/x", map[string]any{}, nil); err != nil {
						t.Fatalf("after %v: %v", *calls, err)
					}
					if len(told) < 2 || !told[len(told)-1].Over || told[0].Over || !told[0].Since.Equal(began) || told[0].Cause == "" {
						t.Errorf("told: %v", told)
					}
					if len(*calls) > 20 {
						t.Errorf("%d requests to a server in need", len(*calls))
					}
				})
			})
		}
		t.Run(name+" for ever", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				c, _ := outOfOrder(time.Hour, failure)
				err := c.Do(t.Context(), http.MethodGet, "/x", nil, nil)
				if took := time.Since(began); err == nil || took < 30*time.Second || took > laterBudget {
					t.Errorf("%v after %s", err, took)
				}
			})
		})
	}
}

// A Retry-After is obeyed, a caller's end comes before everything.
func TestWaitsAreTheServersAndTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, calls := outOfOrder(20*time.Second, func() (*http.Response, error) {
			return answer(503, http.Header{"Retry-After": {"9"}}, "")
		})
		if err := c.Do(t.Context(), http.MethodGet, "/x", nil, nil); err != nil || len(*calls) != 4 {
			t.Errorf("%v at %v", err, *calls)
		}
		for i := 1; i < len(*calls); i++ {
			if gap := (*calls)[i] - (*calls)[i-1]; gap < 9*time.Second {
				t.Errorf("asked again after %s", gap)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c, _ := outOfOrder(time.Hour, func() (*http.Response, error) { return answer(500, http.Header{}, "broken") })
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		err := c.Do(ctx, http.MethodGet, "/x", nil, nil)
		if time.Since(began) != 3*time.Second || err == nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
