package kube

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dripping is a body of which a byte comes now and then, until the request ends.
type dripping struct {
	ctx   context.Context
	every time.Duration // 0: nothing comes
}

func (d dripping) Read(p []byte) (int, error) {
	if d.every == 0 {
		<-d.ctx.Done()
		return 0, d.ctx.Err()
	}
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(d.every):
		p[0] = ' '
		return 1, nil
	}
}

// unfinished is a server that was well before and whose answers do not end.
func unfinished(code int, every time.Duration) *Client {
	c := testClient(&url.URL{Scheme: "https", Host: "cluster"})
	c.contacted.Store(true)
	c.http = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(dripping{r.Context(), every})}, nil
	})}
	return c
}

// Requests whose answers stall or drip end by themselves, and so do watches and logs that are refused by such an
// answer.
func TestUnfinishedAnswers(t *testing.T) {
	for _, every := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			if err := unfinished(200, every).Do(t.Context(), http.MethodGet, "/version", nil, nil); !Is(err, Unreachable) {
				t.Errorf("a request: %v", err)
			}
			if took := time.Since(began); took > 4*attemptTimeout { // of the bubble's clock
				t.Errorf("a request ends after %v", took)
			}
			began = time.Now()
			if err := unfinished(500, every).FollowLogs(t.Context(), "default", "web", "main", 1, func(string) {}); err == nil {
				t.Error("a log that is refused: no error")
			}
			if took := time.Since(began); took > attemptTimeout {
				t.Errorf("a log that is refused ends after %v", took)
			}
		})
	}
}

// An answer without end is no reason to ask again.
func TestEndlessAnswer(t *testing.T) {
	asked := 0
	c := testClient(&url.URL{Scheme: "https", Host: "cluster"})
	c.http = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		asked++
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(endless{})}, nil
	})}
	err := c.Do(t.Context(), http.MethodGet, "/version", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "has more than 256 MiB") || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
