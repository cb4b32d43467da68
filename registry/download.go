package registry

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Server is a web server that files are read from, with what it takes to reach it.
type Server struct {
	URL *url.URL // without credentials
	TLS *tls.Config

	// User and Password are sent to the scheme and host of URL only, also after a redirect
	// (facts/helm-format.md 4.20), unless PassCredentialsAll is set.
	User, Password     string
	PassCredentialsAll bool

	// Hint is what to do about a status other than 200 that u was answered with;
	// empty where nothing can be said.
	Hint func(u *url.URL, status int) string
}

// Sends reports whether the credentials, if there are any, are sent to u.
func (s Server) Sends(u *url.URL) bool {
	return s.PassCredentialsAll || u.Scheme == s.URL.Scheme && u.Host == s.URL.Host
}

// Download reads files from one web server, and from others where that leads there.
type Download struct {
	Access
	Server
	client *http.Client
}

// NewDownload prepares to read from a server. The caller calls Close.
func NewDownload(a Access, s Server) *Download {
	d := &Download{Access: a, Server: s}
	inner := a.Transport
	if inner == nil {
		own := ownTransport()
		own.DisableCompression = true // or it would unpack archives that a server calls compressed
		own.TLSClientConfig = s.TLS
		inner = own
	}
	d.client = &http.Client{Transport: credentialTransport{d, a.deadlines(inner)}}
	return d
}

// Close ends idle connections.
func (d *Download) Close() {
	if d.Transport == nil {
		d.client.CloseIdleConnections()
	}
}

// credentialTransport sends the credentials where they may go.
type credentialTransport struct {
	*Download
	inner http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t credentialTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	if t.User != "" && t.Password != "" && t.Sends(req.URL) {
		req.SetBasicAuth(t.User, t.Password)
	}
	return t.inner.RoundTrip(req)
}

// CloseIdleConnections is asked for by http.Client.
func (t credentialTransport) CloseIdleConnections() {
	if c, ok := t.inner.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// statusError is an answer other than 200.
type statusError struct {
	code  int
	after time.Duration // how long the server wants to be left alone
}

// Error is the status as servers write it.
func (e *statusError) Error() string { return fmt.Sprintf("%d %s", e.code, http.StatusText(e.code)) }

// Get reads u, at most limit bytes, again where the failure may pass. compressed
// reports whether the answer may come compressed. The error is an *Error.
func (d *Download) Get(ctx context.Context, u *url.URL, limit int64, compressed bool) (data []byte, err error) {
	err = d.retry(ctx, func() (after time.Duration, err error) {
		data, err = d.once(ctx, u, limit, compressed)
		if status, ok := errors.AsType[*statusError](err); ok {
			after = status.after
		}
		return after, err
	})
	if err != nil {
		return nil, d.failure(ctx, u, err)
	}
	return data, nil
}

func (d *Download) once(ctx context.Context, u *url.URL, limit int64, compressed bool) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", d.UserAgent)
	if compressed {
		req.Header.Set("Accept-Encoding", "gzip")
	} else {
		req.Header.Set("Accept", "application/gzip,application/octet-stream")
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return nil, &statusError{resp.StatusCode, time.Duration(min(max(seconds, 0), 86400)) * time.Second}
	}
	var body io.Reader = &boundedBody{ReadCloser: resp.Body, left: limit}
	if compressed && resp.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = &boundedBody{ReadCloser: unzipped, left: limit}
	}
	return d.Memory.Read(ctx, body, limit)
}

// failure explains err in one line.
func (d *Download) failure(ctx context.Context, u *url.URL, err error) error {
	e := &Error{Action: "download", Ref: ShownURL(u), Cause: OneLine(cause(err)), Err: err}
	status, answered := errors.AsType[*statusError](err)
	switch {
	case answered && ctx.Err() == nil:
		e.Kind = kindOf(status.code)
		if d.Hint != nil {
			e.Hint = d.Hint(u, status.code)
		}
	case errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil:
		e.Kind, e.Cause, e.Hint = ErrBusy, "the answer ended early", "try again later, or look at the repository's log and at what stands between"
	default:
		e.unanswered(ctx, "repository", "to Helm: helm repo add NAME URL --ca-file FILE")
	}
	return e
}
